"""What every test shares: helpers on the path, a home of its own for jobs and settings, a reader at hand."""

import os
import sys
from pathlib import Path

import hypothesis
import pytest

# No test depends on how fast the machine is, nor on how busy.
hypothesis.settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("any machine")

_OF_THE_READING_PROCESS = ("test_process", "test_hostile")

sys.path.insert(0, str(Path(__file__).parent))


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Two for a core: half of the time of the tests is waiting, for processes, deadlines and a browser."""
    return 2 * (os.cpu_count() or 1)


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
