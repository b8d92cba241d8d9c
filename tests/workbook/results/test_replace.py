"""The target is replaced at once or not at all."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.replace import replacing
from xlsx2opeasy.spec.outcomes import RowResult
from xlsx2opeasy.workbook.results.write import SheetResults, write_results

from .books import FAILED, SUCCESS, book, by_openpyxl, sheet_xml, write


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return book(tmp_path / "book.xlsx", sheet_xml())


def test_in_place(source: Path) -> None:
    source.chmod(0o640)
    write(source, {2: FAILED}, source)
    write(source, {2: SUCCESS}, source)
    assert by_openpyxl(source)["C2"] == "SUCCESS"
    assert source.stat().st_mode & 0o777 == 0o640
    assert list(source.parent.iterdir()) == [source]


def test_a_new_file_has_the_mode_of_the_source_and_an_existing_one_keeps_its_own(source: Path) -> None:
    source.chmod(0o600)
    target = write(source, {2: FAILED}).target
    assert target.stat().st_mode & 0o777 == 0o600
    target.chmod(0o664)
    write(source, {2: FAILED}, target)
    assert target.stat().st_mode & 0o777 == 0o664


def refused(source: Path, target: Path) -> str:
    before = source.read_bytes()
    with pytest.raises(WorkbookUnusable) as found:
        write(source, {2: FAILED}, target)
    assert source.read_bytes() == before
    assert not list(source.parent.glob(".*.tmp"))
    return found.value.message


def test_links_are_not_followed(source: Path) -> None:
    link = source.with_name("link.xlsx")
    link.symlink_to(source)
    assert "is a link" in refused(source, link)
    dangling = source.with_name("dangling.xlsx")
    dangling.symlink_to(source.with_name("nowhere.xlsx"))
    assert "is a link" in refused(source, dangling)


def test_folders_and_missing_folders_are_refused(source: Path) -> None:
    folder = source.with_name("folder.xlsx")
    folder.mkdir()
    assert "no file" in refused(source, folder)
    assert "does not exist" in refused(source, source.parent / "missing" / "book.xlsx")
    assert "no file" in refused(source, Path("/dev/null"))


@pytest.mark.parametrize("owner", ["~$target.xlsx", ".~lock.target.xlsx#"])
def test_a_workbook_open_elsewhere_is_refused(source: Path, owner: str) -> None:
    target = source.with_name("target.xlsx")
    source.with_name(owner).touch()
    write(source, {2: FAILED}, target)
    assert "open in Excel or LibreOffice" in refused(source, target)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_and_a_write_protected_file_are_refused(source: Path) -> None:
    source.chmod(0o400)
    assert "write-protected" in refused(source, source)
    source.parent.chmod(0o500)
    try:
        assert "may not be written" in refused(source, source.with_name("new.xlsx"))
    finally:
        source.parent.chmod(0o700)


_FULL_DISK = """
import resource, sys
from pathlib import Path
from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.spec.outcomes import Outcome, RowResult
from xlsx2opeasy.workbook.results.write import SheetResults, write_results
path = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write_results(path, path, [SheetResults("Users", 1, {2: RowResult(Outcome.FAILED)})])
except WorkbookUnusable as error:
    print(error.message)
"""


def test_a_disk_that_takes_no_more_leaves_the_workbook_as_it_was(source: Path) -> None:
    before = source.read_bytes()
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, source], capture_output=True, text=True, check=True
    )
    assert "cannot be written: it is larger than the disk allows" in done.stdout
    assert source.read_bytes() == before
    assert list(source.parent.iterdir()) == [source]


def test_a_failure_midway_leaves_nothing(source: Path) -> None:
    before = source.read_bytes()

    def write_half() -> None:
        with replacing(source, source) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_half()
    assert source.read_bytes() == before
    assert list(source.parent.iterdir()) == [source]


@pytest.mark.parametrize("results", [{1: FAILED}, {0: FAILED}])
def test_a_result_at_or_above_the_header_is_a_slip_of_the_caller(
    source: Path, results: dict[int, RowResult]
) -> None:
    with pytest.raises(ValueError, match="header row"):
        write(source, results)


def test_a_sheet_named_twice_is_a_slip_of_the_caller(source: Path) -> None:
    sheet = SheetResults("Users", 1, {2: FAILED})
    with pytest.raises(ValueError, match="twice"):
        write_results(source, source, [sheet, sheet])
