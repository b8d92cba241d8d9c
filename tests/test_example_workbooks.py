"""The example workbooks: freshly made they are what is committed, and they are right, or wrong, on purpose.

The files are opened by openpyxl and judged by the foreign server's judge, so that neither the reader nor the
check has to be believed here.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import openpyxl
import pytest

from foreign.appendix import complaints
from xlsx2opeasy.spec.catalogue import BY_NAME, TASK_TYPES
from xlsx2opeasy.spec.model import Kind
from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS

EXAMPLES = Path(__file__).parent.parent / "example_workbooks"
VALID = ("new-branch-office.xlsx", "leavers.xlsx", "migration-2000-users.xlsx")
ALL = (*VALID, "typical-mistakes.xlsx")

ONLY_EXCEL_SHOWS = {
    # The task that comes of the row is in order; that the cell is not what was meant only the workbook tells.
    "leading zeros lost: Excel took 0158 for a number",
    "leading zero lost: Excel took 02108 for a number",
    "1-2 was typed, and Excel made a date of it",
    "a formula that found nothing",
    # Rows are held against each other, or fields demanded, by the project alone.
    "the user of the row above once more",
    "group missing",
    "device.name missing",
    "None is for Modify only",
    "neither a group nor activated",
    "the range ends before it begins",
    "call center missing",
}


@dataclass(frozen=True)
class TypedRow:
    """One row as typed: `cells` by header, blank ones left out."""

    task_type: str
    number: int
    cells: dict[str, Any]

    @property
    def note(self) -> str:
        return next((str(value) for header, value in self.cells.items() if header.startswith("#")), "")

    @property
    def task(self) -> dict[str, Any]:
        """The task that the row means."""
        content: dict[str, Any] = {}
        for header, value in self.cells.items():
            if header != "command" and not header.startswith("#"):
                _put(content, *_wire(self.task_type, header, value))
        return {"command": self.cells["command"], "content": content}


def _wire(task_type: str, header: str, value: Any) -> tuple[str, Any]:
    column = BY_NAME[task_type].column(header)
    assert column is not None, header
    if column.field.kind is Kind.TEXTS:
        return column.wire, value.split(";")
    return column.wire, str(value) if column.field.kind is Kind.TEXT else value


def _put(content: dict[str, Any], path: str, value: Any) -> None:
    *way, last = path.split(".")
    for step in way:
        name, _, index = step.partition("[")
        if not index:
            content = content.setdefault(name, {})
            continue
        items = content.setdefault(name, [])
        items.extend({} for _ in range(int(index.rstrip("]")) + 1 - len(items)))
        content = items[int(index.rstrip("]"))]
    content[last] = value


def rows_of(path: Path) -> list[TypedRow]:
    book = openpyxl.load_workbook(path, data_only=True)
    return [row for sheet in book.worksheets for row in _rows_of_sheet(sheet)]


def _rows_of_sheet(sheet: Any) -> Iterator[TypedRow]:
    headers = [cell.value for cell in sheet[1]]
    for number, values in enumerate(sheet.iter_rows(min_row=2, values_only=True), start=2):
        cells = {header: each for header, each in zip(headers, values, strict=True) if each is not None}
        yield TypedRow(sheet.title, number, cells)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    subprocess.run([sys.executable, EXAMPLES / "make.py", folder], check=True)
    return folder


@pytest.fixture(scope="module")
def office() -> list[TypedRow]:
    return rows_of(EXAMPLES / "new-branch-office.xlsx")


def parts(path: Path) -> dict[str, bytes]:
    with ZipFile(path) as package:
        return {name: package.read(name) for name in package.namelist()}


@pytest.mark.parametrize("name", ALL)
def test_what_is_committed_is_what_the_generator_makes(made: Path, name: str) -> None:
    """Compared part by part: the packed bytes also depend on the zlib that Python was built with."""
    assert parts(EXAMPLES / name) == parts(made / name)


def test_the_generator_makes_every_workbook_of_the_folder(made: Path) -> None:
    assert {each.name for each in made.iterdir()} == set(ALL)
    assert {each.name for each in EXAMPLES.glob("*.xls*")} == set(ALL)


def test_the_same_bytes_each_time_and_in_each_time_zone(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    subprocess.run([sys.executable, EXAMPLES / "make.py", tmp_path], check=True)
    for name in ALL:
        assert (tmp_path / name).read_bytes() == (made / name).read_bytes()


@pytest.mark.parametrize("name", ALL)
def test_they_look_as_a_careful_administrator_makes_them(name: str) -> None:
    careful = name in VALID
    for sheet in openpyxl.load_workbook(EXAMPLES / name).worksheets:
        task_type = BY_NAME[sheet.title]
        assert str(sheet.freeze_panes).endswith("2")
        assert sheet.auto_filter.ref.startswith("A1:")
        choices = {
            str(each.sqref).split(":")[0]: each.formula1 for each in sheet.data_validations.dataValidation
        }
        assert ("A2" in choices) is careful
        for cell in sheet[1]:
            assert cell.font.bold
            assert cell.value not in RESULT_COLUMNS
            column = task_type.column(cell.value)
            is_note = cell.value.startswith("#")
            assert (column is None) is (cell.value == "command" or is_note)
            if careful and column is not None and column.field.kind in {Kind.TEXT, Kind.TEXTS}:
                assert _column_format(sheet, cell.column) == "@"


def _column_format(sheet: Any, number: int) -> str:
    """The number format of a whole column; neighbours of one look share an entry in the file."""
    (found,) = (each for each in sheet.column_dimensions.values() if each.min <= number <= each.max)
    return found.number_format


@pytest.mark.parametrize("name", VALID)
def test_valid_examples_obey_the_specification(name: str) -> None:
    found = {
        (row.task_type, row.number): complaints(row.task_type, row.task) for row in rows_of(EXAMPLES / name)
    }
    assert {where: each for where, each in found.items() if each} == {}


@pytest.mark.parametrize("name", VALID)
def test_valid_examples_fill_what_their_commands_need(name: str) -> None:
    for row in rows_of(EXAMPLES / name):
        for field in BY_NAME[row.task_type].fields:
            for needed in field.required:
                excused = needed.unless in row.cells and needed.value in {None, row.cells[needed.unless]}
                if row.cells["command"] in needed.commands and not excused:
                    assert field.name.replace("[n]", "[0]") in row.cells, (row.task_type, row.number)


@pytest.mark.parametrize("name", VALID)
@pytest.mark.parametrize(
    "header",
    [
        "user.userId",
        "user.phoneNumber",
        "user.emailAddress",
        "device.name",
        "device.linePort",
        "device.macAddress",
    ],
)
def test_what_is_unique_in_the_system_stands_once(name: str, header: str) -> None:
    values = Counter(row.cells[header] for row in rows_of(EXAMPLES / name) if header in row.cells)
    assert not [value for value, count in values.items() if count > 1]


def digits(text: str) -> int:
    return int("".join(each for each in text if each.isdigit()))


def numbers_of(row: TypedRow) -> range:
    first, _, last = row.cells["phoneNumbers"].partition(" - ")
    return range(digits(first), digits(last or first) + 1)


@pytest.mark.parametrize("name", ["new-branch-office.xlsx", "migration-2000-users.xlsx"])
def test_users_take_numbers_that_the_workbook_assigns_to_their_group(name: str) -> None:
    rows = rows_of(EXAMPLES / name)
    assigned = {
        (row.cells["groupId"], number)
        for row in rows
        if (row.task_type, row.cells["command"]) == ("PhoneNumbers", "Assign")
        for number in numbers_of(row)
    }
    taken = {
        (row.cells["groupId"], digits(row.cells["user.phoneNumber"]))
        for row in rows
        if "user.phoneNumber" in row.cells
    }
    assert taken
    assert taken <= assigned


@pytest.mark.parametrize("name", ALL)
def test_everybody_is_invented(name: str) -> None:
    for row in rows_of(EXAMPLES / name):
        for header, value in row.cells.items():
            text = str(value)
            if "@" in text and not header.startswith("#"):
                assert all(each.endswith(("@example.com", "@example.org")) for each in text.split(";"))
            if header == "phoneNumbers":
                assert all(digits(each) // 100 % 100_000 == 55501 for each in text.split(" - "))
            if header.endswith(("phoneNumber", "Number")) and "ipei" not in header and text.isdigit():
                assert len(text) == 10
                assert text[3:8] == "55501"
            if header == "device.macAddress":
                assert text.replace(":", "").upper().replace("O", "0").startswith("02005E")


def test_the_branch_office_uses_all_sheets(office: list[TypedRow]) -> None:
    assert {row.task_type for row in office} == {each.name for each in TASK_TYPES}
    assert 50 <= len(office) <= 70
    users = {row.cells["user.userId"] for row in office if "user.userId" in row.cells}
    people = {row.cells[name] for row in office for name in ("agentId", "userId") if name in row.cells}
    leads = {
        each
        for row in office
        for each in row.cells.get("callCenterInfo[0].supervisors", "").split(";")
        if each
    }
    assert people <= users
    assert leads <= users
    assert len({row.cells.get("callCenterInfo[0].callCenterId") for row in office} - {None}) == 2


def test_the_leavers_are_of_the_branch_office(office: list[TypedRow]) -> None:
    leavers = rows_of(EXAMPLES / "leavers.xlsx")
    for header in ("user.userId", "device.name"):
        there = {row.cells[header] for row in office if header in row.cells}
        assert {row.cells[header] for row in leavers if header in row.cells} <= there
    given_back = {
        number for row in leavers if row.cells["command"] == "Unassign" for number in numbers_of(row)
    }
    gone = {row.cells["user.userId"] for row in leavers if row.cells["command"].startswith("DeleteUser")}
    freed = {digits(row.cells["user.phoneNumber"]) for row in office if row.cells.get("user.userId") in gone}
    assert given_back <= freed


def test_the_migration_is_2000_users_in_20_columns() -> None:
    rows = rows_of(EXAMPLES / "migration-2000-users.xlsx")
    users = [row for row in rows if row.task_type == "Users"]
    assert {row.cells["command"] for row in users} == {"AddUserDevice"}
    assert (len(users), len({header for row in users for header in row.cells})) == (2000, 20)
    extensions = Counter((row.cells["groupId"], row.cells["user.extension"]) for row in users)
    assert extensions.most_common(1)[0][1] == 1
    assert sum("user.phoneNumber" in row.cells for row in users) == 1600


def test_each_mistake_is_one_and_each_other_row_is_none() -> None:
    rows = rows_of(EXAMPLES / "typical-mistakes.xlsx")
    assert 12 <= sum(bool(row.note) for row in rows) <= 36
    for row in rows:
        found = complaints(row.task_type, row.task)
        assert bool(found) is (bool(row.note) and row.note not in ONLY_EXCEL_SHOWS), (row, found)
    assert {row.note for row in rows} >= ONLY_EXCEL_SHOWS


def test_the_mistakes_that_only_excel_shows_are_in_the_cells() -> None:
    sheet = openpyxl.load_workbook(EXAMPLES / "typical-mistakes.xlsx")["Users"]
    row_of = {sheet.cell(row, sheet.max_column).value: row for row in range(2, sheet.max_row + 1)}
    column_of = {cell.value: cell.column for cell in sheet[1]}

    def cell(note: str, header: str) -> Any:
        return sheet.cell(row_of[note], column_of[header])

    assert cell("leading zeros lost: Excel took 0158 for a number", "user.extension").value == 158
    assert cell("1-2 was typed, and Excel made a date of it", "user.userPositionOnDevice").is_date
    assert cell("a formula that found nothing", "user.department").data_type == "f"
    with ZipFile(EXAMPLES / "typical-mistakes.xlsx") as package:
        xml = package.read("xl/worksheets/sheet1.xml").decode()
    assert "<v>#N/A</v>" in xml
    assert "E+16</v>" in xml
    twice = [
        row for row in range(2, sheet.max_row) if sheet.cell(row, 3).value == sheet.cell(row + 1, 3).value
    ]
    assert len(twice) == 1
