"""`--large`: a file beyond the usual limits is refused with a word about it, and admitted with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from installed import run
from xlsx2opeasy.ooxml.limits import USUAL

COMMANDS = {
    "check": [],
    "plan": [],
    "convert": ["--output", "tasks"],
    "load": ["--sandbox", "--quiet"],
}


@pytest.fixture(scope="module")
def huge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file with a byte more than is usual, and nothing in it: no workbook, which only who reads it knows."""
    path = tmp_path_factory.mktemp("huge") / "huge.xlsx"
    with path.open("wb") as file:
        file.truncate(USUAL.file + 1)
    yield path
    path.unlink()


@pytest.mark.parametrize("command", COMMANDS)
def test_a_very_large_file_needs_a_persons_word(huge: Path, tmp_path: Path, command: str) -> None:
    def said(*more: str) -> str:
        done = run(command, huge, *COMMANDS[command], *more, cwd=tmp_path)
        assert done.returncode == 7, done.stderr
        return done.stderr

    refused = said()
    assert "209,715,201 bytes" in refused
    assert "add --large" in refused
    admitted = said("--large")
    assert "--large" not in admitted
    assert "not an .xlsx workbook" in admitted
