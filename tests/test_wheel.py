"""The built wheel, not the checkout: it carries everything that the commands need."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from workbooks import write_workbook

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
    ]
    subprocess.run([*build, "--wheel-dir", folder, ROOT], check=True, timeout=120)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


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
        timeout=60,
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


def test_the_wheel_carries_templates_and_types(unpacked: Path) -> None:
    package = unpacked / "xlsx2opeasy"
    assert (package / "py.typed").exists()
    assert any((package / "templates").rglob("*")), "the wheel has no templates"
    (metadata,) = unpacked.glob("*.dist-info/METADATA")
    assert "License-Expression: Apache-2.0" in metadata.read_text(encoding="utf-8")
