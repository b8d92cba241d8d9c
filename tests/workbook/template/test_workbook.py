"""Blank workbooks as openpyxl sees them: sheets, columns, dropdowns, messages, formats, folds."""

import os
import time
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xlsx2opeasy.ooxml.styles import OUTCOME_COLOURS
from xlsx2opeasy.spec.catalogue import BY_NAME, TASK_TYPES
from xlsx2opeasy.spec.model import Kind, TaskType
from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS, Outcome
from xlsx2opeasy.workbook.own_sheets import READ_ME, TEMPLATE_VERSION, VERSION_PROPERTY
from xlsx2opeasy.workbook.template.columns import template_sheets
from xlsx2opeasy.workbook.template.file import template_bytes
from xlsx2opeasy.workbook.template.read_me import STEPS
from xlsx2opeasy.workbook.template.sheet import ROWS
from xlsx2opeasy.workbook.template.validations import MOST_FORMULA, MOST_MESSAGE, MOST_TITLE

EVERY_TYPE = pytest.mark.parametrize("task_type", TASK_TYPES, ids=lambda each: each.name)
LONGEST_FORMULA = 8192
"""Excel's limit of a conditional format's formula."""


def opened(content: bytes) -> Any:
    return openpyxl.load_workbook(BytesIO(content))


@pytest.fixture(scope="module")
def content() -> bytes:
    return template_bytes()


@pytest.fixture(scope="module")
def book(content: bytes) -> Any:
    return opened(content)


def headers(sheet: Any) -> list[str]:
    return [cell.value for cell in sheet[1]]


def validation_at(sheet: Any, header: str, row: int = 2) -> Any:
    column = headers(sheet).index(header) + 1
    cell = sheet.cell(row, column).coordinate
    (found,) = [each for each in sheet.data_validations.dataValidation if cell in each.sqref]
    return found


def column_format(sheet: Any, number: int) -> Any:
    """What holds for a whole column; neighbours of one look share an entry."""
    (found,) = (each for each in sheet.column_dimensions.values() if each.min <= number <= each.max)
    return found


def test_a_first_sheet_to_read_and_one_for_each_task_type(book: Any) -> None:
    assert book.sheetnames == [READ_ME, *BY_NAME]
    assert book.active.title == READ_ME
    words = [cell.value for row in book[READ_ME] for cell in row]
    assert len(STEPS) == 10
    assert set(STEPS) <= set(words)


def test_the_legend_shows_the_colours_that_results_have(book: Any) -> None:
    cells = {cell.value: cell for row in book[READ_ME] for cell in row if cell.value in set(Outcome)}
    assert {
        Outcome(value): (cell.fill.fgColor.rgb[2:], cell.font.color.rgb[2:]) for value, cell in cells.items()
    } == OUTCOME_COLOURS


@EVERY_TYPE
def test_every_field_has_its_column(book: Any, task_type: TaskType) -> None:
    command, *found = headers(book[task_type.name])
    fields = [header for header in found if header not in RESULT_COLUMNS]
    columns = [task_type.column(header) for header in fields]
    assert command == "command"
    assert [column.name if column else None for column in columns] == fields
    assert {column.field.name for column in columns if column} == set(task_type.by_name)
    assert len(set(fields)) == len(fields)


@EVERY_TYPE
def test_the_result_columns_are_beside_the_subject_and_stay_in_view(book: Any, task_type: TaskType) -> None:
    sheet = book[task_type.name]
    assert headers(sheet)[2:6] == list(RESULT_COLUMNS)
    assert sum(column_format(sheet, number).width for number in range(1, 7)) < 140


def test_essential_fields_alone() -> None:
    (users,) = template_sheets(["Users"], ["AddUser"], essential=True)
    names = [column.name for column in users.columns]
    assert len(names) < 16
    assert {"user.userId", "groupId", "user.lastName", "user.extension", "user.phoneNumber"} <= set(names)
    assert not [column for column in users.columns if column.level]
    for sheet in template_sheets(essential=True):
        required = {field.name for field in sheet.task_type.fields if field.required}
        assert required <= {column.field.name for column in sheet.columns}
    assert headers(opened(template_bytes(["Users"], ["AddUser"], essential=True))["Users"])[2:6] == list(
        RESULT_COLUMNS
    )


def test_lists_of_objects_have_several_columns(book: Any) -> None:
    agents, users = headers(book["CallCenterAgent"]), headers(book["Users"])
    assert [name for name in agents if name.endswith("callCenterId")] == [
        f"callCenterInfo[{number}].callCenterId" for number in range(3)
    ]
    assert [name for name in users if name.endswith("ipeiNumber")] == [
        f"device.dect112Info.handsetInfo[{number}].ipeiNumber" for number in range(2)
    ]


@EVERY_TYPE
def test_what_is_no_integer_is_text(book: Any, task_type: TaskType) -> None:
    sheet = book[task_type.name]
    for number, header in enumerate(headers(sheet), start=1):
        column = task_type.column(header)
        integer = column is not None and column.field.kind is Kind.INTEGER
        assert column_format(sheet, number).number_format == ("0" if integer else "@"), header


@EVERY_TYPE
def test_dropdowns_offer_what_the_catalogue_allows(book: Any, task_type: TaskType) -> None:
    sheet = book[task_type.name]
    command = validation_at(sheet, "command")
    assert command.formula1 == f'"{",".join(task_type.command_names)}"'
    assert (command.errorStyle or "stop") == "stop"
    for header in headers(sheet)[1:]:
        if header in RESULT_COLUMNS:
            continue
        column = task_type.column(header)
        assert column is not None
        rule = column.field.rule("one-of")
        choices = ("TRUE", "FALSE") if column.field.kind is Kind.BOOLEAN else getattr(rule, "values", ())
        if choices:
            found = validation_at(sheet, header, ROWS + 1)
            assert (found.type, found.formula1) == ("list", f'"{",".join(choices)}"')
            assert not found.showErrorMessage or found.errorStyle == "warning"


@EVERY_TYPE
def test_each_cell_and_header_explains_its_field(book: Any, task_type: TaskType) -> None:
    sheet = book[task_type.name]
    for header in headers(sheet)[1:]:
        if header in RESULT_COLUMNS:
            continue
        field = task_type.column(header).field  # type: ignore[union-attr]
        for row in (1, 2, ROWS + 1):
            found = validation_at(sheet, header, row)
            assert found.showInputMessage
            assert found.promptTitle.rstrip("…") in header
            assert f"Example: {field.example}" in found.prompt
            for rule in field.rules:
                assert rule.words in found.prompt
            assert ("Needed by" in found.prompt) is bool(
                field.required or any(field.name in rule.fields for rule in task_type.at_least_one)
            )


def test_nothing_is_longer_than_excel_takes(book: Any) -> None:
    for sheet in book.worksheets[1:]:
        for each in sheet.data_validations.dataValidation:
            assert len(each.promptTitle) <= MOST_TITLE
            assert len(each.prompt) <= MOST_MESSAGE
            assert len(each.error or "") <= MOST_MESSAGE
            assert len(each.formula1 or "") <= MOST_FORMULA
        formulas = [formula for rules in rules_of(sheet) for formula in rules.formula]
        assert max(map(len, formulas)) < LONGEST_FORMULA


def rules_of(sheet: Any) -> Iterator[Any]:
    for area in sheet.conditional_formatting:
        yield from area.rules


@EVERY_TYPE
def test_live_help_reaches_over_all_rows_and_no_others(book: Any, task_type: TaskType) -> None:
    for area in book[task_type.name].conditional_formatting:
        for cells in area.sqref.ranges:
            assert (cells.min_row, cells.max_row) == (2, ROWS + 1)


@EVERY_TYPE
def test_header_in_view_filters_and_folds(book: Any, task_type: TaskType) -> None:
    sheet = book[task_type.name]
    assert sheet.freeze_panes == "G2"
    assert sheet.auto_filter.ref.startswith("A1:")
    assert sheet.auto_filter.ref.endswith(str(ROWS + 1))
    for number, header in enumerate(headers(sheet), start=1):
        assert not column_format(sheet, number).hidden
        assert column_format(sheet, number).width > len(header)


def test_what_belongs_together_folds_behind_its_first_column(book: Any) -> None:
    sheet = book["Users"]
    levels = {
        header: column_format(sheet, number).outlineLevel for number, header in enumerate(headers(sheet), 1)
    }
    for first, behind in {
        "user.addressLocation": "user.city",
        "device.name": "device.macAddress",
        "device.dect112Info.handsetInfo[0].ipeiNumber": "device.dect112Info.repeaterIpeiNumber",
        "device.audioCodesDeviceSettings.sasRegistrar": "device.audioCodesDeviceSettings.sasDefaultGatewayPort",
        "device.trunkUserInformation.trunkGroup": "device.trunkUserInformation.enterpriseTrunk",
        "user.useExistingPingAccount": "user.pingUserName",
    }.items():
        assert levels[first] < levels[behind]
    for header, level in levels.items():
        column = BY_NAME["Users"].column(header)
        essential = column is None or BY_NAME["Users"].is_essential(column.field)
        assert level if not essential else level < 2, header
    for header in ("command", "user.userId", "groupId", *RESULT_COLUMNS):
        assert not levels[header]


def test_needed_columns_are_underlined(book: Any) -> None:
    underlined = {
        (sheet.title, cell.value)
        for sheet in book.worksheets[1:]
        for cell in sheet[1]
        if cell.border.bottom.style == "thick"
    }
    needed = {
        (task_type.name, field.name.replace("[n]", f"[{number}]"))
        for task_type in TASK_TYPES
        for field in task_type.fields
        if field.required
        for number in range(3 if field.object_list else 1)
    }
    assert underlined == needed | {(task_type.name, "command") for task_type in TASK_TYPES}


def test_ten_thousand_rows_are_ranges_and_no_cells(content: bytes) -> None:
    assert [sheet.max_row for sheet in opened(content).worksheets[1:]] == [1] * len(TASK_TYPES)
    assert len(content) < 60_000
    assert sum(len(part) for part in parts(content).values()) < 600_000


def test_it_carries_its_version(book: Any) -> None:
    assert TEMPLATE_VERSION in book.properties.description
    assert {each.name: each.value for each in book.custom_doc_props.props}[
        VERSION_PROPERTY
    ] == TEMPLATE_VERSION


def parts(content: bytes) -> dict[str, bytes]:
    with ZipFile(BytesIO(content)) as package:
        return {name: package.read(name) for name in package.namelist()}


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="Windows cannot change its time zone for one process.")
def test_the_same_each_time_and_in_each_time_zone(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert template_bytes() == content
    finally:
        monkeypatch.undo()
        assert os.environ.get("TZ") == before
        time.tzset()


COMMANDS = sorted({name for task_type in TASK_TYPES for name in task_type.command_names})


@settings(max_examples=25)
@given(st.sets(st.sampled_from(COMMANDS), max_size=4), st.sets(st.sampled_from(sorted(BY_NAME)), max_size=3))
def test_a_narrow_one_has_what_its_commands_use_and_nothing_else(commands: set[str], types: set[str]) -> None:
    sheets = template_sheets(types, commands)
    assert {sheet.task_type.name for sheet in sheets} == {
        each.name
        for each in TASK_TYPES
        if each.name in types or (not types and (not commands or commands & set(each.command_names)))
    }
    for sheet in sheets:
        own = commands & set(sheet.task_type.command_names)
        assert set(sheet.commands) == (own or set(sheet.task_type.command_names))
        used = {field.name for field in sheet.task_type.fields if field.commands & set(sheet.commands)}
        assert {column.field.name for column in sheet.columns} == used
    book = opened(template_bytes(types, commands))
    assert book.sheetnames[1:] == [sheet.task_type.name for sheet in sheets]


def test_a_sheet_of_a_command_without_fields_has_no_fields() -> None:
    book = opened(template_bytes(commands=["SyncDeletedTeamsUsers"]))
    assert headers(book["Users"]) == ["command", *RESULT_COLUMNS]


def test_no_task_type_with_such_a_command() -> None:
    with pytest.raises(ValueError, match="AddUsr"):
        template_bytes(commands=["AddUsr"])


def test_what_a_row_is_about_comes_first() -> None:
    firsts = {sheet.task_type.name: sheet.columns[0].name for sheet in template_sheets()}
    assert firsts == {
        "Users": "user.userId",
        "CallCenterAgent": "agentId",
        "CallRecording": "userId",
        "CallForwarding": "userId",
        "PhoneNumbers": "phoneNumbers",
    }
    (devices,) = template_sheets(commands=["AddDevice", "DeleteDevice"])
    assert devices.columns[0].name == "device.name"
    (adding,) = template_sheets(commands=["AddUserDevice"])
    assert adding.columns[0].name == "user.userId"


def test_a_path_is_not_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    template_bytes()
    assert list(tmp_path.iterdir()) == []
