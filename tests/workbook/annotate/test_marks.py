"""Marked cells keep their look but for the fill; comments and links are at the right cells."""

import zipfile
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from results.books import MAIN, STRICT, book, sheet_xml, text_cell

from judges import open_xml_errors, saved_by_libreoffice
from xlsx2opeasy.errors import UsageError, WorkbookUnusable
from xlsx2opeasy.problems import Problem
from xlsx2opeasy.workbook.annotate import marks, problem_list
from xlsx2opeasy.workbook.annotate.write import write_annotated
from xlsx_lint import lint

from .made import RED, YELLOW, comments, fills, parts, problem, rich_book, warning


def annotated(source: Path, *problems: Problem) -> Path:
    target = source.with_name(f"{source.stem}.marked{source.suffix}")
    return write_annotated(source, target, problems).target


def test_a_marked_cell_keeps_everything_but_its_fill(tmp_path: Path) -> None:
    source = rich_book(tmp_path / "book.xlsx")
    before = openpyxl.load_workbook(source)["Users"]["C2"]
    after = openpyxl.load_workbook(annotated(source, problem("C2")))["Users"]["C2"]
    for what in ("value", "font", "number_format", "border", "alignment", "protection"):
        assert repr(getattr(after, what)) == repr(getattr(before, what))
    assert after.fill.fgColor.rgb == RED


def test_errors_and_warnings_have_colours_of_their_own_and_the_error_rules(tmp_path: Path) -> None:
    path = annotated(
        rich_book(tmp_path / "book.xlsx"), problem("A2"), warning("C2"), warning("C3"), problem("C3")
    )
    assert fills(path) == {"A2": RED, "C2": YELLOW, "C3": RED}


def test_a_blank_cell_that_is_absent_is_made_in_its_column_s_format(tmp_path: Path) -> None:
    path = annotated(rich_book(tmp_path / "book.xlsx"), problem("B3"), problem("E4"), problem("B9"))
    assert fills(path) == {"B3": RED, "E4": RED, "B9": RED}
    sheet = openpyxl.load_workbook(path)["Users"]
    assert (sheet["B3"].value, sheet["B3"].number_format) == (None, "@")
    assert sheet.dimensions == "A1:E9"


def test_every_problem_of_a_cell_is_in_its_comment_and_others_comments_stay(tmp_path: Path) -> None:
    path = annotated(
        rich_book(tmp_path / "book.xlsx"),
        problem("A2", "first <&>", hint="please mend it"),
        warning("A2", "second"),
        problem("C2", "third"),
        problem("B4", "=1+1"),
    )
    assert comments(path) == {
        "A1": "of the header",
        "A2": "Error: first <&>, please mend it\nWarning: second",
        "C2": "ask Anna\n\nxlsx2opeasy\nError: third",
        "B4": "Error: =1+1",
    }


def test_a_thread_s_comment_is_left_alone(tmp_path: Path) -> None:
    source = rich_book(tmp_path / "book.xlsx")
    everything = parts(source)
    with zipfile.ZipFile(source, "w") as archive:
        for name, content in everything.items():
            archive.writestr(name, content.replace(b"<author>Bob<", b"<author>tc={1-2-3}<"))
    assert comments(annotated(source, problem("C2")))["C2"] == "ask Anna"


def test_the_list_links_to_the_cells_and_has_a_free_name(tmp_path: Path) -> None:
    path = annotated(
        rich_book(tmp_path / "book.xlsx"),
        problem("C2", field="user.userId", value="=cmd|' /C calc'!A0", hint="do this"),
        problem("B7", sheet="it's & more"),
        Problem("Users", "sheet-name", "about a sheet"),
        Problem("", "no-tasks", "about the workbook"),
    )
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Users", "it's & more", "PROBLEMS", "Problems 2"]
    sheet = book["Problems 2"]
    assert [cell.value for cell in sheet[4]][:6] == [
        *("error", "Users", "C2", "user.userId"),
        "=cmd|' /C calc'!A0",
        "is wrong",
    ]
    assert sheet["E4"].data_type == "s"
    links = [sheet.cell(row, 3).hyperlink for row in range(4, 8)]
    assert [each.location if each else None for each in links] == [
        *("'Users'!C2", "'it''s & more'!B7", "'Users'!A1"),
        None,
    ]
    assert all(each.target is None for each in links if each), "a link leads out of the workbook"


def test_everything_else_stays_byte_for_byte(tmp_path: Path) -> None:
    source = rich_book(tmp_path / "book.xlsx")
    with zipfile.ZipFile(source, "a") as archive:
        archive.writestr("xl/vbaProject.bin", b"\xd0\xcf macros")
    done = write_annotated(
        source, tmp_path / "marked.xlsx", [problem("A2"), problem("A1", sheet="it's & more")]
    )
    before, after = parts(source), parts(done.target)
    assert {name for name in after if before.get(name) != after[name]} == set(done.changed_parts)
    assert {name for name in before if before[name] != after[name]} == {
        *("[Content_Types].xml", "xl/styles.xml", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"),
        *("xl/worksheets/sheet1.xml", "xl/worksheets/sheet2.xml"),
        *("xl/comments/comment1.xml", "xl/drawings/commentsDrawing1.vml"),
    }


def test_without_problems_only_the_list_is_new(tmp_path: Path) -> None:
    path = annotated(rich_book(tmp_path / "book.xlsx"))
    assert fills(path) == {}
    sheet = openpyxl.load_workbook(path)["Problems 2"]
    assert sheet["A1"].value == "book.xlsx: 0 errors, 0 warnings"


def test_a_line_of_the_list_is_as_high_as_its_wrapped_words(tmp_path: Path) -> None:
    path = annotated(
        rich_book(tmp_path / "book.xlsx"),
        problem("C2"),
        problem("C3", "word " * 30),
        problem("C4", "x\n" * 200),
    )
    sheet = openpyxl.load_workbook(path)["Problems 2"]
    assert [sheet.row_dimensions[row].height for row in (4, 5, 6)] == [None, 45, 405]


def test_a_marked_copy_is_not_marked_again_also_when_libreoffice_saved_it(tmp_path: Path) -> None:
    marked = annotated(rich_book(tmp_path / "book.xlsx"), problem("C2"))
    saved = saved_by_libreoffice(marked, tmp_path)
    for path in (marked, saved):
        with pytest.raises(WorkbookUnusable, match="itself a marked copy") as refused:
            write_annotated(path, tmp_path / "twice.xlsx", [problem("C2")])
        assert "Correct the workbook that it was made of" in refused.value.hint
        assert not (tmp_path / "twice.xlsx").exists()


def test_a_strict_workbook_is_marked_too(tmp_path: Path) -> None:
    strict = sheet_xml().replace(MAIN, STRICT)
    source = book(tmp_path / "book.xlsx", strict, strict=True)
    target = annotated(source, problem("B2", "is wrong", hint="mend it"), warning("A9"))
    assert set(open_xml_errors(target)) <= set(open_xml_errors(source))
    assert lint(target) == lint(source) == set()
    everything = parts(target)
    assert not [
        name for name, content in everything.items() if b"schemas.openxmlformats.org/spreadsheetml" in content
    ]
    types = b"".join(content for name, content in everything.items() if name.endswith(".rels"))
    assert b"http://schemas.openxmlformats.org/officeDocument/2006/relationships" not in types
    saved = saved_by_libreoffice(target, tmp_path)
    assert fills(saved) == {"B2": RED, "A9": YELLOW}
    assert comments(saved)["B2"] == "Error: is wrong, mend it"


def test_beyond_the_cap_cells_are_marked_and_listed_and_it_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(marks, "MOST_COMMENTS", 2)
    monkeypatch.setattr(problem_list, "MOST_COMMENTS", 2)
    path = annotated(rich_book(tmp_path / "book.xlsx"), *(problem(f"A{row}") for row in range(2, 7)))
    assert set(comments(path)) == {"A1", "A2", "A3", "C2"}
    assert len(fills(path)) == 5
    sheet = openpyxl.load_workbook(path)["Problems 2"]
    assert sheet["A3"].value == "Users: the first 2 of 5 marked cells have a comment."


def test_an_existing_file_is_refused_and_stays(tmp_path: Path) -> None:
    source = rich_book(tmp_path / "book.xlsx")
    before = source.read_bytes()
    with pytest.raises(WorkbookUnusable, match="is what this command reads"):
        write_annotated(source, source, [problem("A2")])
    with pytest.raises(UsageError, match="must end in"):
        write_annotated(source, tmp_path / "marked.xlsm", [problem("A2")])
    assert source.read_bytes() == before
    assert list(tmp_path.iterdir()) == [source]


def test_a_signed_workbook_is_refused_and_nothing_is_left_behind(tmp_path: Path) -> None:
    source = rich_book(tmp_path / "book.xlsx")
    everything = parts(source)
    signature = (
        b'<Relationship Id="rIdS" Target="_xmlsignatures/origin.sigs" Type="http://schemas.openxmlformats.org/'
        b'package/2006/relationships/digital-signature/origin"/></Relationships>'
    )
    with zipfile.ZipFile(source, "w") as archive:
        for name, content in everything.items():
            signed = content.replace(b"</Relationships>", signature) if name == "_rels/.rels" else content
            archive.writestr(name, signed)
    with pytest.raises(WorkbookUnusable, match="signed"):
        annotated(source, problem("A2"))
    assert list(tmp_path.iterdir()) == [source]


columns = st.sets(st.integers(1, 6), max_size=6)


@settings(max_examples=60)
@given(
    rows=st.dictionaries(st.integers(1, 6), st.tuples(columns, st.booleans()), max_size=6),
    marked=st.sets(st.tuples(st.integers(1, 7), st.integers(1, 7)), min_size=1),
)
def test_whatever_is_marked_is_marked_and_every_value_stays(
    tmp_path_factory: pytest.TempPathFactory,
    rows: dict[int, tuple[set[int], bool]],
    marked: set[tuple[int, int]],
) -> None:
    """Rows may be absent or empty; cells may be absent, and where they follow each other lack their `r`."""
    values, xml = {}, ""
    for row in sorted(rows):
        there, bare = rows[row]
        content, last = "", 0
        for column in sorted(there):
            address = f"{'ABCDEF'[column - 1]}{row}"
            values[address] = f"of {address}"
            cell = text_cell(address, f"of {address}")
            content += cell.replace(f' r="{address}"', "") if bare and column == last + 1 else cell
            last = column
        xml += f'<row r="{row}" spans="1:6">{content}</row>' if content else f'<row r="{row}"/>'
    folder = tmp_path_factory.mktemp("law")
    source = book(folder / "book.xlsx", sheet_xml(f"<sheetData>{xml}</sheetData>"))
    wrong = {f"{'ABCDEFG'[column - 1]}{row}" for row, column in marked}
    path = annotated(source, *map(problem, wrong))
    assert set(fills(path)) == wrong == set(comments(path))
    cells = (cell for row in openpyxl.load_workbook(path)["Users"] for cell in row)
    assert {cell.coordinate: cell.value for cell in cells if cell.value is not None} == values
