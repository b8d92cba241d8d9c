"""The same sheet in every spelling that XML and the producers of workbooks allow."""

from pathlib import Path

import pytest
from handmade import MAIN, RELATIONS, STRICT, inline, parts, row, worksheet, write

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
