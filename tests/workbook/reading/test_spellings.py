"""The same sheet in every spelling that XML and the producers of workbooks allow."""

from pathlib import Path

import pytest
from handmade import MAIN, RELATIONS, STRICT, inline, parts, row, worksheet, write

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.workbook.read import read_workbook

HEAD = row(1, [inline("command"), inline("user.lastName"), inline("user.title")])
DATA = row(2, [inline("AddUser"), inline("Müller & <Söhne>"), '<c r="C2" s="0"><v>7</v></c>'])
PLAIN = worksheet(HEAD + DATA)
SHARED = "<si><t>AddUser</t></si><si><t>Müller &amp; &lt;Söhne&gt;</t></si>"
BY_NUMBER = '<row r="2"><c r="A2" t="s"><v>0</v></c><c r="B2" t="s"><v>1</v></c><c r="C2"><v>7</v></c></row>'


def read(folder: Path, sheet: str | bytes, shared: str | bytes | None = None) -> list[list[str]]:
    of = parts({"Users": PLAIN}, shared=None if shared is None else "")
    of["xl/worksheets/sheet1.xml"] = sheet
    if shared is not None:
        of["xl/sharedStrings.xml"] = shared
    found = read_workbook(write(folder, of))
    return found.sheets[0].rows.to_numpy().tolist()


def prefixed(sheet: str) -> str:
    for name in ("worksheet", "sheetData", "row", "c", "v", "is", "t"):
        for old, new in (
            (f"<{name} ", f"<x:{name} "),
            (f"<{name}>", f"<x:{name}>"),
            (f"</{name}>", f"</x:{name}>"),
        ):
            sheet = sheet.replace(old, new)
    return sheet.replace("xmlns=", "xmlns:x=")


SPELLINGS = {
    "plain": PLAIN,
    "byte order mark": b"\xef\xbb\xbf" + PLAIN.encode(),
    "declaration": '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n' + PLAIN,
    "utf-16": PLAIN.encode("utf-16"),
    "utf-16 declared": ('<?xml version="1.0" encoding="UTF-16"?>' + PLAIN).encode("utf-16"),
    "latin-1": ('<?xml version="1.0" encoding="ISO-8859-1"?>' + PLAIN).encode("latin-1"),
    "prefixes": prefixed(PLAIN),
    "strict": PLAIN.replace(MAIN, STRICT).replace(
        RELATIONS, "http://purl.oclc.org/ooxml/officeDocument/relationships"
    ),
    "comments": PLAIN.replace("<sheetData>", "<!-- <sheetData> --><sheetData>").replace(
        '<row r="2">', '<row r="2"><!-- <c r="A9"> -->'
    ),
    "cdata": PLAIN.replace("Müller &amp; &lt;Söhne&gt;", "<![CDATA[Müller & <Söhne>]]>"),
    "bare >": PLAIN.replace("&gt;", ">"),
    "single quotes": PLAIN.replace('"', "'"),
    "white space": PLAIN.replace("><", ">\r\n\t<").replace("<t xml", "<t  xml"),
    "cells without addresses": PLAIN.replace(' r="A2"', "").replace(' r="B2"', "").replace(' r="C2"', ""),
    "rows without numbers": PLAIN.replace('<row r="1">', "<row>").replace('<row r="2">', "<row>"),
    "attributes in another order": PLAIN.replace('r="C2" s="0"', 's="0" r="C2"'),
    "many attributes": PLAIN.replace('r="C2" s="0"', 'r="C2" s="0" cm="1" vm="1" ph="1" t="n"'),
    "references": PLAIN.replace("ü", "&#252;").replace("ö", "&#xF6;"),
    "runs": PLAIN.replace(
        '<t xml:space="preserve">Müller &amp; &lt;Söhne&gt;</t>',
        '<r><t>Müller</t></r><r><rPr><b/></rPr><t xml:space="preserve"> &amp; &lt;Söhne&gt;</t></r>'
        '<rPh sb="0" eb="1"><t>phonetic</t></rPh><phoneticPr fontId="1"/>',
    ),
    "extension after the rows": PLAIN.replace(
        "</worksheet>", '<extLst><ext uri="x"><x:c xmlns:x="y" r="A2"/></ext></extLst></worksheet>'
    ),
    "value beside inline text": PLAIN.replace("<is>", "<v>other</v><is>"),
    "wrong dimension": PLAIN.replace("<sheetData>", '<dimension ref="A1"/><sheetData>'),
    "a style beyond all numbers": PLAIN.replace('s="0"', 's="99999999999999999999"'),
    "a style that is no number": PLAIN.replace('s="0"', 's="x"'),
    "a tail of formats": PLAIN.replace("</sheetData>", '<row r="1048576" spans="1:3"/></sheetData>'),
    "shared texts": worksheet(HEAD + BY_NUMBER),
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_says_the_same(tmp_path: Path, spelling: str) -> None:
    shared = f'<sst xmlns="{MAIN}">{SHARED}</sst>'
    assert read(tmp_path, SPELLINGS[spelling], shared) == [["AddUser", "Müller & <Söhne>", "7"]]


@pytest.mark.parametrize(
    "shared",
    [
        f'<sst xmlns="{MAIN}" count="2" uniqueCount="2">{SHARED}</sst>',
        f'<?xml version="1.0" encoding="UTF-16"?><sst xmlns="{MAIN}">{SHARED}</sst>'.encode("utf-16"),
        f'<x:sst xmlns:x="{MAIN}">{SHARED}</x:sst>'.replace("<si>", "<x:si>")
        .replace("</si>", "</x:si>")
        .replace("<t>", "<x:t>")
        .replace("</t>", "</x:t>"),
        f'<sst xmlns="{MAIN}"><!-- <si> -->{SHARED}</sst>',
        f'<sst xmlns="{MAIN}">{SHARED.replace("Müller &amp; &lt;Söhne&gt;", "<![CDATA[Müller & <Söhne>]]>")}</sst>',
        f'<sst xmlns="{MAIN}">\r\n  {SHARED.replace("><", ">  <")}\r\n</sst>',
        f'<sst xmlns="{MAIN}">{SHARED.replace("&gt;", ">")}</sst>',
        f'<sst xmlns="{MAIN}">{SHARED.replace("<t>Müller &amp; ", "<r><t>Müller </t></r><r><t xml:space=$preserve$>".replace("$", chr(34)) + " &amp; ").replace("&gt;</t>", "&gt;</t></r>")}</sst>',
    ],
    ids=["plain", "utf-16", "prefixes", "comment", "cdata", "white space", "bare >", "runs"],
)
def test_every_spelling_of_the_shared_texts(tmp_path: Path, shared: str | bytes) -> None:
    assert read(tmp_path, worksheet(HEAD + BY_NUMBER), shared) == [["AddUser", "Müller & <Söhne>", "7"]]


def test_d41_a_package_wholly_in_utf_16(tmp_path: Path) -> None:
    of = {name: str(content).encode("utf-16") for name, content in parts({"Users": PLAIN}).items()}
    found = read_workbook(write(tmp_path, of))
    assert found.sheets[0].rows.to_numpy().tolist() == [["AddUser", "Müller & <Söhne>", "7"]]


FOREIGN = 'xmlns="urn:q"'
MISPLACED = {
    "a foreign row": f'<row r="3" {FOREIGN}><c r="A3" t="str"><v>x</v></c></row>',
    "a foreign cell": f'<row r="3"><c r="A3" t="str" {FOREIGN}><v>x</v></c></row>',
    "a cell of no namespace": '<row r="3"><c r="A3" t="str" xmlns=""><v>x</v></c></row>',
    "a foreign value": f'<row r="3"><c r="A3" t="str"><v {FOREIGN}>x</v></c></row>',
    "a value within another element": '<row r="3"><c r="A3" t="str"><x><v>x</v></x></c></row>',
    "a cell within another element": '<row r="3"><x><c r="A3" t="str"><v>x</v></c></x></row>',
    "a row within another element": '<x><row r="3"><c r="A3" t="str"><v>x</v></c></row></x>',
    "an element whose name begins alike": '<row r="3"><c r="A3" t="str"><vx>x</vx></c></row>',
    "a text within another element": '<row r="3"><c r="A3" t="inlineStr"><is><x><t>x</t></x></is></c></row>',
    "a cell within a cell": '<row r="3"><c r="A3"><c r="B3" t="str"><v>x</v></c></c></row>',
}


@pytest.mark.parametrize("odd", MISPLACED)
def test_what_other_readers_might_take_for_a_cell_is_refused(tmp_path: Path, odd: str) -> None:
    with pytest.raises(WorkbookUnusable, match=r"an element .* where none may be"):
        read(tmp_path, worksheet(HEAD + DATA + MISPLACED[odd]))


@pytest.mark.parametrize("namespace", ["", "urn:q"])
def test_rows_of_another_namespace_are_refused(tmp_path: Path, namespace: str) -> None:
    with pytest.raises(WorkbookUnusable, match="an element sheetData where none may be"):
        read(tmp_path, PLAIN.replace("<sheetData", f'<sheetData xmlns="{namespace}"'))


def test_elements_of_other_namespaces_are_skipped(tmp_path: Path) -> None:
    sheet = PLAIN.replace('<row r="2">', f'<row r="2"><z {FOREIGN}><v>x</v></z>')
    assert read(tmp_path, sheet) == [["AddUser", "Müller & <Söhne>", "7"]]


ITEMS = {
    "<t>a</t><t>b</t>": "ab",
    "<r><t>a</t></r><t>b</t>": "ab",
    '<t xml:space="default"> a </t>': "a",
    '<t a="1"> a </t>': "a",
    '<t>a</t><rPh sb="0" eb="1"><t>b</t></rPh>': "a",
    "<r><rPr><b/><x><t>c</t></x></rPr><t>a</t></r>": "a",
    "<rPh><t>b</t></rPh><r><t>a</t></r>": "a",
}


@pytest.mark.parametrize("item", ITEMS)
def test_odd_items_of_shared_texts(tmp_path: Path, item: str) -> None:
    shared = f'<sst xmlns="{MAIN}"><si><t>AddUser</t></si><si>{item}</si></sst>'
    assert read(tmp_path, worksheet(HEAD + BY_NUMBER), shared) == [["AddUser", ITEMS[item], "7"]]


@pytest.mark.parametrize(
    "item",
    ["<x><t>c</t></x>", "<t>a<b/>b</t>", "<t>a<t>b</t></t>", f"<t {FOREIGN}>a</t>", "<si><t>a</t></si>"],
)
def test_a_misplaced_element_in_a_shared_text_is_refused(tmp_path: Path, item: str) -> None:
    shared = f'<sst xmlns="{MAIN}"><si><t>AddUser</t></si><si>{item}</si></sst>'
    with pytest.raises(WorkbookUnusable, match=r"an element .* where none may be"):
        read(tmp_path, worksheet(HEAD + BY_NUMBER), shared)


@pytest.mark.parametrize(
    "rows",
    [
        '<row r="3" r="4"/>',
        '<row r="3"><c r="A3" t="s" t="str"><v>0</v></c></row>',
        '<row r="3"><c r="A3"><v>1</v></c></c></row>',
        '<row r="3"><c r="A3"><v>1</c></v></row>',
        '<row r="3"><c r="A3"><v>1]]></v></c></row>',
        '<row r="3"><c r="A3" t="str"><v>a\x01b</v></c></row>',
        '<row r="3"><c r="A3" t="str"><v>a\uffffb</v></c></row>',
        '<row r="3"><c r="A3" s="<"/></row>',
    ],
)
def test_rows_that_are_no_xml_are_refused(tmp_path: Path, rows: str) -> None:
    with pytest.raises(WorkbookUnusable, match="damaged"):
        read(tmp_path, worksheet(HEAD + DATA + rows))


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"])
@pytest.mark.parametrize(
    "change",
    [
        ("<", '<?xml version="1.0" encoding=""?><'),
        ("<", "<?xml version='1.0' standalone='maybe'?><"),
        (" xmlns=", ' xmlns="s" xmlns='),
        (" xmlns=", " x:y='1' xmlns="),
        (" xmlns=", " a='<' xmlns="),
    ],
)
def test_a_part_that_begins_as_no_xml_is_refused(tmp_path: Path, part: str, change: tuple[str, str]) -> None:
    of = parts({"Users": PLAIN}, shared=SHARED)
    of[part] = str(of[part]).replace(*change, 1)
    with pytest.raises(WorkbookUnusable, match="damaged"):
        read_workbook(write(tmp_path, of))


@pytest.mark.parametrize("old", ["<worksheet", "main"])
def test_a_part_that_is_no_worksheet_is_refused_not_read_as_empty(tmp_path: Path, old: str) -> None:
    new = {"<worksheet": "<chartsheet", "main": "other"}[old]
    with pytest.raises(WorkbookUnusable, match="not what it should be"):
        read(
            tmp_path,
            PLAIN.replace(old, new, 1).replace(
                "</worksheet", f"</{new[1:]}" if old[0] == "<" else "</worksheet"
            ),
        )


def test_rows_in_two_places_are_told(tmp_path: Path) -> None:
    twice = PLAIN.replace("</sheetData>", f"</sheetData><sheetData>{DATA}</sheetData>")
    book = read_workbook(write(tmp_path, parts({"Users": twice})))
    assert [each.rule for each in book.problems] == ["disorder"]


@pytest.mark.parametrize("encoding", ["x-unknown", "rot13", "hex", "undefined"])
@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"])
def test_an_encoding_that_is_not_known_is_told(tmp_path: Path, encoding: str, part: str) -> None:
    of = parts({"Users": PLAIN}, shared="")
    of[part] = f'<?xml version="1.0" encoding="{encoding}"?>{of[part]}'
    with pytest.raises(WorkbookUnusable, match=f"in the encoding {encoding}, which is not known"):
        read_workbook(write(tmp_path, of))


@pytest.mark.parametrize("part", ["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml"])
def test_what_is_still_no_utf_8_once_decoded_is_told(tmp_path: Path, part: str) -> None:
    """UTF-32 begins as UTF-16 does, and what is decoded as such looks like UTF-16 once more."""
    of: dict[str, str | bytes] = {**parts({"Users": PLAIN}, shared="")}
    of[part] = f'<?xml version="1.0" encoding="x-unknown"?>{of[part]}'.encode("utf-32")
    with pytest.raises(WorkbookUnusable, match=f"The part {part} of the workbook is damaged"):
        read_workbook(write(tmp_path, of))


@pytest.mark.parametrize("declared", ["UTF-16", "utf-16LE", "ISO-10646-UCS-2", ""])
def test_utf_16_is_read(tmp_path: Path, declared: str) -> None:
    book = read_workbook(write(tmp_path, in_utf_16(declared)))
    assert book.sheets[0].rows.to_numpy().tolist() == read(tmp_path, PLAIN)


@pytest.mark.parametrize("declared", ["rot13", "UTF-8", "windows-1252"])
def test_utf_16_that_says_it_is_something_else_is_told(tmp_path: Path, declared: str) -> None:
    with pytest.raises(WorkbookUnusable, match=f"is in UTF-16, and says that it is in {declared}"):
        read_workbook(write(tmp_path, in_utf_16(declared)))


def in_utf_16(declared: str) -> dict[str, str | bytes]:
    of: dict[str, str | bytes] = {**parts({"Users": PLAIN})}
    head = f'<?xml version="1.0" encoding="{declared}"?>' if declared else '<?xml version="1.0"?>'
    of["xl/worksheets/sheet1.xml"] = f"{head}{of['xl/worksheets/sheet1.xml']}".encode("utf-16-le")
    return of
