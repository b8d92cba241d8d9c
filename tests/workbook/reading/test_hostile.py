"""Files made for the attack, and files that are no workbooks."""

import io
import struct
from dataclasses import replace
from pathlib import Path
from zipfile import ZIP_BZIP2, ZipFile, ZipInfo

import pytest
from handmade import MAIN, TYPES, errors, inline, number, packed, parts, row, users, worksheet, write

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml import guard
from xlsx2opeasy.ooxml.limits import USUAL, Limits
from xlsx2opeasy.workbook.read import read_workbook

ROWS = row(1, [inline("command"), inline("user.title")]) + row(2, [inline("AddUser"), inline("Boss")])


def book(rows: str = ROWS, **more: str) -> dict[str, str | bytes]:
    return parts({"Users": worksheet(rows, **more)})


def refusal(folder: Path, data: bytes, name: str = "book.xlsx", limits: Limits = USUAL) -> WorkbookUnusable:
    path = folder / name
    path.write_bytes(data)
    with pytest.raises(WorkbookUnusable) as caught:
        read_workbook(path, limits)
    assert caught.value.hint
    return caught.value


def test_s01_a_part_that_inflates_too_far_names_the_part_and_the_limit(tmp_path: Path) -> None:
    of = book() | {"xl/bomb.xml": b"<a>" + b" " * (5 << 20) + b"</a>"}
    message = refusal(tmp_path, packed(of)).message
    assert "bomb.xml" in message
    assert f"{USUAL.ratio} times" in message


def test_a_picture_of_blank_paper_is_no_bomb(tmp_path: Path) -> None:
    of = book() | {"xl/media/image1.bmp": b"\xff" * (5 << 20)}
    assert len(read_workbook(write(tmp_path, of)).sheets[0].rows) == 1


@pytest.mark.parametrize(("limit", "value"), [("part", 1000), ("total", 1500)])
def test_s01_limits(tmp_path: Path, limit: str, value: int) -> None:
    of = book() | {"xl/more.xml": "<a>" + "b" * 3000 + "</a>"}
    found = refusal(tmp_path, packed(of), limits=replace(USUAL, **{limit: value}))
    assert f"{value:,}" in found.message
    assert "--large" in found.hint


def test_s01_number_of_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "ENTRY_LIMIT", 3)
    assert "the limit is 3" in refusal(tmp_path, packed(book())).message


def test_s01_size_in_the_directory_is_not_believed(tmp_path: Path) -> None:
    data = bytearray(packed(book()))
    at = data.rfind(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<I", 3)
    assert "damaged" in refusal(tmp_path, bytes(data)).message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "part", ["xl/workbook.xml", "xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels"]
)
def test_s02_a_doctype_in_what_is_parsed_is_refused(tmp_path: Path, part: str, encoding: str) -> None:
    of = book()
    content = str(of.get(part, "<a/>"))
    of[part] = f'<!DOCTYPE a [<!ENTITY b "{"c" * 50}">]>{content}'.encode(encoding)
    message = refusal(tmp_path, packed(of)).message
    assert "DOCTYPE" in message
    assert part in message


@pytest.mark.parametrize(
    "part", ["xl/media/image1.svg", "xl/media/image1.jpeg", "docProps/core.xml", "customXml/item1.xml"]
)
def test_a_doctype_in_what_nobody_parses_is_no_matter(tmp_path: Path, part: str) -> None:
    of = book() | {part: '<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "x"><svg/>'}
    assert len(read_workbook(write(tmp_path, of)).sheets[0].rows) == 1


@pytest.mark.parametrize("address", ["A1048577", "XFE1", "A2147483647", "A0", "AAAA1"])
def test_s04_addresses_outside_the_grid(tmp_path: Path, address: str) -> None:
    at = "".join(filter(str.isdigit, address))
    rows = f'{ROWS}<row r="{at}"><c r="{address}"><v>1</v></c></row>'
    assert "grid" in refusal(tmp_path, packed(book(rows))).message


def test_s04_two_cells_at_both_ends_of_the_grid(tmp_path: Path) -> None:
    rows = ROWS + '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
    sheet = read_workbook(write(tmp_path, book(rows))).sheets[0]
    assert list(sheet.rows.index) == [2]
    assert [(each.rule, each.column) for each in sheet.problems] == [("no-header", "XFD")]


def test_s04_a_task_in_the_last_row(tmp_path: Path) -> None:
    rows = ROWS + row(1048576, [inline("AddUser"), inline("Last")])
    assert list(read_workbook(write(tmp_path, book(rows))).sheets[0].rows.index) == [2, 1048576]


def test_s04_merged_and_linked_areas_are_never_expanded(tmp_path: Path) -> None:
    after = '<mergeCells count="1"><mergeCell ref="A1:XFD1048576"/></mergeCells>'
    after += '<hyperlinks><hyperlink ref="A1:XFD1048576" location="A1"/></hyperlinks>'
    sheet = read_workbook(write(tmp_path, book(after=after))).sheets[0]
    assert errors(sheet.problems) == ["merged-cells"]


@pytest.mark.parametrize("count", ["4294967295", "150000", "0", "-1", "x", ""])
def test_s04_counts_are_not_believed(tmp_path: Path, count: str) -> None:
    rows = ROWS + row(3, ['<c r="@" t="s"><v>0</v></c>', inline("Clerk")])
    of = parts({"Users": worksheet(rows)}, shared="")
    of["xl/sharedStrings.xml"] = (
        f'<sst xmlns="{MAIN}" count="{count}" uniqueCount="{count}"><si><t>AddUser</t></si></sst>'
    )
    assert read_workbook(write(tmp_path, of)).sheets[0].rows["command"].tolist() == ["AddUser"] * 2


def test_s04_too_many_sheets(tmp_path: Path) -> None:
    of = book()
    of["xl/workbook.xml"] = str(of["xl/workbook.xml"]).replace(
        "</sheets>", '<sheet name="x" sheetId="9" r:id="rId1"/>' * 1000 + "</sheets>"
    )
    assert "1,001 sheets" in refusal(tmp_path, packed(of)).message


@pytest.mark.parametrize("name", ["../../../x", "xl\\..\\x", "C:/x"])
def test_s05_part_names_that_lead_outside(tmp_path: Path, name: str) -> None:
    found = refusal(tmp_path, packed(book() | {name: "x"}))
    assert "outside" in found.message
    assert "trust" in found.hint


@pytest.mark.parametrize("name", ["/xl/extra.xml", "\\xl\\extra.xml", "xl/extra\x01.xml"])
def test_a_slip_of_the_writer_is_refused_without_an_accusation(tmp_path: Path, name: str) -> None:
    found = refusal(tmp_path, packed(book() | {name: "x"}))
    assert "its part" in found.message
    assert "trust" not in found.hint


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["xl/styles.xml", "XL/Styles.XML"])
def test_s05_parts_of_one_name(tmp_path: Path, name: str) -> None:
    buffer = io.BytesIO(packed(book()))
    with ZipFile(buffer, "a") as package:
        package.writestr(name, "x")
    assert "twice" in refusal(tmp_path, buffer.getvalue()).message


def test_s05_overlapping_parts(tmp_path: Path) -> None:
    buffer = io.BytesIO(packed(book()))
    with ZipFile(buffer, "a") as package:
        copy = ZipInfo("xl/again.xml")
        for name in ("header_offset", "compress_size", "file_size", "CRC", "compress_type"):
            setattr(copy, name, getattr(package.getinfo("xl/styles.xml"), name))
        package.filelist.append(copy)
        package.NameToInfo[copy.filename] = copy
        package._didModify = True
    assert "overlaps" in refusal(tmp_path, buffer.getvalue()).message


def test_s05_other_compression(tmp_path: Path) -> None:
    buffer = io.BytesIO(packed(book()))
    with ZipFile(buffer, "a", ZIP_BZIP2) as package:
        package.writestr("xl/more.xml", "<a/>")
    assert "compressed" in refusal(tmp_path, buffer.getvalue()).message


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "(.xls)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "password"),
        (b"command,user.userId\nAddUser,x\n", "CSV"),
        (b"<html><body>Sign in</body></html>", "web page"),
        (b"%PDF-1.7\n", "PDF"),
        (b"junk" + packed(book()), "before it"),
        (packed({"mimetype": "application/vnd.oasis.opendocument.spreadsheet", "content.xml": "x"}), ".ods"),
        (packed({"Index/Document.iwa": "x"}), "Numbers"),
        (packed({"a.txt": "x"}), "zip archive"),
        (
            packed(
                {"[Content_Types].xml": TYPES.replace("spreadsheetml.sheet", "wordprocessingml.document")}
            ),
            "Word",
        ),
        (
            packed(
                {
                    "[Content_Types].xml": TYPES.replace(
                        "vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
                        "vnd.ms-excel.sheet.binary.macroEnabled.main",
                    )
                }
            ),
            ".xlsb",
        ),
    ],
)
def test_s06_other_files_are_named(tmp_path: Path, data: bytes, words: str) -> None:
    assert words in refusal(tmp_path, data).message


def test_s06_truncated(tmp_path: Path) -> None:
    assert "damaged" in refusal(tmp_path, packed(book())[:-40]).message


def test_s07_macros_are_told(tmp_path: Path) -> None:
    of = book() | {"xl/vbaProject.bin": b"\xd0\xcf\x11\xe0"}
    of["[Content_Types].xml"] = TYPES.replace(
        "vnd.openxmlformats-officedocument.spreadsheetml.sheet.main", "vnd.ms-excel.sheet.macroEnabled.main"
    )
    found = read_workbook(write(tmp_path, of))
    assert [each.rule for each in found.problems] == ["macros"]
    assert len(found.sheets[0].rows) == 1


@pytest.mark.parametrize("target", ["../../../etc/passwd", "worksheets/missing.xml"])
def test_a_sheet_without_a_part_is_an_error(tmp_path: Path, target: str) -> None:
    of = book()
    of["xl/_rels/workbook.xml.rels"] = str(of["xl/_rels/workbook.xml.rels"]).replace(
        "worksheets/sheet1.xml", target
    )
    refusal(tmp_path, packed(of))


def test_external_sheets_are_never_fetched(tmp_path: Path) -> None:
    of = book()
    of["xl/_rels/workbook.xml.rels"] = str(of["xl/_rels/workbook.xml.rels"]).replace(
        'Target="worksheets/sheet1.xml"', 'Target="http://192.0.2.1/x.xml" TargetMode="External"'
    )
    assert "no part of the file" in refusal(tmp_path, packed(of)).message


def test_shared_text_that_is_not_there(tmp_path: Path) -> None:
    rows = ROWS + row(3, ['<c r="@" t="s"><v>7</v></c>'])
    assert "shared text 7" in refusal(tmp_path, packed(book(rows))).message


@pytest.mark.parametrize("rows", ["<row r='2'><c r=\"A2\"", ROWS + '<row r="3"><c r="A3"><v>1</c></row>'])
def test_xml_that_is_not_well_formed(tmp_path: Path, rows: str) -> None:
    assert "damaged" in refusal(tmp_path, packed(book(rows))).message


def test_a_format_only_tail_is_quick_and_empty(tmp_path: Path) -> None:
    tail = "".join(f'<row r="{at}"><c r="A{at}" s="1"/></row>' for at in range(3, 60_000))
    sheet = read_workbook(write(tmp_path, book(ROWS + tail))).sheets[0]
    assert list(sheet.rows.index) == [2]


def test_numbers_below_deep_markup_do_not_hang(tmp_path: Path) -> None:
    found = users(tmp_path, ["command", "user.title"], [inline("AddUser"), number("1" * 5000)])
    assert errors(found.sheets[0].problems) == ["digits-lost"]
