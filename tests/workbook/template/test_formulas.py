"""The live help of blank workbooks: its formulas, calculated by LibreOffice, say what the check says."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from judges import shown_by_libreoffice
from xlsx2opeasy.check.commands import Code, Grid, doubtful, findings, unused
from xlsx2opeasy.check.normal import normalised
from xlsx2opeasy.check.schema import broken_rules
from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.spec.model import Column, Field, TaskType
from xlsx2opeasy.spec.rules import OneOf
from xlsx2opeasy.workbook.template import formulas
from xlsx2opeasy.workbook.template.columns import TemplateColumn, TemplateSheet, template_sheets
from xlsx2opeasy.workbook.template.formulas import CLEAR, breaks_rule

VALUES = [
    *(
        "a",
        "é",
        "12a",
        "１２",
        "0101",
        "0101 ",
        "None",
        CLEAR,
        "john.doe",
        "John.Doe",
        "=1+1",
        'a"b',
        "a'b",
        "x}",
    ),
    *(
        "0",
        "1",
        "2",
        "4",
        "9",
        "10",
        "20",
        "21",
        "1800",
        "1801",
        "65535",
        "65536",
        "1.5",
        "-1",
        "+5",
        "5+",
        "1e3",
    ),
    *("1,000", "1-2", "TRUE", "true", "False", "yes", "NO", "maybe", "Activate", "DEACTIVATE", "Activated"),
    *(
        "always",
        "Beep",
        "deviceuser",
        "DeviceUser",
        "123456@x",
        "12345@x",
        "john.doe@example.com",
        "john.doe@",
    ),
    *("john.doe@@x", "john.doe@x@y", "john doe@example.com", "@example.com", "00085D123456", "00085d12345"),
    *("00:08:5D:12:34:56", "00-08-5d-12-34-56", "00:08:5D:12:34:5G", "00085D1234567", "0008.5D12.3456"),
    *("214-555-0100", "(214) 555-0100", "+12145550100", "a - b", "2145550100 - 2145550101", "x214"),
    *("2145550101 - 2145550100", "2145550100 - 21455501010", "214-555-0100 - 214-555-0149", "1 - 2 - 3"),
    *("214-555-0100 - +2145550149", "Call Center", "sms; call center", "SMS;Fax", "SMS;", "a;b;c", "a;b;c;d"),
    *(
        "a;b;c;",
        *("x" * length for length in (17, 18, 20, 23, 24, 30, 31, 50, 51, 80, 81, 161, 162, 256, 257)),
    ),
    *("7" * length for length in (17, 18, 20, 21)),
]
FIELDS = [
    (task_type, field)
    for task_type in TASK_TYPES
    for field in task_type.fields
    if breaks_rule(field, "$C2") is not None
]


def at_row(formula: str, row: int) -> str:
    """A formula of row 2 as Excel shifts it down."""
    return re.sub(r"\$([A-Z]{1,3})2\b", lambda found: f"${found[1]}{row}", formula)


def calculated(path: Path, rows: list[list[str]], formulas: list[str]) -> list[bool]:
    """Each formula, calculated by LibreOffice in a workbook of these rows of texts, which begin at row 2."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for number, (row, formula) in enumerate(zip(rows, formulas, strict=True), start=2):
        for column, text in enumerate(row, start=1):
            if text:
                sheet.cell(number, column, text).data_type = "s"
        sheet.cell(number, 120, f'=IF({at_row(formula, number)},"holds","not")')
    book.save(path)
    shown = [line[-1] for line in shown_by_libreoffice(path, path.parent)[1:]]
    assert set(shown) <= {"holds", "not"}, set(shown)
    return [word == "holds" for word in shown]


def breaks(field: Field) -> list[bool]:
    """For each value, whether the check finds a rule of the field broken by it."""
    column = Column(field, (0,) * field.name.count("[n]"))
    texts = normalised(column, pd.Series([value.strip() for value in VALUES], dtype="str"))
    clears_text = (texts == CLEAR) & (field.kind.value not in ("boolean", "integer"))
    open_rules = {rule.code for rule in field.rules if isinstance(rule, OneOf) and rule.open}
    frame = pd.DataFrame({column.name: texts.mask(clears_text, "")})
    rows = {row for each in broken_rules([column], frame) if each.code not in open_rules for row in each.rows}
    return [row in rows for row in range(len(VALUES))]


def test_a_formula_and_the_check_find_the_same_values_wrong(tmp_path: Path) -> None:
    cases = [(field, value) for _, field in FIELDS for value in VALUES]
    formulas = [breaks_rule(field, "$C2") or "" for field, _ in cases]
    found = calculated(tmp_path / "rules.xlsx", [["", "", value] for _, value in cases], formulas)
    expected = [verdict for _, field in FIELDS for verdict in breaks(field)]
    differing = [
        (field.name, value, wrong)
        for (field, value), wrong, due in zip(cases, found, expected, strict=True)
        if wrong is not due
    ]
    assert differing == []
    assert sum(found) > 500


def rows_to_fill(sheet: TemplateSheet) -> Iterator[list[str]]:
    """For each command: nothing, all, all it uses, and all it uses but one, or with one emptied."""
    for command in sheet.commands:
        every = [example(column) for column in sheet.columns]
        used = [text if command in column.field.commands else "" for column, text in paired(sheet, every)]
        yield [command, *[""] * len(every)]
        yield [command, *every]
        yield [command, *used]
        for number, column in enumerate(sheet.columns):
            if column.field.required or column.field.name in ("activated", "userProfile", "device.level"):
                yield [command, *used[:number], "", *used[number + 1 :]]
                yield [command, *[""] * number, used[number], *[""] * (len(used) - number - 1)]


def paired(sheet: TemplateSheet, texts: list[str]) -> Iterator[tuple[TemplateColumn, str]]:
    return zip(sheet.columns, texts, strict=True)


def example(column: TemplateColumn) -> str:
    return "Enterprise" if column.name == "device.level" else column.field.example


def grid_of(sheet: TemplateSheet, rows: list[list[str]]) -> Grid:
    names = ["command", *(column.name for column in sheet.columns)]
    frame = pd.DataFrame(rows, columns=names, index=range(2, len(rows) + 2), dtype="str")
    return Grid(sheet.task_type, tuple(column.column for column in sheet.columns), frame, frozenset())


def placed(grid: Grid, code: Code) -> set[tuple[int, str]]:
    """Where the check finds something with this code: row and header."""
    return {
        (row, each.name)
        for each in [*findings(grid), *unused(grid), *doubtful(grid)]
        if each.code is code
        for row in each.rows
        if not (each.words and grid.task_type.name in CHOICES)
    }


CHOICES = ("CallRecording", "CallForwarding", "PhoneNumbers")
"""Task types of which the template marks all the cells of a choice, where the check names one."""


@pytest.mark.parametrize("task_type", TASK_TYPES, ids=lambda each: each.name)
def test_cells_are_marked_where_the_check_misses_something(task_type: TaskType, tmp_path: Path) -> None:
    (sheet,) = template_sheets([task_type.name])
    rows = list(rows_to_fill(sheet))
    marked = marks(tmp_path / "missing.xlsx", sheet, rows, formulas.missing)
    assert marked == placed(grid_of(sheet, rows), Code.REQUIRED)
    assert marked


@pytest.mark.parametrize("task_type", TASK_TYPES, ids=lambda each: each.name)
def test_cells_are_grey_where_the_check_finds_them_unused(task_type: TaskType, tmp_path: Path) -> None:
    (sheet,) = template_sheets([task_type.name])
    rows = [[command, *map(example, sheet.columns)] for command in sheet.commands]
    assert marks(tmp_path / "unused.xlsx", sheet, rows, formulas.unused) == placed(
        grid_of(sheet, rows), Code.UNUSED
    )


def in_place(sheet: TemplateSheet, row: list[str]) -> list[str]:
    """The command and the texts of the sheet's columns, each in its column: results stand between them."""
    command, *texts = row
    cells = {column.number: text for column, text in paired(sheet, texts)}
    return [command, *(cells.get(number, "") for number in range(1, max(cells) + 1))]


def marks(
    path: Path,
    sheet: TemplateSheet,
    rows: list[list[str]],
    condition: Callable[[TemplateSheet, TemplateColumn], str | None],
) -> set[tuple[int, str]]:
    """Row and header of each cell of which the condition holds."""
    cases = [
        (number, column.name, formula)
        for column in sheet.columns
        if (formula := condition(sheet, column)) is not None
        for number in range(len(rows))
    ]
    placed_rows = [in_place(sheet, row) for row in rows]
    found = calculated(path, [placed_rows[number] for number, _, _ in cases], [each[2] for each in cases])
    return {(number + 2, name) for (number, name, _), holds in zip(cases, found, strict=True) if holds}


@pytest.mark.parametrize("task_type", CHOICES)
def test_all_cells_of_a_choice_are_marked_until_one_is_filled(task_type: str, tmp_path: Path) -> None:
    (sheet,) = template_sheets([task_type])
    choice = [column for column in sheet.columns if formulas.missing_one_of(sheet, column)]
    blank = in_place(sheet, ["Modify", "john.doe@example.com", *[""] * (len(sheet.columns) - 1)])
    rows = [blank, *([*blank[: each.number], "TRUE", *blank[each.number + 1 :]] for each in choice)]
    choices = [formulas.missing_one_of(sheet, choice[0]) or ""] * len(rows)
    assert calculated(tmp_path / "choice.xlsx", rows, choices) == [True, *[False] * len(choice)]
    (rule,) = sheet.task_type.at_least_one
    assert [each.field.name for each in choice] == list(rule.fields)


def test_a_needed_cell_may_not_be_cleared_and_a_keyword_is_for_its_command(tmp_path: Path) -> None:
    (sheet,) = template_sheets(["PhoneNumbers"])
    cases: list[tuple[str, list[str], bool]] = [
        ("groupId", ["Assign", "2145550100", CLEAR], True),
        ("groupId", ["Assign", "2145550100", "none"], True),
        ("groupId", ["Modify", "2145550100", "None"], False),
        ("groupId", ["Modify", "2145550100", "Dallas"], False),
        ("phoneNumbers", ["Modify", CLEAR, "Dallas"], True),
    ]
    refusals = [formulas.refused(sheet, sheet.of(name)[0]) or "" for name, _, _ in cases]
    rows = [in_place(sheet, [*row, ""]) for _, row, _ in cases]
    found = calculated(tmp_path / "refused.xlsx", rows, refusals)
    assert found == [due for _, _, due in cases]
