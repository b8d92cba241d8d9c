"""The reading process: whatever becomes of it is one sentence; and the file itself."""

import hashlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from handmade import inline, number, parts, row, worksheet, write

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.limits import LARGE, USUAL
from xlsx2opeasy.workbook.read import read_workbook
from xlsx2opeasy.workbook.reading import reader_process, source, wire

GOOD = row(1, [inline("command"), inline("user.title")]) + row(2, [inline("AddUser"), inline("Boss")])
SAYS_SHEET = f"import sys; sys.stderr.write({wire.PROGRESS!r} + 'Users\\n'); sys.stderr.flush(); "


def instead(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(reader_process, "_COMMAND", (sys.executable, "-c", SAYS_SHEET + code))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("import os; os.abort()", "signal 6"),
        ("sys.exit(3)", "code 3"),
        ("pass", "broke off"),
        ("sys.stdout.write('x' * 100)", "broke off"),
        ("import time; time.sleep(60)", "more than"),
    ],
)
def test_a_reader_that_dies_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, words: str
) -> None:
    path = write(tmp_path, parts({"Users": worksheet(GOOD)}))
    instead(monkeypatch, code)
    with pytest.raises(WorkbookUnusable) as caught:
        read_workbook(path, replace(USUAL, wall_seconds=2 if "sleep" in code else 60))
    assert words in caught.value.message
    assert path.name in caught.value.message
    assert "new workbook" in caught.value.hint
    if "sleep" not in code:
        assert '"Users"' in caught.value.message


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="the system has no limit of address space")
def test_a_reader_without_memory_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = GOOD + "".join(row(at, [inline("AddUser"), number(str(at))]) for at in range(3, 40_000))
    path = write(tmp_path, parts({"Users": worksheet(rows)}))
    code = "from xlsx2opeasy.workbook.reading import child; import numpy.linalg, pyarrow.ipc; "
    code += "size = int(open('/proc/self/statm').read().split()[0]) * 4096; "
    code += "limit = child.limit_this_process; "
    code += "child.limit_this_process = lambda _, seconds: limit(size + (4 << 20), seconds); child.main()"
    instead(monkeypatch, code)
    with pytest.raises(WorkbookUnusable) as caught:
        read_workbook(path)
    assert "the reader" in caught.value.message


def test_the_reader_imports_no_pandas() -> None:
    code = "import sys, xlsx2opeasy.workbook.reading.child; sys.exit('pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_reader_sees_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPEASY_API_KEY", "canary")
    monkeypatch.setenv("WEBEX_ACCESS_TOKEN", "canary")
    assert "canary" not in reader_process._environment().values()


def test_the_hash_is_of_the_bytes(tmp_path: Path) -> None:
    path = write(tmp_path, parts({"Users": worksheet(GOOD)}))
    assert read_workbook(path).sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_f72_a_file_that_changes_while_it_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, parts({"Users": worksheet(GOOD)}))
    monkeypatch.setattr(source, "_PAUSE_SECONDS", 0)
    before = os.fstat

    def then_saved_again(descriptor: int) -> os.stat_result:
        status = before(descriptor)
        path.write_bytes(path.read_bytes() + b"x")
        return status

    monkeypatch.setattr(source.os, "fstat", then_saved_again)
    with pytest.raises(WorkbookUnusable, match="changes while it is read"):
        read_workbook(path)


def test_f72_a_file_that_settles_is_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path, parts({"Users": worksheet(GOOD)}))
    monkeypatch.setattr(source, "_PAUSE_SECONDS", 0)
    stamps = iter([(1, 1, 1), (2, 2, 2), (3, 3, 3), (3, 3, 3)])
    monkeypatch.setattr(source, "_stamp", lambda _: next(stamps))
    assert len(read_workbook(path).sheets) == 1


def test_files_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(WorkbookUnusable, match="no file"):
        read_workbook(tmp_path / "none.xlsx")
    with pytest.raises(WorkbookUnusable, match="is a folder"):
        read_workbook(tmp_path)


def test_files_that_are_too_large(tmp_path: Path) -> None:
    path = write(tmp_path, parts({"Users": worksheet(GOOD)}))
    with pytest.raises(WorkbookUnusable, match="more than 100, the limit") as caught:
        read_workbook(path, replace(USUAL, file=100))
    assert "--large" in caught.value.hint


def test_what_is_too_large_for_any_file_is_to_be_split(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xlsx2opeasy.ooxml.limits.LARGE", small := replace(LARGE, file=100))
    with pytest.raises(WorkbookUnusable, match="more than 100, the limit") as caught:
        read_workbook(write(tmp_path, parts({"Users": worksheet(GOOD)})), small)
    assert "--large" not in caught.value.hint
    assert "several workbooks" in caught.value.hint
