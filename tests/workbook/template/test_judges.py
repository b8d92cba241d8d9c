"""Blank workbooks before the judges: Open XML SDK, LibreOffice, and our own reader after LibreOffice."""

from pathlib import Path
from typing import Any

import openpyxl
import pytest

from filling import BRANCH, fill
from judges import open_xml_errors, saved_by_libreoffice
from xlsx2opeasy.check.checked import check_workbook
from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.workbook.read import read_workbook
from xlsx2opeasy.workbook.template.file import template_bytes


@pytest.fixture
def blank(tmp_path: Path) -> Path:
    path = tmp_path / "blank.xlsx"
    path.write_bytes(template_bytes())
    return path


@pytest.mark.parametrize("task_type", [None, *(each.name for each in TASK_TYPES)])
def test_it_is_valid_open_xml(task_type: str | None, tmp_path: Path) -> None:
    path = tmp_path / "blank.xlsx"
    path.write_bytes(template_bytes([task_type] if task_type else ()))
    assert open_xml_errors(path) == []


def test_the_validator_finds_faults(tmp_path: Path) -> None:
    path = tmp_path / "no.xlsx"
    path.write_bytes(b"no workbook")
    assert open_xml_errors(path)


def helps(path: Path) -> dict[str, tuple[set[Any], int]]:
    """Of each sheet: its dropdowns with their columns, and the number of its conditional formats."""
    book = openpyxl.load_workbook(path)
    return {
        sheet.title: (
            {
                (column, each.formula1)
                for each in sheet.data_validations.dataValidation
                if each.type == "list"
                for cells in each.sqref.ranges
                for column in range(cells.min_col, cells.max_col + 1)
            },
            sum(len(area.rules) * len(area.sqref.ranges) for area in sheet.conditional_formatting),
        )
        for sheet in book.worksheets
    }


def test_libreoffice_keeps_dropdowns_messages_and_live_help(blank: Path, tmp_path: Path) -> None:
    saved = saved_by_libreoffice(blank, tmp_path)
    before, after = helps(blank), helps(saved)
    for sheet, (dropdowns, formats) in before.items():
        assert after[sheet][0] == dropdowns
        assert after[sheet][1] >= formats
    prompts = [each.prompt for each in openpyxl.load_workbook(saved)["Users"].data_validations.dataValidation]
    assert any("Example: 00085D123456" in (prompt or "") for prompt in prompts)


def rules(path: Path) -> list[tuple[str, str]]:
    workbook = read_workbook(path)
    problems = [*workbook.problems, *(problem for sheet in workbook.sheets for problem in sheet.problems)]
    return [(problem.rule, problem.severity) for problem in problems]


def test_a_blank_one_has_no_task_row_and_nothing_else_to_tell(blank: Path, tmp_path: Path) -> None:
    assert rules(blank) == [("no-tasks", "error")]
    assert rules(saved_by_libreoffice(blank, tmp_path)) == [("no-tasks", "error")]


def test_what_is_filled_in_arrives_also_after_libreoffice_saved_it(blank: Path, tmp_path: Path) -> None:
    fill(blank, BRANCH)
    assert rules(blank) == []
    one, other = read_workbook(blank), read_workbook(saved_by_libreoffice(blank, tmp_path))
    assert other.problems == ()
    for left, right in zip(one.sheets, other.sheets, strict=True):
        assert right.problems == ()
        assert left.rows.equals(right.rows)
        assert left.result_letters == right.result_letters
        assert len(left.result_letters) == 4
    users = one.sheets[0].rows
    assert users.at[2, "user.extension"] == "0101"
    assert users.at[2, "user.phoneNumber"] == "+12145550101"
    assert check_workbook(other).errors == ()
