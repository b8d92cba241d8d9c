"""Packages written by hand, for what no library writes: every part is a text that a test can replace."""

import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from xml.sax.saxutils import escape
from zipfile import ZIP_DEFLATED, ZipFile

from xlsx2opeasy.ooxml.address import letters_of
from xlsx2opeasy.problems import Problem, Severity
from xlsx2opeasy.workbook.model import Sheet, Workbook
from xlsx2opeasy.workbook.read import read_workbook

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPES = (
    f'<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" '
    'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
STYLES = (
    f'<styleSheet xmlns="{MAIN}"><numFmts count="2"><numFmt numFmtId="170" formatCode="0000"/>'
    '<numFmt numFmtId="171" formatCode="&quot;Tel &quot;0"/></numFmts><cellXfs count="6"><xf numFmtId="0"/>'
    '<xf numFmtId="170"/><xf numFmtId="14"/><xf numFmtId="21"/><xf numFmtId="9"/><xf numFmtId="171"/>'
    "</cellXfs></styleSheet>"
)
PLAIN, ZEROS, DATE, TIME, PERCENT, PREFIXED = range(6)
"""The styles of `STYLES`."""


def text(value: str) -> str:
    """The inside of an inline text cell."""
    return f'<is><t xml:space="preserve">{escape(value)}</t></is>'


def cell(inside: str, kind: str = "n", style: int = PLAIN) -> str:
    """A cell whose address is filled in by `row`."""
    return f'<c r="@" s="{style}" t="{kind}">{inside}</c>'


def inline(value: str) -> str:
    """An inline text cell."""
    return cell(text(value), "inlineStr")


def number(value: str, style: int = PLAIN) -> str:
    """A number cell with what stands in `<v>`."""
    return cell(f"<v>{value}</v>", style=style)


def row(at: int, cells: Sequence[str], attributes: str = "") -> str:
    """A row; "" stands for a cell that is not there."""
    placed = [each.replace("@", f"{letters_of(column)}{at}", 1) for column, each in enumerate(cells, 1)]
    return f'<row r="{at}"{attributes}>{"".join(placed)}</row>'


def worksheet(rows: str, before: str = "", after: str = "", namespace: str = MAIN) -> str:
    """A worksheet part."""
    return (
        f'<worksheet xmlns="{namespace}" xmlns:r="{RELATIONS}">{before}<sheetData>{rows}</sheetData>{after}'
        "</worksheet>"
    )


def parts(
    sheets: Mapping[str, str], shared: str | None = None, state: str = "", properties: str = ""
) -> dict[str, str | bytes]:
    """The parts of a package whose sheets, by title, are given as worksheet parts."""
    relations, listed, found = "", "", {}
    for index, (title, sheet) in enumerate(sheets.items(), 1):
        relations += f'<Relationship Id="rId{index}" Type="{RELATIONS}/worksheet" Target="worksheets/sheet{index}.xml"/>'
        listed += f'<sheet name="{escape(title)}" sheetId="{index}" {state} r:id="rId{index}"/>'
        found[f"xl/worksheets/sheet{index}.xml"] = sheet
    relations += f'<Relationship Id="rIdS" Type="{RELATIONS}/styles" Target="styles.xml"/>'
    if shared is not None:
        relations += f'<Relationship Id="rIdT" Type="{RELATIONS}/sharedStrings" Target="sharedStrings.xml"/>'
        found["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{shared}</sst>'
    return {
        "[Content_Types].xml": TYPES,
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">{relations}</Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}">{properties}<sheets>{listed}</sheets>'
        "</workbook>",
        "xl/styles.xml": STYLES,
        **found,
    }


def packed(of: Mapping[str, str | bytes]) -> bytes:
    """The parts as a zip package."""
    buffer = io.BytesIO()
    with ZipFile(buffer, "w", ZIP_DEFLATED) as package:
        for name, content in of.items():
            package.writestr(name, content)
    return buffer.getvalue()


def write(folder: Path, of: Mapping[str, str | bytes]) -> Path:
    """The package as a file."""
    path = folder / "book.xlsx"
    path.write_bytes(packed(of))
    return path


def users(folder: Path, headers: Sequence[str], *rows: Sequence[str], **more: str) -> Workbook:
    """A workbook read whose sheet Users has these headers and rows of cells (rows from row 2 on)."""
    listed = row(1, [inline(header) for header in headers])
    listed += "".join(row(at, cells) for at, cells in enumerate(rows, 2))
    return read_workbook(write(folder, parts({"Users": worksheet(listed, **more)})))


def one_cell(folder: Path, header: str, content: str, **more: str) -> Sheet:
    """The sheet Users with one row: a command, a first name, and the cell `content` below `header` (C2)."""
    book = users(
        folder, ["command", "user.firstName", header], [inline("AddUser"), inline("Ann"), content], **more
    )
    return book.sheets[0]


def value(sheet: Sheet, header: str, at: int = 2) -> str:
    """The text of one cell as read."""
    return str(sheet.rows.loc[at, header])


def errors(problems: Sequence[Problem]) -> list[str]:
    """The rules of the errors."""
    return [problem.rule for problem in problems if problem.severity is Severity.ERROR]


def warnings(problems: Sequence[Problem]) -> list[str]:
    """The rules of the warnings."""
    return [problem.rule for problem in problems if problem.severity is Severity.WARNING]
