"""Files that Excel opens, whatever program wrote them: each is read, takes results, and can be annotated."""

from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import pytest
from handmade import (
    MAIN,
    PACKAGE,
    RELATIONS,
    inline,
    packed,
    parts,
    row,
    warnings,
    worksheet,
    write,
)

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.problems import Problem, Severity
from xlsx2opeasy.spec.outcomes import Outcome, RowResult
from xlsx2opeasy.workbook.annotate.write import write_annotated
from xlsx2opeasy.workbook.model import Workbook
from xlsx2opeasy.workbook.read import read_workbook
from xlsx2opeasy.workbook.results.write import SheetResults, write_results

HEADS = ["command", "groupId", "user.userId", "user.firstName"]
ANN = ["AddUser", "Dallas", "ann@example.com", "Ann"]
HEADER = row(1, list(map(inline, HEADS)))
TASK = row(2, list(map(inline, ANN)))
Parts = dict[str, str | bytes]


def book(rows: str = HEADER + TASK, **more: str) -> Parts:
    return parts({"Users": worksheet(rows, **more)})


def renamed(of: Parts, new: Callable[[str], str]) -> Parts:
    return {new(name): content for name, content in of.items()}


def targeted(target: str) -> Parts:
    of = book()
    key = "xl/_rels/workbook.xml.rels"
    of[key] = str(of[key]).replace("worksheets/sheet1.xml", target)
    return of


def listed(entry: str) -> Parts:
    of = book()
    of["xl/workbook.xml"] = str(of["xl/workbook.xml"]).replace("</sheets>", f"{entry}</sheets>")
    return of


def replaced(part: str, old: str, new: str) -> Parts:
    of = book()
    assert old in str(of[part])
    return of | {part: str(of[part]).replace(old, new)}


PRETTY = (HEADER + TASK).replace("><", ">\n    <")
SHARED = "".join(f"<si><t>{text}</t></si>" for text in (*HEADS, *ANN))
BY_NUMBER = "".join(
    row(at, [f'<c r="@" t="s"><v>\n  {4 * (at - 1) + column}\n</v></c>' for column in range(4)])
    for at in (1, 2)
)
KINDS: dict[str, Parts] = {
    "target with backslashes": targeted(r"worksheets\sheet1.xml"),
    "absolute target": targeted("/xl/worksheets/sheet1.xml"),
    "absolute target with backslashes": targeted(r"\xl\worksheets\sheet1.xml"),
    "target with a dot": targeted("./worksheets/sheet1.xml"),
    "target that goes up": targeted("../xl/worksheets/sheet1.xml"),
    "target in another letter case": targeted("Worksheets/Sheet1.XML"),
    "target with a percent sign": targeted("worksheets/sheet%31.xml"),
    "target with white space": targeted(" worksheets/sheet1.xml\n"),
    "name with a blank": renamed(
        targeted("worksheets/my%20sheet.xml"), lambda name: name.replace("sheet1", "my sheet")
    ),
    "name with a percent sign": renamed(
        targeted("worksheets/my sheet.xml"), lambda name: name.replace("sheet1", "my%20sheet")
    ),
    "names with backslashes": renamed(book(), lambda name: name.replace("/", "\\")),
    "names in capitals": renamed(book(), str.upper),
    "names in small letters": renamed(book(), str.lower),
    "content types in small letters": renamed(
        book(), lambda name: name.lower() if name.startswith("[") else name
    ),
    "sheet entry with an empty id": listed('<sheet name="Module1" sheetId="9" state="veryHidden" r:id=""/>'),
    "sheet entry without an id": listed('<sheet name="Module1" sheetId="9" state="veryHidden"/>'),
    "sheet entry whose id is nowhere": listed('<sheet name="Module1" sheetId="9" r:id="rId99"/>'),
    "pretty-printed": book(PRETTY),
    "pretty-printed shared texts": parts(
        {"Users": worksheet(BY_NUMBER)}, shared=SHARED.replace("><", ">\n  <")
    ),
    "few shared texts, a large count": book()
    | {"xl/sharedStrings.xml": f'<sst xmlns="{MAIN}" count="900000" uniqueCount="1"><si><t>a</t></si></sst>'},
    "numbers with white space": replaced("xl/workbook.xml", 'sheetId="1"', 'sheetId=" 1 "'),
    "picture with a DOCTYPE": book() | {"xl/media/image1.svg": "<!DOCTYPE svg><svg/>"},
    "document properties with a DOCTYPE": book() | {"docProps/app.xml": "<!DOCTYPE a><a/>"},
}


@pytest.fixture(params=KINDS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return write(tmp_path, KINDS[request.param])


def rows(found: Workbook) -> list[list[str]]:
    return found.sheets[0].rows.to_numpy().tolist()


def test_it_is_read(path: Path) -> None:
    found = read_workbook(path)
    assert rows(found) == [ANN]
    assert found.problems + found.sheets[0].problems == ()


def test_it_takes_results_and_is_read_again(path: Path) -> None:
    result = RowResult(Outcome.FAILED, "101", "User does not exist.", "L20261122-k7m2")
    target = path.with_name("results.xlsx")
    write_results(path, target, [SheetResults("Users", 1, {2: result})])
    found = read_workbook(target)
    assert rows(found) == [ANN]
    assert found.sheets[0].earlier_results == {2: result}


def test_it_can_be_annotated(path: Path) -> None:
    target = path.with_name("marked.xlsx")
    wrong = Problem("Users", "unknown-header", "This is wrong.", row=2, column="C", field="user.userId")
    write_annotated(path, target, [wrong])
    found = read_workbook(target)
    assert rows(found) == [ANN]
    assert found.other_sheets in ((), ("Module1",))


@pytest.mark.parametrize(
    ("before", "attributes", "hidden"),
    [
        ('<sheetFormatPr defaultRowHeight="15" zeroHeight="1"/>', "", True),
        ("<sheetFormatPr defaultRowHeight='15' zeroHeight = 'true'/>", "", True),
        ('<sheetFormatPr defaultRowHeight="15" zeroHeight="1"/>', ' hidden="0"', False),
        ('<sheetFormatPr defaultRowHeight="15" zeroHeight="0"/>', "", False),
        ("", ' hidden="1"', True),
        ("", ' hidden="true"', True),
        ("", ' ht="0" customHeight="1"', True),
        ("", ' ht="0.0" customHeight="1"', True),
        *(("", f' ht="{zero}" customHeight="1"', True) for zero in (".0", "+0", " 0", "00.")),
        *(("", f' ht="{other}" customHeight="1"', False) for other in (".", "+", "0.5", ".05", "")),
        ("", ' ht="15" customHeight="1"', False),
        ("", ' hidden="false"', False),
    ],
)
@pytest.mark.parametrize("comment", ["", "<!-- slow -->"])
def test_rows_that_nobody_sees(
    tmp_path: Path, before: str, attributes: str, hidden: bool, comment: str
) -> None:
    content = HEADER + row(2, list(map(inline, ANN)), attributes) + comment
    sheet = read_workbook(write(tmp_path, book(content, before=before))).sheets[0]
    assert warnings(sheet.problems) == ["hidden-rows"] * hidden


@pytest.mark.parametrize("column", ['hidden="1"', 'hidden="true"', 'width="0" customWidth="1"'])
def test_columns_that_nobody_sees(tmp_path: Path, column: str) -> None:
    before = f'<cols><col min="4" max=" 4 " {column}/></cols>'
    sheet = read_workbook(write(tmp_path, book(before=before))).sheets[0]
    assert warnings(sheet.problems) == ["hidden-columns"]


REMARKS = [
    ["(Pflicht)", "(Pflicht)", "(Pflicht)", "(optional)"],
    ["required", "required", "required", "optional"],
    ["Pflicht", "Pflicht", "Pflicht", ""],
    ["", "[Text]", "[Text]", "[Text]"],
    ["1", "2", "3", "4"],
    ["string(20)", "Text (max. 30)", "text", "text"],
    HEADS,
]


@pytest.mark.parametrize("remark", REMARKS, ids=map("|".join, REMARKS))
def test_a_second_header_row_is_no_task(tmp_path: Path, remark: list[str]) -> None:
    content = HEADER + row(2, [inline(each) if each else "" for each in remark])
    content += row(3, list(map(inline, ANN)))
    sheet = read_workbook(write(tmp_path, book(content))).sheets[0]
    assert sheet.rows.index.tolist() == [3]
    assert [(each.rule, each.row, each.severity) for each in sheet.problems] == [
        ("second-header-row", 2, Severity.WARNING)
    ]


@pytest.mark.parametrize(
    "cells",
    [
        ["AddUser", "(Dallas)", "(a)", "(b)"],
        ["", "", "(x)", ""],
        ["Add", "Dallas", "a", "b"],
        ["1", "5", "2", "7"],
    ],
)
def test_what_may_be_a_task_is_read(tmp_path: Path, cells: list[str]) -> None:
    content = HEADER + row(2, [inline(each) if each else "" for each in cells])
    sheet = read_workbook(write(tmp_path, book(content))).sheets[0]
    assert sheet.rows.index.tolist() == [2]


@pytest.mark.parametrize(
    "title",
    ["Users - Table 1", "Copy of Users", "Users old", "Kopie von Users", "Benutzer", "Sheet1", "2026"],
)
@pytest.mark.parametrize("above", [0, 3])
def test_headers_under_another_name_are_reported(tmp_path: Path, title: str, above: int) -> None:
    titles = "".join(row(at + 1, [inline("Branch office")]) for at in range(above))
    other = titles + row(above + 1, list(map(inline, HEADS)))
    of = parts({"Users": worksheet(HEADER + TASK), title: worksheet(other)})
    found = read_workbook(write(tmp_path, of))
    (problem,) = [each for each in found.problems if each.sheet == title]
    assert problem.rule == "sheet-not-read"
    assert problem.severity is Severity.WARNING


@pytest.mark.parametrize(
    "texts", [["groupId", "Name", "City", "Country"], ["Notes"], ["user", "name"], ["command"], [" "]]
)
def test_other_sheets_are_left_alone(tmp_path: Path, texts: list[str]) -> None:
    of = parts({"Users": worksheet(HEADER + TASK), "Lookup": worksheet(row(1, list(map(inline, texts))))})
    assert read_workbook(write(tmp_path, of)).problems == ()


def test_a_damaged_sheet_that_is_no_task_sheet_does_no_harm(tmp_path: Path) -> None:
    of = parts({"Users": worksheet(HEADER + TASK), "Lookup": "<worksheet"})
    assert rows(read_workbook(write(tmp_path, of))) == [ANN]


def tables(*refs: str) -> Parts:
    """A task in row 2, "Total" in row 3, and tables; `A1:D3!` has a total row."""
    of = book(HEADER + TASK + row(3, [inline("Total")]))
    links = ""
    for number, ref in enumerate(refs, 1):
        links += (
            f'<Relationship Id="t{number}" Type="{RELATIONS}/table" Target="../tables/table{number}.xml"/>'
        )
        totals = ' totalsRowCount="1"' if ref.endswith("!") else ""
        of[f"xl/tables/table{number}.xml"] = (
            f'<table xmlns="{MAIN}" name="T{number}" ref="{ref.strip("!")}"{totals}/>'
        )
    of["xl/worksheets/_rels/sheet1.xml.rels"] = (
        f'<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'
    )
    return of


@pytest.mark.parametrize(
    ("refs", "expected"),
    [
        (("A1:D3!",), [2]),
        (("A1:D3!", "F1:G2"), [2]),
        (("F1:G2", "A1:D3!"), [2]),
        (("A1:B3!", "C1:D3"), [2]),
        (("A1:D3", "F1:G3!"), [2, 3]),
        (("F1:G3!",), [2, 3]),
        (("A1:D3",), [2, 3]),
    ],
)
def test_total_rows_of_the_tables_of_tasks_alone(
    tmp_path: Path, refs: tuple[str, ...], expected: list[int]
) -> None:
    sheet = read_workbook(write(tmp_path, tables(*refs))).sheets[0]
    assert sheet.rows.index.tolist() == expected
    assert warnings(sheet.problems) == ["total-row"] * (expected == [2])


@pytest.mark.parametrize("value", ["ACME Corp", "12345", "1234567", "123456", "Contoso 123456"])
def test_a_property_of_a_company_is_no_mark_of_ours(tmp_path: Path, value: str) -> None:
    names = ("Enterprise", "Template version", "Sheets of word")
    listed = "".join(f'<property name="{name}"><lpwstr>{value}</lpwstr></property>' for name in names)
    of = book() | {"docProps/custom.xml": f"<Properties>{listed}</Properties>"}
    of["_rels/.rels"] = str(of["_rels/.rels"]).replace(
        "</Relationships>",
        f'<Relationship Id="c" Type="{RELATIONS}/custom-properties" Target="docProps/custom.xml"/></Relationships>',
    )
    found = read_workbook(write(tmp_path, of))
    assert (found.meant_for, found.problems) == ("", ())


@pytest.mark.parametrize(
    ("ids", "free"),
    [((65534,), 1), ((1, 65534), 2), ((1, 2, 65534), 3), ((1,), 2), ((7,), 8), ((65533,), 65534)],
)
def test_the_list_of_problems_has_a_sheet_id_that_is_allowed(
    tmp_path: Path, ids: tuple[int, ...], free: int
) -> None:
    of = parts({"Users": worksheet(HEADER + TASK), **{f"S{each}": worksheet("") for each in ids[1:]}})
    for number, identity in enumerate(ids, 1):
        of["xl/workbook.xml"] = str(of["xl/workbook.xml"]).replace(
            f'sheetId="{number}"  r:id="rId{number}"', f'sheetId="{identity}" r:id="rId{number}"'
        )
    path = write(tmp_path, of)
    write_annotated(path, tmp_path / "marked.xlsx", [Problem("Users", "date", "x", row=2, column="C")])
    with ZipFile(tmp_path / "marked.xlsx") as package:
        assert f'name="Problems" sheetId="{free}"' in package.read("xl/workbook.xml").decode()


def test_a_legacy_drawing_that_leads_nowhere_gives_way_to_ours(tmp_path: Path) -> None:
    path = write(tmp_path, book(after='<legacyDrawing r:id="rId77"/>'))
    write_annotated(path, tmp_path / "marked.xlsx", [Problem("Users", "date", "x", row=2, column="C")])
    with ZipFile(tmp_path / "marked.xlsx") as package:
        sheet = package.read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count("legacyDrawing") == 1
    assert "rId77" not in sheet


def test_names_that_begin_with_a_slash_are_refused_without_an_accusation(tmp_path: Path) -> None:
    path = tmp_path / "book.xlsx"
    path.write_bytes(packed(renamed(book(), lambda name: name if name.startswith("[") else f"/{name}")))
    with pytest.raises(WorkbookUnusable) as refused:
        read_workbook(path)
    assert "slash" in refused.value.message
    assert "trust" not in refused.value.message + refused.value.hint
