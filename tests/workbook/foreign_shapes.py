"""Task workbooks as Google Sheets, Numbers and ClosedXML spell them, written by hand after files of theirs."""

from collections.abc import Mapping
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_RELS_TYPE = "application/vnd.openxmlformats-package.relationships+xml"

ROWS = (
    ("command", "groupId", "user.userId", "user.extension", "user.vmTranscription"),
    ("AddUser", "Dallas", "john.doe@example.com", "0101", "TRUE"),
    ("AddUser", "Dallas", "zoë & jane@example.com", "102", "FALSE"),
)
"""What each of them holds; extension 102 is a number, the last column holds booleans."""

TEXTS = tuple(dict.fromkeys(text for row in ROWS for text in row[:4] if text != "102"))
SHARED = "".join(f"<si><t>{text}</t></si>" for text in (*TEXTS, ROWS[0][4])).replace(" & ", " &amp; ")
BOOLEAN = len(TEXTS)


def _package(path: Path, parts: Mapping[str, str]) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as package:
        for name, content in parts.items():
            package.writestr(name, content)
    return path


def _cells(number: int, row: tuple[str, ...], shape: str, number_102: str) -> str:
    """A row's cells; `shape` has `{address}`, `{kind}` and `{value}`."""
    cells = []
    for letter, text in zip("ABCDE", row, strict=True):
        if text in ("TRUE", "FALSE"):
            kind, value = ' t="b"', str(int(text == "TRUE"))
        elif text == "102":
            kind, value = "", number_102
        else:
            kind, value = ' t="s"', str(BOOLEAN if text == ROWS[0][4] else TEXTS.index(text))
        cells.append(shape.format(address=f"{letter}{number}", kind=kind, value=value))
    return "".join(cells)


def google_sheets(path: Path) -> Path:
    """A carriage return after the declaration, `1.0E12` numbers, a drawing that is empty, `<definedNames/>`."""
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r'
    more = (
        'xmlns:mx="http://schemas.microsoft.com/office/mac/excel/2008/main" '
        'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
        'xmlns:mv="urn:schemas-microsoft-com:mac:vml" '
        'xmlns:x14="http://schemas.microsoft.com/office/spreadsheetml/2009/9/main" '
        'xmlns:x14ac="http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac" '
        'xmlns:xm="http://schemas.microsoft.com/office/excel/2006/main"'
    )
    rows = "".join(
        f'<row r="{number}">{_cells(number, row, GOOGLE_CELL, "102.0")}</row>'
        for number, row in enumerate(ROWS, 1)
    )
    drawing = "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing"
    kinds = {2: "styles", 3: "sharedStrings"}
    links = "".join(
        f'<Relationship Id="rId{number}" Type="{RELATIONS}/{kind}" Target="{kind}.xml"/>'
        for number, kind in kinds.items()
    )
    return _package(
        path,
        {
            "xl/drawings/drawing1.xml": f'{head}<xdr:wsDr xmlns:xdr="{drawing}" xmlns:r="{RELATIONS}"/>',
            "xl/worksheets/sheet1.xml": f'{head}<worksheet xmlns="{MAIN}" xmlns:r="{RELATIONS}" {more}><sheetPr>'
            '<outlinePr summaryBelow="0" summaryRight="0"/></sheetPr><sheetViews><sheetView workbookViewId="0"/>'
            '</sheetViews><sheetFormatPr customHeight="1" defaultColWidth="12.63" defaultRowHeight="15.75"/>'
            '<cols><col customWidth="1" min="3" max="4" width="21.86"/></cols>'
            f'<sheetData>{rows}<row r="1000"><c r="A1000" s="1"/></row></sheetData><drawing r:id="rId1"/></worksheet>',
            "xl/worksheets/_rels/sheet1.xml.rels": f'{head}<Relationships xmlns="{_PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{RELATIONS}/drawing" Target="../drawings/drawing1.xml"/></Relationships>',
            "xl/sharedStrings.xml": f'{head}<sst xmlns="{MAIN}">{SHARED}</sst>',
            "xl/styles.xml": f'{head}<styleSheet xmlns="{MAIN}" {more}><fonts count="2"><font><sz val="10.0"/>'
            '<color rgb="FF000000"/><name val="Arial"/><scheme val="minor"/></font><font><color theme="1"/>'
            '<name val="Arial"/><scheme val="minor"/></font></fonts><fills count="2"><fill><patternFill '
            'patternType="none"/></fill><fill><patternFill patternType="lightGray"/></fill></fills>'
            '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf borderId="0" fillId="0" fontId="0" '
            'numFmtId="0" applyAlignment="1" applyFont="1"/></cellStyleXfs><cellXfs count="2"><xf borderId="0" '
            'fillId="0" fontId="0" numFmtId="0" xfId="0" applyAlignment="1" applyFont="1"><alignment '
            'readingOrder="0" shrinkToFit="0" vertical="bottom" wrapText="0"/></xf><xf borderId="0" fillId="0" '
            'fontId="1" numFmtId="0" xfId="0" applyAlignment="1" applyFont="1"><alignment readingOrder="0"/></xf>'
            '</cellXfs><cellStyles count="1"><cellStyle xfId="0" name="Normal" builtinId="0"/></cellStyles>'
            '<dxfs count="0"/></styleSheet>',
            "xl/workbook.xml": f'{head}<workbook xmlns="{MAIN}" xmlns:r="{RELATIONS}" {more}><workbookPr/><sheets>'
            '<sheet state="visible" name="Users" sheetId="1" r:id="rId4"/></sheets><definedNames/><calcPr/></workbook>',
            "xl/_rels/workbook.xml.rels": f'{head}<Relationships xmlns="{_PACKAGE}/relationships">{links}'
            f'<Relationship Id="rId4" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "_rels/.rels": f'{head}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "[Content_Types].xml": f'{head}<Types xmlns="{_PACKAGE}/content-types"><Default ContentType='
            f'"application/xml" Extension="xml"/><Default ContentType="{_RELS_TYPE}" Extension="rels"/>'
            + "".join(
                f'<Override ContentType="{kind}" PartName="/xl/{name}"/>'
                for name, kind in {
                    "worksheets/sheet1.xml": f"{_TYPE}.worksheet+xml",
                    "sharedStrings.xml": f"{_TYPE}.sharedStrings+xml",
                    "drawings/drawing1.xml": "application/vnd.openxmlformats-officedocument.drawing+xml",
                    "styles.xml": f"{_TYPE}.styles+xml",
                    "workbook.xml": f"{_TYPE}.sheet.main+xml",
                }.items()
            )
            + "</Types>",
        },
    )


GOOGLE_CELL = '<c r="{address}" s="1"{kind}><v>{value}</v></c>'
NUMBERS_CELL = '<c r="{address}"{kind} s="2"><v>{value}</v></c>'
CLOSED_XML_CELL = '<x:c r="{address}" s="0"{kind}><x:v>{value}</x:v></x:c>'


def numbers(path: Path) -> Path:
    """The table's name merged over row 1, `t` before `s`, one width to column 16384, blank cells to the right."""
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    rows = '<row r="1" ht="27.65" customHeight="1"><c r="A1" t="str" s="1"><v>Table 1</v></c>'
    rows += "".join(f'<c r="{letter}1" s="1"/>' for letter in "BCDE") + "</row>"
    rows += "".join(
        f'<row r="{number}" ht="20.25" customHeight="1">{_cells(number, row, NUMBERS_CELL, "102")}'
        f'<c r="F{number}" s="2"/></row>'
        for number, row in enumerate(ROWS, 2)
    )
    xf = '<xf numFmtId="{}" fontId="0" applyNumberFormat="1" applyFont="1" fillId="0" borderId="0" {}>{}</xf>'
    align = '<alignment vertical="top" wrapText="1"/>'
    formats = "".join(xf.format(kind, 'applyAlignment="1" xfId="0"', align) for kind in (0, 0, 49))
    return _package(
        path,
        {
            "[Content_Types].xml": f'{head}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="rels" '
            f'ContentType="{_RELS_TYPE}"/><Default Extension="xml" ContentType="application/xml"/>'
            + "".join(
                f'<Override PartName="/xl/{name}" ContentType="{_TYPE}.{kind}+xml"/>'
                for name, kind in {
                    "workbook.xml": "sheet.main",
                    "worksheets/sheet1.xml": "worksheet",
                    "sharedStrings.xml": "sharedStrings",
                    "styles.xml": "styles",
                }.items()
            )
            + "</Types>",
            "_rels/.rels": f'{head}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
            f'Type="{RELATIONS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/_rels/workbook.xml.rels": f'{head}<Relationships xmlns="{_PACKAGE}/relationships">'
            f'<Relationship Id="rId1" Type="{RELATIONS}/sharedStrings" Target="sharedStrings.xml"/>'
            f'<Relationship Id="rId2" Type="{RELATIONS}/styles" Target="styles.xml"/>'
            f'<Relationship Id="rId4" Type="{RELATIONS}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
            "xl/workbook.xml": f'{head}<workbook xmlns:r="{RELATIONS}" xmlns="{MAIN}"><workbookPr date1904="0"/>'
            '<bookViews><workbookView xWindow="0" yWindow="40" windowWidth="15960" windowHeight="18080"/></bookViews>'
            '<sheets><sheet name="Users" sheetId="1" r:id="rId4"/></sheets></workbook>',
            "xl/worksheets/sheet1.xml": f'{head}<worksheet xmlns:r="{RELATIONS}" xmlns="{MAIN}"><sheetPr><pageSetUpPr '
            'fitToPage="1"/></sheetPr><dimension ref="A2:E4"/><sheetViews><sheetView workbookViewId="0" '
            'showGridLines="0" defaultGridColor="1"/></sheetViews><sheetFormatPr defaultColWidth="16.3333" '
            'defaultRowHeight="19.9" customHeight="1" outlineLevelRow="0" outlineLevelCol="0"/><cols><col min="1" '
            'max="5" width="16.3516" style="1" customWidth="1"/><col min="6" max="16384" width="16.3516" style="1" '
            f'customWidth="1"/></cols><sheetData>{rows}</sheetData><mergeCells count="1"><mergeCell ref="A1:E1"/>'
            '</mergeCells><pageMargins left="0.5" right="0.5" top="0.75" bottom="0.75" header="0.277778" '
            'footer="0.277778"/><pageSetup firstPageNumber="1" fitToHeight="1" fitToWidth="1" scale="100" '
            'useFirstPageNumber="0" orientation="portrait" pageOrder="downThenOver"/></worksheet>',
            "xl/sharedStrings.xml": f'{head}<sst xmlns="{MAIN}" uniqueCount="{BOOLEAN + 1}">{SHARED}</sst>',
            "xl/styles.xml": f'{head}<styleSheet xmlns="{MAIN}"><numFmts count="1"><numFmt numFmtId="0" '
            'formatCode="General"/></numFmts><fonts count="1"><font><sz val="10"/><color indexed="8"/>'
            '<name val="Helvetica Neue"/></font></fonts><fills count="2"><fill><patternFill patternType="none"/>'
            '</fill><fill><patternFill patternType="gray125"/></fill></fills><borders count="1"><border><left/>'
            '<right/><top/><bottom/><diagonal/></border></borders><cellStyleXfs count="1">'
            + xf.format(0, 'applyAlignment="1"', align)
            + f'</cellStyleXfs><cellXfs count="3">{formats}</cellXfs><cellStyles count="1"><cellStyle name="Normal" '
            'xfId="0" builtinId="0"/></cellStyles><dxfs count="0"/><tableStyles count="0"/></styleSheet>',
        },
    )


def closed_xml(path: Path) -> Path:
    """A byte order mark, the prefix `x:` everywhere, absolute targets, the workbook as the default of `.xml`."""
    head = '\ufeff<?xml version="1.0" encoding="utf-8" standalone="yes"?>'
    rows = "".join(
        f'<x:row r="{number}" spans="1:5">{_cells(number, row, CLOSED_XML_CELL, "102")}</x:row>'
        for number, row in enumerate(ROWS, 1)
    )
    shared = SHARED.replace("<", "<x:").replace("<x:/", "</x:")
    links = {
        "rId2": ("worksheet", "worksheets/sheet1"),
        "rId4": ("sharedStrings", "sharedStrings"),
        "rId5": ("styles", "styles"),
    }
    return _package(
        path,
        {
            "xl/workbook.xml": f'{head}<x:workbook xmlns:r="{RELATIONS}" xmlns:x="{MAIN}"><x:workbookPr '
            'codeName="ThisWorkbook" /><x:bookViews><x:workbookView firstSheet="0" activeTab="0" /></x:bookViews>'
            '<x:sheets><x:sheet name="Users" sheetId="1" r:id="rId2" /></x:sheets><x:definedNames />'
            '<x:calcPr calcId="125725" /></x:workbook>',
            "xl/sharedStrings.xml": f'{head}<x:sst xmlns:x="{MAIN}">{shared}</x:sst>',
            "xl/styles.xml": f'{head}<x:styleSheet xmlns:x="{MAIN}"><x:numFmts count="0" /><x:fonts count="1"><x:font>'
            '<x:vertAlign val="baseline" /><x:sz val="11" /><x:color rgb="FF000000" /><x:name val="Calibri" />'
            '<x:family val="2" /></x:font></x:fonts><x:fills count="2"><x:fill><x:patternFill patternType="none" />'
            '</x:fill><x:fill><x:patternFill patternType="gray125" /></x:fill></x:fills><x:borders count="1">'
            '<x:border diagonalUp="0" diagonalDown="0"><x:left style="none" /><x:right style="none" />'
            '<x:top style="none" /><x:bottom style="none" /><x:diagonal style="none" /></x:border></x:borders>'
            '<x:cellStyleXfs count="1"><x:xf numFmtId="0" fontId="0" fillId="0" borderId="0" /></x:cellStyleXfs>'
            '<x:cellXfs count="1"><x:xf numFmtId="0" fontId="0" fillId="0" borderId="0" xfId="0" /></x:cellXfs>'
            '<x:cellStyles count="1"><x:cellStyle name="Normal" xfId="0" builtinId="0" /></x:cellStyles></x:styleSheet>',
            "xl/worksheets/sheet1.xml": f'{head}<x:worksheet xmlns:r="{RELATIONS}" xmlns:x14ac='
            '"http://schemas.microsoft.com/office/spreadsheetml/2009/9/ac" '
            f'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" xmlns:x="{MAIN}" '
            'mc:Ignorable="x14ac"><x:sheetPr><x:outlinePr summaryBelow="1" summaryRight="1" /></x:sheetPr>'
            '<x:dimension ref="A1:E3" /><x:sheetViews><x:sheetView workbookViewId="0" /></x:sheetViews>'
            f'<x:sheetFormatPr defaultRowHeight="15" /><x:sheetData>{rows}</x:sheetData><x:printOptions '
            'horizontalCentered="0" verticalCentered="0" headings="0" gridLines="0" /><x:pageMargins left="0.75" '
            'right="0.75" top="0.75" bottom="0.5" header="0.5" footer="0.75" /><x:headerFooter /></x:worksheet>',
            "_rels/.rels": f'{head}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Type='
            f'"{RELATIONS}/officeDocument" Target="/xl/workbook.xml" Id="Rf8be0414e3fa43f8" /></Relationships>',
            "xl/_rels/workbook.xml.rels": f'{head}<Relationships xmlns="{_PACKAGE}/relationships">'
            + "".join(
                f'<Relationship Type="{RELATIONS}/{kind}" Target="/xl/{name}.xml" Id="{identity}" />'
                for identity, (kind, name) in links.items()
            )
            + "</Relationships>",
            "[Content_Types].xml": f'{head}<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" '
            f'ContentType="{_TYPE}.sheet.main+xml" /><Default Extension="rels" ContentType="{_RELS_TYPE}" />'
            + "".join(
                f'<Override PartName="/xl/{name}.xml" ContentType="{_TYPE}.{kind}+xml" />'
                for kind, name in links.values()
            )
            + "</Types>",
        },
    )
