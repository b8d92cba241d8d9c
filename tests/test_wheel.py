"""The built wheel, not the checkout: it carries everything that the commands need, and nothing else."""

import os
import re
import subprocess
import sys
import zipfile
from email import message_from_string
from email.message import Message
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from workbooks import write_workbook

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT]
    subprocess.run(build, check=True, timeout=300, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.fixture(scope="module")
def unpacked(wheel: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(wheel.parent / "unpacked")
    return wheel.parent / "unpacked"


@pytest.fixture(scope="module")
def described(unpacked: Path) -> Message:
    (path,) = unpacked.glob("*.dist-info/METADATA")
    return message_from_string(path.read_text(encoding="utf-8"))


def _run(unpacked: Path, home: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Runs the unpacked package, with the environment's libraries but without the checkout."""
    environment = os.environ | {"PYTHONPATH": str(unpacked), "XLSX2OPEASY_HOME": str(home)}
    command = [sys.executable, "-c", "import xlsx2opeasy, sys; print(xlsx2opeasy.__file__)"]
    where = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, cwd=home)
    assert where.stdout.startswith(str(unpacked)), "the checkout is in the way of the wheel"
    return subprocess.run(
        [sys.executable, "-m", "xlsx2opeasy", *map(str, arguments)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        cwd=home,
    )


def test_the_wheel_loads_a_workbook(unpacked: Path, tmp_path: Path) -> None:
    table = "| command | groupId | user.userId |\n| AddUser | Dallas | john.doe@example.com |"
    path = write_workbook(tmp_path / "one.xlsx", {"Users": table})
    done = _run(unpacked, tmp_path, "load", path, "--sandbox", "--json", "--report")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "one.rehearsal.xlsx").exists()
    assert "<style>" in (tmp_path / "one.report.html").read_text(encoding="utf-8")


def test_the_wheel_carries_templates_types_and_the_manual_page(unpacked: Path) -> None:
    package = unpacked / "xlsx2opeasy"
    assert (package / "py.typed").exists()
    assert any((package / "templates").rglob("*")), "the wheel has no templates"
    assert list(unpacked.glob("*.data/data/share/man/man1/xlsx2opeasy.1"))


def test_the_wheel_carries_no_tests(unpacked: Path) -> None:
    assert [
        path for path in unpacked.rglob("*") if path.name.startswith(("test_", "tests", "conftest"))
    ] == []


def test_what_an_index_says_of_the_package_is_clean(wheel: Path) -> None:
    for check in (["twine", "check", "--strict"], ["check_wheel_contents"]):
        done = subprocess.run(
            [sys.executable, "-m", *check, wheel], capture_output=True, text=True, check=False, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_description_needs_no_file_beside_it(described: Message) -> None:
    text = str(described.get_payload())
    assert "# xlsx2opeasy" in text
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert [link for link in links if not link.startswith(("https://", "#"))] == []


def test_the_metadata_says_for_whom_it_is(described: Message) -> None:
    assert described["License-Expression"] == "Apache-2.0"
    classifiers = described.get_all("Classifier") or []
    for start in (
        "Development Status ::",
        "Operating System :: Microsoft :: Windows",
        "Operating System :: MacOS",
    ):
        assert any(each.startswith(start) for each in classifiers), start
    assert not described.get_all("Project-URL"), "an address must exist before the metadata names it"


def test_the_package_is_as_small_as_the_readme_says() -> None:
    needed = _installed_with("xlsx2opeasy")
    assert {"pandas", "pyarrow", "httpx"} <= needed
    megabytes = sum(_size(name) for name in needed) / 2**20
    (said,) = re.findall(r"(\d+) MB on disk", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert megabytes <= int(said) <= 400


def _installed_with(name: str) -> set[str]:
    """The package and everything that it needs without an extra, by name."""
    found: set[str] = set()
    todo = [name]
    while todo:
        requirement = Requirement(todo.pop())
        if requirement.name in found:
            continue
        found.add(requirement.name)
        for each in metadata.requires(requirement.name) or ():
            further = Requirement(each)
            extras = requirement.extras or {""}
            if further.marker is None or any(further.marker.evaluate({"extra": extra}) for extra in extras):
                todo.append(f"{further.name}[{','.join(further.extras)}]" if further.extras else further.name)
    return found


def _size(name: str) -> int:
    """The bytes of an installed package's files."""
    files = metadata.files(name) or ()
    return sum(Path(path.locate()).stat().st_size for path in files if Path(path.locate()).is_file())
