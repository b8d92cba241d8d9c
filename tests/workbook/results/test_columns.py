"""The quick look at a block's columns sees what the look at cell after cell sees."""

from hypothesis import given
from hypothesis import strategies as st

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.address import letters_of
from xlsx2opeasy.ooxml.stream import Block, SheetStream
from xlsx2opeasy.workbook.results.survey import plain_ends

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def block_of(rows: str, prefix: str = "") -> tuple[Block, SheetStream]:
    root = f"{prefix}worksheet"
    name = f"xmlns:{prefix[:-1]}" if prefix else "xmlns"
    xml = f'<{root} {name}="{MAIN}"><{prefix}sheetData>{rows}</{prefix}sheetData></{root}>'
    stream = SheetStream([xml.encode()], "sheet1.xml")
    return next(iter(stream.rows())), stream


def slowly(block: Block, stream: SheetStream) -> list[tuple[int, int]]:
    ends = []
    for row in block.rows:
        cells = stream.tags.cells(block.masked, row.inside, row.close)
        ends.append((cells[0].column, cells[-1].column) if cells else (0, 0))
    return ends


CONTENTS = [
    "/>",
    "><v>1</v></{p}c>",
    ' t="str"><v>a &lt;c r="B1"></v></{p}c>',
    ' s="1"><!--<c r="A1"/>--></{p}c>',
]
ROWS = st.lists(
    st.lists(st.tuples(st.integers(1, 16384), st.sampled_from(CONTENTS)), max_size=6), min_size=1, max_size=5
)


@given(ROWS, st.sampled_from(["", "x:", "cc:"]), st.booleans())
def test_the_quick_look_sees_what_the_slow_one_sees(
    rows: list[list[tuple[int, str]]], prefix: str, in_order: bool
) -> None:
    xml = ""
    for number, row in enumerate(rows, 1):
        cells = sorted(dict(row).items()) if in_order else row
        content = "".join(
            f'<{prefix}c r="{letters_of(column)}{number}"{rest.format(p=prefix)}' for column, rest in cells
        )
        xml += f'<{prefix}row r="{number}">{content}</{prefix}row>'
    block, stream = block_of(xml, prefix)
    try:
        expected = slowly(block, stream)
    except WorkbookUnusable:
        expected = None
    try:
        found = plain_ends(block, stream.tags)
    except WorkbookUnusable:
        found = None
    assert found == expected


def test_cells_that_are_spelt_otherwise_are_left_to_the_slow_look() -> None:
    for cell in ('<c s="1" r="A1"/>', "<c/>", "<c r='A1'/>", '<c r="a1"/>', '<c r="A"/>', '<c r="ABCD1"/>'):
        block, stream = block_of(f'<row r="1">{cell}</row>')
        assert plain_ends(block, stream.tags) is None


def test_other_elements_whose_names_begin_with_c_are_none() -> None:
    block, stream = block_of('<row r="1"><c r="C1"><cx r="F1"/></c></row><row r="2"/>')
    assert plain_ends(block, stream.tags) == [(3, 3), (0, 0)]
