"""Workbooks made by hand for the tests, and what other programs read in the ones we write."""

import csv
import subprocess
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import openpyxl
from python_calamine import CalamineWorkbook

from xlsx2opeasy.spec.outcomes import Outcome, RowResult
from xlsx2opeasy.workbook.results.write import SheetResults, Written, write_results

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STRICT_RELATIONS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
DECLARATION = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
SHEET, STYLES, CHAIN = "xl/worksheets/sheet1.xml", "xl/styles.xml", "xl/calcChain.xml"

FAILED = RowResult(Outcome.FAILED, "101", "User does not exist.", "job 7")
SUCCESS = RowResult(Outcome.SUCCESS, job="job 7")

ROWS = (
    '<sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>command</t></is></c>'
    '<c r="B1" t="inlineStr"><is><t>user.userId</t></is></c></row>'
    '<row r="2"><c r="A2" t="inlineStr"><is><t>AddUser</t></is></c><c r="B2"><v>12</v></c></row></sheetData>'
)


def text_cell(reference: str, text: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t>{text}</t></is></c>'


def sheet_xml(content: str = ROWS) -> str:
    return f'{DECLARATION}<worksheet xmlns="{MAIN}" xmlns:r="{_RELATIONS}">{content}</worksheet>'


def book(
    path: Path,
    sheet: str | bytes,
    parts: Mapping[str, str | bytes] | None = None,
    *,
    strict: bool = False,
    sheet_target: str = "worksheets/sheet1.xml",
    related: Mapping[str, str] | None = None,
) -> Path:
    """A workbook with one sheet, `Users`; `parts` are further ones, `related` their kinds and names in `xl/`."""
    base = _STRICT_RELATIONS if strict else _RELATIONS
    links = {"worksheet": sheet_target} | dict(related or {})
    relations = "".join(
        f'<Relationship Id="rId{number}" Type="{base}/{kind}" Target="{target}"/>'
        for number, (kind, target) in enumerate(links.items(), start=1)
    )
    overrides = "".join(
        f'<Override PartName="/xl/{target}" ContentType="{_TYPE}.{kind}+xml"/>'
        for kind, target in links.items()
    )
    entries: dict[str, str | bytes] = {
        "[Content_Types].xml": f'{DECLARATION}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>{overrides}</Types>',
        "_rels/.rels": f'{DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">'
        f'<Relationship Id="rId1" Type="{base}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{DECLARATION}<workbook xmlns="{STRICT if strict else MAIN}" xmlns:r="{base}"><sheets>'
        '<sheet name="Users" sheetId="1" r:id="rId1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": f'{DECLARATION}<Relationships xmlns="{_PACKAGE}/relationships">{relations}'
        "</Relationships>",
        SHEET: sheet,
        **(parts or {}),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def write(
    source: Path,
    results: Mapping[int, RowResult],
    target: Path | None = None,
    *,
    title: str = "Users",
    header_row: int = 1,
) -> Written:
    """Writes results of one sheet, by default beside the source."""
    target = target or source.with_name(f"{source.stem}.results{source.suffix}")
    return write_results(source, target, [SheetResults(title, header_row, results)])


def without_entry(path: Path, name: str) -> Path:
    """The package without one of its entries."""
    kept = {each: content for each, content in contents(path).items() if each != name}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for each, content in kept.items():
            archive.writestr(each, content)
    return path


def part(path: Path, name: str) -> str:
    with zipfile.ZipFile(path) as archive:
        return archive.read(name).decode()


def contents(path: Path) -> dict[str, bytes]:
    """Every part, inflated, in the package's order."""
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def compressed(path: Path) -> dict[str, bytes]:
    """Every entry's compressed bytes."""
    found = {}
    with zipfile.ZipFile(path) as archive, path.open("rb") as file:
        for entry in archive.infolist():
            file.seek(entry.header_offset + 26)
            name, extra = (int.from_bytes(file.read(2), "little") for _ in range(2))
            file.seek(name + extra, 1)
            found[entry.filename] = file.read(entry.compress_size)
    return found


def by_openpyxl(path: Path, title: str = "Users") -> dict[str, Any]:
    """The values of a sheet by address, as openpyxl reads them."""
    book = openpyxl.load_workbook(path)
    try:
        return {cell.coordinate: cell.value for row in book[title] for cell in row if cell.value is not None}
    finally:
        book.close()


def by_calamine(path: Path, title: str = "Users") -> list[list[Any]]:
    """The values of a sheet as calamine reads them, from A1 on."""
    return CalamineWorkbook.from_path(str(path)).get_sheet_by_name(title).to_python(skip_empty_area=False)


def by_libreoffice(path: Path, folder: Path) -> list[list[str]]:
    """The texts of the first sheet as LibreOffice shows them."""
    export = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,1"
    _soffice("--convert-to", export, "--outdir", str(folder), str(path), folder=folder)
    (found,) = folder.glob(f"{path.stem}*.csv")
    with found.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


def saved_by_libreoffice(path: Path, folder: Path) -> Path:
    """The workbook as LibreOffice saves it."""
    _soffice("--convert-to", "xlsx:Calc MS Excel 2007 XML", "--outdir", str(folder), str(path), folder=folder)
    return folder / path.name


def _soffice(*arguments: str, folder: Path) -> None:
    profile = f"-env:UserInstallation=file://{folder}/profile"
    subprocess.run(
        ["soffice", profile, "--headless", *arguments], check=True, capture_output=True, timeout=120
    )
