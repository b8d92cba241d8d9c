"""What every test shares: helpers on the path, a home of its own for jobs and settings, a reader at hand."""

import os
import signal
import sys
from pathlib import Path

import hypothesis
import pytest

# No test depends on how fast the machine is, nor on how busy.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")

# Started in the background or by nohup, the tests ignore these, and so would every command that they start.
for _number in [getattr(signal, name) for name in ("SIGINT", "SIGHUP") if hasattr(signal, name)]:
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler)

_OF_THE_READING_PROCESS = ("test_process", "test_hostile")
_FOLDER = Path(__file__).parent
_LONGEST = {
    f"{name}.py": place
    for place, name in enumerate(
        (
            "store/test_fleet",
            "store/test_queue",
            "load/test_nth_failure",
            "web/test_running",
            "web/test_browser",
            "workbook/test_every_file",
            "store/test_failing_stores",
            "store/test_secrets",
            "cli/test_follow",
            "load/test_unreached",
            "cli/test_unreached",
            "cli/test_locales",
            "load/test_earlier_versions",
            "sandbox/test_openapi",
            "check/test_two_judges",
            "docs/test_sixth_task_type",
            "web/test_full_disk",
            "workbook/annotate/test_judges",
            "workbook/template/test_judges",
            "load/test_spellings",
            "load/test_matrix_crashes",
            "sandbox/test_state_machine",
            "docs/test_recipes",
            "check/test_messages",
        )
    )
}
"""The files that take longest, which begin first: one that began last would keep a single core busy at the end."""

sys.path.insert(0, str(_FOLDER))


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two for a core: half of the time of the tests is waiting, for processes, deadlines and a browser."""
    return 2 * (os.cpu_count() or 1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first; xdist gives files to its workers in this order (`--no-loadscope-reorder`)."""
    items.sort(key=lambda item: _LONGEST.get(item.path.relative_to(_FOLDER).as_posix(), len(_LONGEST)))


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home: no test sees the settings, jobs or keys of the person who runs it."""
    folder = tmp_path_factory.mktemp("home")
    for name in [name for name in os.environ if name.startswith(("OPEASY_", "WEBEX_", "XLSX2OPEASY_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XLSX2OPEASY_HOME", str(folder))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    return folder


@pytest.fixture(autouse=True)
def reader_at_hand(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process, its limits and its end are tested where they are the subject, and by each start of the script."""
    if request.path.stem not in _OF_THE_READING_PROCESS:
        from reader_at_hand import read_at_hand

        read_at_hand(monkeypatch)


@pytest.fixture(autouse=True)
def cheap_lock_names(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Most of a small load is to derive the name of its lock, which is slow on purpose."""
    from installed import CHEAP_LOCK
    from xlsx2opeasy.load.job import machine_lock

    if request.path.stem == "test_machine_lock":
        machine_lock.lock_name.cache_clear()
    else:
        monkeypatch.setattr(machine_lock, "_COST", CHEAP_LOCK)
