"""Laws over random sheets: the user's cells never change, and every result stands in its row."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xlsx2opeasy.ooxml.address import column_of, letters_of
from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS, Outcome, RowResult
from xlsx2opeasy.workbook.results.write import SheetResults, write_results

from .books import MAIN, SHEET, book, sheet_xml

TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cn"]), max_size=12)
RESULT = st.builds(
    RowResult, st.sampled_from(Outcome), st.sampled_from(["", "101"]), st.text(max_size=9), TEXTS
)
COLUMNS = st.integers(1, 60)


@st.composite
def sheets(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    """A sheet's rows as XML of varying form, and its texts by address."""
    rows = {1: draw(st.dictionaries(COLUMNS, st.just("h") | TEXTS, max_size=5))}
    rows |= draw(st.dictionaries(st.integers(2, 12), st.dictionaries(COLUMNS, TEXTS, max_size=5), max_size=8))
    if draw(st.booleans()):
        names = draw(st.permutations(RESULT_COLUMNS))
        places = draw(st.lists(COLUMNS, min_size=4, max_size=4, unique=True))
        kept = draw(st.integers(0, 4))
        rows[1] |= dict(list(zip(places, names, strict=True))[:kept])
    pieces, texts = [], {}
    for number, cells in sorted(rows.items()):
        row = [draw_cell(draw, number, column, cells[column], texts) for column in sorted(cells)]
        spans = f' spans="{min(cells)}:{max(cells)}"' if cells and draw(st.booleans()) else ""
        space = draw(st.sampled_from(["", "\n", "<!-- <row r='1'><c> -->"]))
        content = f">{space}{space.join(row)}</row>" if row or draw(st.booleans()) else "/>"
        pieces.append(f'{space}<row r="{number}"{spans}{content}')
    return "".join(pieces), texts


def draw_cell(draw: st.DrawFn, row: int, column: int, text: str, texts: dict[str, str]) -> str:
    reference = f"{letters_of(column)}{row}"
    if row > 1 and draw(st.integers(0, 4)) == 0:
        return f'<c r="{reference}" s="0"/>'
    texts[reference] = text
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    order = draw(
        st.sampled_from(['r="{}" t="inlineStr"', "t='inlineStr' r='{}'", ' r = "{}"  t = "inlineStr" '])
    )
    return f"<c {order.format(reference)}><is><t xml:space='preserve'>{escaped}</t></is></c>"


def read(path: Path) -> dict[str, str]:
    """Texts by address; rows and cells must ascend, the dimension must hold them all."""
    with zipfile.ZipFile(path) as archive:
        root = ET.fromstring(archive.read(SHEET))
    texts, rows = {}, []
    for row in root.iter(f"{{{MAIN}}}row"):
        rows.append(int(row.attrib["r"]))
        columns = [column_of(cell.attrib["r"].rstrip("0123456789")) for cell in row]
        assert columns == sorted(set(columns))
        low, high = row.attrib.get("spans", "1:16384").split(":")
        assert all(int(low) <= column <= int(high) for column in columns)
        texts |= {cell.attrib["r"]: "".join(cell.itertext()) for cell in row if len(cell)}
    assert rows == sorted(set(rows))
    return texts


def header(texts: Mapping[str, str]) -> dict[str, str]:
    """The letters of the result columns; the first of a name counts."""
    first = sorted(
        (column_of(address[:-1]), text)
        for address, text in texts.items()
        if address[1:] and is_row(address, 1)
    )
    return {
        name: next(letters_of(column) for column, text in first if text == name) for name in RESULT_COLUMNS
    }


def is_row(address: str, row: int) -> bool:
    return address.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ") == str(row)


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sheet=sheets(), results=st.dictionaries(st.integers(2, 15), RESULT, min_size=1, max_size=6), later=RESULT
)
def test_the_users_cells_stay_and_the_results_stand_in_their_rows(
    tmp_path: Path, sheet: tuple[str, dict[str, str]], results: dict[int, RowResult], later: RowResult
) -> None:
    rows, texts = sheet
    path = book(tmp_path / "book.xlsx", sheet_xml(f'<dimension ref="A1"/><sheetData>{rows}</sheetData>'))
    write_results(path, path, [SheetResults("Users", 1, results)])
    found = read(path)
    letters = header(found)
    ours = {f"{letter}{row}" for row in results for letter in letters.values()}
    new = {f"{letter}1" for letter in letters.values()} - texts.keys()
    assert {address: text for address, text in found.items() if address not in ours | new} == {
        address: text for address, text in texts.items() if address not in ours
    }
    for row, result in results.items():
        values = (result.outcome.value, result.code, result.detail, result.job)
        for name, value in zip(RESULT_COLUMNS, values, strict=True):
            assert (f"{letters[name]}{row}" in found) == bool(value)
            if value.isprintable() and "_x" not in value:
                assert found.get(f"{letters[name]}{row}", "") == value
    again = dict(list(results.items())[:1])
    changed = dict.fromkeys(again, later)
    write_results(path, path, [SheetResults("Users", 1, changed)])
    last = read(path)
    assert header(last) == letters
    touched = {f"{letter}{row}" for row in changed for letter in letters.values()}
    assert {a: t for a, t in last.items() if a not in touched} == {
        a: t for a, t in found.items() if a not in touched
    }
