"""Sheets, headers, tables, merges, hidden rows and earlier results."""

from pathlib import Path

import pytest
from handmade import cell, errors, inline, number, parts, row, users, warnings, worksheet, write

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS, Outcome, RowResult
from xlsx2opeasy.workbook.model import Workbook
from xlsx2opeasy.workbook.read import read_workbook

HEADERS = ["command", "user.userId", "user.title"]
TASK = [inline("AddUser"), inline("john.doe@example.com"), inline("Boss")]
GOOD = row(1, [inline(each) for each in HEADERS]) + row(2, TASK)


def book(folder: Path, sheets: dict[str, str], **more: str) -> Workbook:
    return read_workbook(write(folder, parts(sheets, **more)))


def users_sheet(folder: Path, rows: str, **more: str) -> Workbook:
    return book(folder, {"Users": worksheet(rows, **more)})


def table(folder: Path, rows: str, ref: str, totals: int = 0) -> Workbook:
    of = parts(
        {"Users": worksheet(rows, after='<tableParts count="1"><tablePart r:id="rId1"/></tableParts>')}
    )
    relations = str(of["xl/_rels/workbook.xml.rels"])
    of["xl/worksheets/_rels/sheet1.xml.rels"] = (
        relations.replace('/worksheet"', '/table"')
        .replace("worksheets/sheet1.xml", "../tables/table1.xml")
        .replace('/styles"', '/other"')
    )
    of["xl/tables/table1.xml"] = (
        f'<table id="1" name="T" displayName="Staff" ref="{ref}" totalsRowCount="{totals}"/>'
    )
    return read_workbook(write(folder, of))


@pytest.mark.parametrize(("area", "bad"), [("B2:B3", [2, 3]), ("A3:C3", [3]), ("C1:C2", [2]), ("A1:C1", [])])
def test_d19_merged_cells_are_errors_in_each_row_they_touch(
    tmp_path: Path, area: str, bad: list[int]
) -> None:
    after = f'<mergeCells count="1"><mergeCell ref="{area}"/></mergeCells>'
    sheet = users_sheet(tmp_path, GOOD + row(3, TASK), after=after).sheets[0]
    assert [(each.rule, each.row, each.value) for each in sheet.problems] == [
        ("merged-cells", at, area) for at in bad
    ]


def test_d20_hidden_rows_are_read_and_counted(tmp_path: Path) -> None:
    rows = GOOD + row(3, TASK, ' hidden="1"') + row(4, TASK, ' hidden="true"') + '<row r="5" hidden="1"/>'
    sheet = users_sheet(tmp_path, rows).sheets[0]
    assert list(sheet.rows.index) == [2, 3, 4]
    assert warnings(sheet.problems) == ["hidden-rows"]
    assert sheet.problems[0].message.startswith("2 rows")


def test_d21_hidden_columns_are_read_and_named(tmp_path: Path) -> None:
    sheet = users_sheet(tmp_path, GOOD, before='<cols><col min="2" max="3" hidden="1"/></cols>').sheets[0]
    assert warnings(sheet.problems) == ["hidden-columns"]
    assert "B, C" in sheet.problems[0].message


def test_d22_hidden_task_sheets_are_read_with_a_warning(tmp_path: Path) -> None:
    found = book(tmp_path, {"Users": worksheet(GOOD)}, state='state="veryHidden"')
    assert warnings(found.problems) == ["hidden-sheet"]
    assert len(found.sheets[0].rows) == 1


def test_d23_blank_rows_are_skipped_and_numbers_are_excels(tmp_path: Path) -> None:
    blank = row(5, [inline(" "), "", inline("")])
    sheet = users_sheet(tmp_path, GOOD + blank + row(900, TASK)).sheets[0]
    assert list(sheet.rows.index) == [2, 900]


def test_rows_of_notes_or_results_alone_are_no_tasks(tmp_path: Path) -> None:
    headers = [*HEADERS, "# mine", "Result"]
    sheet = users(
        tmp_path, headers, TASK, ["", "", "", inline("note")], ["", "", "", "", inline("FAILED")]
    ).sheets[0]
    assert list(sheet.rows.index) == [2]
    assert sheet.earlier_results == {}


def test_d24_a_header_twice_names_both_columns(tmp_path: Path) -> None:
    sheet = users(tmp_path, [*HEADERS, " USER.TITLE "], TASK).sheets[0]
    assert errors(sheet.problems) == ["header-twice"]
    assert "C and D" in sheet.problems[0].message
    assert (sheet.problems[0].cell, list(sheet.rows.columns)) == ("D1", HEADERS)


def test_d24_a_misspelling_of_the_specification_is_the_same_header(tmp_path: Path) -> None:
    sheet = users(tmp_path, [*HEADERS, "device.erlRecordName", "device.eriRecordName"], TASK).sheets[0]
    assert errors(sheet.problems) == ["header-twice"]


@pytest.mark.parametrize(
    "typed",
    ["USER.TITLE", " user.title ", "user.\ntitle", "ｕｓｅｒ.title", "user\u00a0.title", "User.Tit\u00adle"],
)
def test_d25_headers_are_folded(tmp_path: Path, typed: str) -> None:
    sheet = users(tmp_path, ["Command", "user.userId", typed], TASK).sheets[0]
    assert list(sheet.rows.columns) == HEADERS
    assert errors(sheet.problems) == []


def test_d26_title_rows_are_found_and_told(tmp_path: Path) -> None:
    rows = row(1, [inline("New staff of March")]) + row(4, [inline(each) for each in HEADERS]) + row(6, TASK)
    sheet = users_sheet(tmp_path, rows).sheets[0]
    assert (sheet.header_row, list(sheet.rows.index)) == (4, [6])
    assert warnings(sheet.problems) == ["title-rows"]
    assert "New staff of March" in sheet.problems[0].message


def test_d26_headers_below_row_20_are_not_searched(tmp_path: Path) -> None:
    rows = row(1, [inline("x")]) + row(21, [inline(each) for each in HEADERS]) + row(22, TASK)
    assert errors(users_sheet(tmp_path, rows).problems) == ["no-header-row"]


def test_unknown_headers_name_the_nearest(tmp_path: Path) -> None:
    sheet = users(
        tmp_path, [*HEADERS, "user.frstName", "device.dect112Info.handsetInfo[3].ipeiNumbr"], TASK
    ).sheets[0]
    assert errors(sheet.problems) == ["unknown-header", "unknown-header"]
    assert '"user.firstName"' in sheet.problems[0].hint
    assert '"device.dect112Info.handsetInfo[3].ipeiNumber"' in sheet.problems[1].hint


def test_a_header_that_is_an_error_is_no_note(tmp_path: Path) -> None:
    rows = row(1, [*(inline(each) for each in HEADERS), cell("<v>#REF!</v>", "e")]) + row(2, TASK)
    assert errors(users_sheet(tmp_path, rows).sheets[0].problems) == ["unknown-header"]


def test_no_command_header(tmp_path: Path) -> None:
    found = users(tmp_path, ["user.userId", "user.frst"], [inline("x")])
    assert errors(found.problems) == ["unknown-header", "no-command-header"]
    assert found.sheets == ()


def test_d27_notes_are_ignored_and_columns_without_header_are_errors(tmp_path: Path) -> None:
    sheet = users(
        tmp_path,
        [*HEADERS, "#note"],
        [*TASK, inline("n")],
        [*TASK, "", "", inline("stray")],
        [*TASK, "", number("5")],
    ).sheets[0]
    assert [(each.rule, each.column) for each in sheet.problems] == [("no-header", "E"), ("no-header", "F")]
    assert list(sheet.rows.columns) == HEADERS


def test_columns_tell_letter_header_and_indices(tmp_path: Path) -> None:
    typed = ["command", "#", "USER.servicePacks[1]", "device.dect112Info.handsetInfo[12].ipeiNumber"]
    sheet = users(tmp_path, typed, [inline("AddUser"), "", inline("a"), inline("b")]).sheets[0]
    found = [
        (each.name, each.letter, each.header, each.column.item, each.column.indices) for each in sheet.columns
    ]
    assert found == [
        ("user.servicePacks[1]", "C", "USER.servicePacks[1]", 1, ()),
        ("device.dect112Info.handsetInfo[12].ipeiNumber", "D", typed[3], None, (12,)),
    ]
    assert sheet.command_letter == "A"


@pytest.mark.parametrize(
    "name", ["User", "Users (2)", "Users2", "Call Center Agents", "PhoneNumber", "Users copy"]
)
def test_d27_near_miss_names_are_errors(tmp_path: Path, name: str) -> None:
    found = book(tmp_path, {"CallRecording": worksheet(GOOD.replace("user.", "")), name: worksheet(GOOD)})
    assert errors(found.problems)[:1] == ["sheet-name"]
    assert found.other_sheets == (name,)


def test_d28_names_are_folded(tmp_path: Path) -> None:
    found = book(tmp_path, {"notes": worksheet(""), " uSERS ": worksheet(GOOD)})
    assert [(each.task_type.name, each.title) for each in found.sheets] == [("Users", " uSERS ")]
    assert found.other_sheets == ("notes",)
    assert found.problems == ()


def test_d28_two_sheets_of_one_name(tmp_path: Path) -> None:
    found = book(tmp_path, {"Users": worksheet(GOOD), "USERS ": worksheet(GOOD)})
    assert errors(found.problems) == ["sheet-twice"]
    assert found.sheets == ()


def test_sheets_come_in_the_order_of_the_catalogue(tmp_path: Path) -> None:
    numbers = row(1, [inline("command"), inline("phoneNumbers")]) + row(
        2, [inline("Assign"), inline("2145550100")]
    )
    found = book(tmp_path, {"PhoneNumbers": worksheet(numbers), "Users": worksheet(GOOD)})
    assert [each.title for each in found.sheets] == ["Users", "PhoneNumbers"]


@pytest.mark.parametrize(
    "sheets",
    [{"Other": worksheet(GOOD)}, {"Users": worksheet("")}, {"Users": worksheet(row(1, [inline("command")]))}],
)
def test_a_workbook_without_a_task_is_an_error(tmp_path: Path, sheets: dict[str, str]) -> None:
    assert errors(book(tmp_path, sheets).problems) == ["no-tasks"]


def test_d29_rows_below_a_table_are_errors(tmp_path: Path) -> None:
    sheet = table(tmp_path, GOOD + row(3, TASK) + row(5, TASK), "A1:C3").sheets[0]
    assert list(sheet.rows.index) == [2, 3]
    assert [(each.rule, each.row) for each in sheet.problems] == [("below-table", 5)]


def test_d30_total_rows_are_left_alone(tmp_path: Path) -> None:
    totals = row(4, [inline("Total"), "", number("2")])
    sheet = table(tmp_path, GOOD + row(3, TASK) + totals, "A1:C4", totals=1).sheets[0]
    assert list(sheet.rows.index) == [2, 3]
    assert [(each.rule, each.row) for each in sheet.problems] == [("total-row", 4)]


@pytest.mark.parametrize(
    "rows",
    [
        GOOD + row(2, TASK),
        row(3, TASK) + GOOD,
        GOOD + '<row r="3"><c r="B3"><v>1</v></c><c r="A3"><v>1</v></c></row>',
        GOOD + '<row r="3"><c r="A3"><v>1</v></c><c r="A3"><v>2</v></c></row>',
        GOOD + '<row r="3"><c r="A4"><v>1</v></c></row>',
    ],
)
def test_d37_repeated_or_unordered_cells_are_an_error(tmp_path: Path, rows: str) -> None:
    found = users_sheet(tmp_path, rows)
    assert errors(found.problems) == ["disorder"]
    assert found.sheets == ()


def test_results_of_an_earlier_load(tmp_path: Path) -> None:
    headers = [*HEADERS, "Result", "Error code", "Error detail", "Job"]
    failed = [inline("failed"), number("102"), inline(" User exists. "), inline("L20261122-k7m2")]
    found = users(tmp_path, headers, [*TASK, inline("SUCCESS")], [*TASK, *failed], TASK).sheets[0]
    assert found.earlier_results == {
        2: RowResult(Outcome.SUCCESS),
        3: RowResult(Outcome.FAILED, "102", " User exists. ", "L20261122-k7m2"),
    }
    assert found.result_letters == {"Result": "D", "Error code": "E", "Error detail": "F", "Job": "G"}
    assert found.problems == ()
    assert list(found.rows.columns) == HEADERS


@pytest.mark.parametrize("content", [inline("done"), cell("<v>#N/A</v>", "e"), cell("<f>A1</f>")])
def test_results_that_cannot_be_understood_are_errors(tmp_path: Path, content: str) -> None:
    found = users(tmp_path, [*HEADERS, "Result"], [*TASK, content]).sheets[0]
    assert len(errors(found.problems)) == 1
    assert found.problems[0].cell == "D2"


def test_lists_filled_twice_are_left_to_the_check(tmp_path: Path) -> None:
    cells = [inline("AddUser"), inline("a;b"), inline("c")]
    sheet = users(tmp_path, ["command", "user.servicePacks", "user.servicePacks[0]"], cells).sheets[0]
    assert sheet.problems == ()


def test_the_frame_is_of_texts_with_excels_row_numbers(tmp_path: Path) -> None:
    sheet = users(tmp_path, HEADERS, TASK, ["", "", inline("x")]).sheets[0]
    assert {str(each) for each in sheet.rows.dtypes} == {"str"}
    assert sheet.rows.to_dict("index") == {
        2: dict(zip(HEADERS, ["AddUser", "john.doe@example.com", "Boss"], strict=True)),
        3: dict(zip(HEADERS, ["", "", "x"], strict=True)),
    }


def test_d48_the_lock_file_of_excel(tmp_path: Path) -> None:
    path = write(tmp_path, parts({"Users": worksheet(GOOD)}))
    lock = tmp_path / f"~${path.name}"
    lock.write_bytes(b"\x05Ann")
    assert warnings(read_workbook(path).problems) == ["open-in-excel"]
    with pytest.raises(WorkbookUnusable, match="Excel keeps"):
        read_workbook(lock)


@pytest.mark.parametrize("kept", [RESULT_COLUMNS, RESULT_COLUMNS[::3], RESULT_COLUMNS[::-1], ("Job",)])
def test_our_columns_count_wherever_they_are(tmp_path: Path, kept: tuple[str, ...]) -> None:
    said = {"Result": "FAILED", "Error code": "102", "Error detail": "x", "Job": "L20261122-k7m2"}
    headers = ["command", *kept, *HEADERS[1:]]
    cells = ["AddUser", *(said[name] for name in kept), *("x" for _ in HEADERS[1:])]
    found = users(tmp_path, headers, list(map(inline, cells))).sheets[0]
    assert set(found.result_letters) == set(kept)
    assert "unknown-job" not in errors(found.problems)


@pytest.mark.parametrize("kept", [RESULT_COLUMNS, ("Job",), ("Result", "Job")])
def test_a_job_column_of_ones_own_is_an_error(tmp_path: Path, kept: tuple[str, ...]) -> None:
    said = {"Result": "FAILED", "Error code": "102", "Error detail": "x", "Job": "Engineer"}
    cells = ["AddUser", *("x" for _ in HEADERS[1:]), *(said[name] for name in kept)]
    found = users(tmp_path, [*HEADERS, *kept], list(map(inline, cells))).sheets[0]
    (problem,) = [each for each in found.problems if each.rule == "unknown-job"]
    assert "ename" in problem.hint
    assert "ignore" in problem.hint


@pytest.mark.parametrize("kept", [("Result",), RESULT_COLUMNS])
@pytest.mark.parametrize("job", ["", "L20261122-k7m2"])
def test_a_result_column_of_ones_own_is_an_error_that_says_what_to_do(
    tmp_path: Path, kept: tuple[str, ...], job: str
) -> None:
    said = dict.fromkeys(RESULT_COLUMNS, "") | {"Result": "waiting"}
    first = [*map(inline, [*("AddUser", "x", "x"), *(said[name] for name in kept)])]
    other = [*map(inline, ["AddUser", "y", "y", *("" for _ in kept[1:]), job])]
    found = users(tmp_path, [*HEADERS, *kept], first, other if "Job" in kept else [*TASK]).sheets[0]
    (problem,) = [each for each in found.problems if each.rule == "unknown-result"]
    ours = bool(job) and "Job" in kept
    assert ("Rename the header" in problem.hint and "map or ignore it" in problem.hint) == (not ours)
    assert "mpty the cell" in problem.hint
