"""What the Open XML SDK's validator misses in a workbook, by a plain look at its XML.

Each finding is a sentence without row numbers of untouched content, so that findings before and after a change
can be compared as sets.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree.ElementTree import Element
from zipfile import ZipFile

from defusedxml.ElementTree import fromstring
from openpyxl.utils.cell import column_index_from_string, range_boundaries

LAST_ROW, LAST_COLUMN = 1_048_576, 16_384
MOST_TEXT, MOST_LIST = 32_767, 255
_REFERENCE = re.compile(r"([A-Z]{1,3})([1-9][0-9]{0,6})")
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"


def lint(path: Path) -> set[str]:
    """Everything that is wrong with the workbook's sheets, tables and styles."""
    with ZipFile(path) as package:
        assert package.testzip() is None
        names = package.namelist()
        found = {f"two entries {name}" for name in names if names.count(name) > 1}
        trees = {
            name.lower(): fromstring(package.read(name))
            for name in names
            if name.lower().endswith((".xml", ".rels"))
        }
    shared = _count(trees, "sharedstrings", "si")
    styles = _count(trees, "styles", "cellXfs/xf")
    for name, root in trees.items():
        if _local(root) == "worksheet":
            found |= {f"{name}: {each}" for each in _of_sheet(root, shared, styles)}
            found |= {f"{name}: {each}" for each in _of_tables(name, root, trees)}
        if _local(root) == "calcChain":
            found |= {f"{name}: {each}" for each in _of_chain(root, trees)}
    return found


def _of_sheet(root: Element, shared: int, styles: int) -> Iterator[str]:
    last_row = 0
    for row in _all(root, "sheetData/row"):
        number = int(row.get("r", last_row + 1))
        if not last_row < number <= LAST_ROW:
            yield f"row {number} is repeated, out of order or outside the grid"
        last_row = number
        yield from _of_row(row, number, shared, styles)
    yield from _of_ranges(root)


def _of_row(row: Element, number: int, shared: int, styles: int) -> Iterator[str]:
    last = 0
    for cell in _all(row, "c"):
        column = last + 1
        if (reference := cell.get("r")) is not None:
            found = _REFERENCE.fullmatch(reference)
            if found is None or int(found[2]) != number:
                yield f"the cell {reference} stands in row {number}"
                continue
            column = column_index_from_string(found[1])
        if not last < column <= LAST_COLUMN:
            yield f"cells of row {number} are repeated, out of order or outside the grid"
        last = column
        value = next((each.text or "" for each in _all(cell, "v")), "")
        if cell.get("t") == "s" and not (value.isdecimal() and int(value) < shared):
            yield f"a cell of row {number} has the shared text {value}, which there is not"
        if int(cell.get("s", "0")) >= max(styles, 1):
            yield f"a cell of row {number} has the format {cell.get('s')}, which there is not"
        text = "".join(each.text or "" for each in cell.iter() if _local(each) in {"t", "v"})
        if len(text.encode("utf-16-le")) // 2 > MOST_TEXT:
            yield f"a text in row {number} is too long"
    if (spans := row.get("spans")) and last and last > max(int(each.split(":")[1]) for each in spans.split()):
        yield f"the spans of row {number} are too narrow"


def _of_ranges(root: Element) -> Iterator[str]:
    merged = [_boundaries(each.get("ref", "A1")) for each in _all(root, "mergeCells/mergeCell")]
    for number, one in enumerate(merged):
        for other in merged[:number]:
            if one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]:
                yield f"the merged ranges {one} and {other} overlap"
    covered = 0
    for each in _all(root, "cols/col"):
        if int(each.get("min", "0")) <= covered or int(each.get("max", "0")) > LAST_COLUMN:
            yield "the widths of columns overlap"
        covered = int(each.get("max", "0"))
    for each in _all(root, "dataValidations/dataValidation"):
        for formula in _all(each, "formula1"):
            if len((formula.text or "").strip('"')) > MOST_LIST and each.get("type") == "list":
                yield f"the list of {each.get('sqref')} is too long"


def _of_tables(name: str, sheet: Element, trees: dict[str, Element]) -> Iterator[str]:
    """Table columns are distinct and say what their header cells say, where those are plain texts."""
    folder, _, bare = name.rpartition("/")
    relations = trees.get(f"{folder}/_rels/{bare}.rels")
    for relation in relations.iter(_RELATION) if relations is not None else ():
        if not (relation.get("Type") or "").endswith("/table"):
            continue
        target = (relation.get("Target") or "").rpartition("../")[2].removeprefix("/xl/")
        table = trees[f"xl/{target}".lower()]
        names = [(each.get("name") or "").casefold() for each in _all(table, "tableColumns/tableColumn")]
        left, _, right, _ = _boundaries(table.get("ref", "A1"))
        if len(set(names)) < len(names):
            yield f"the table {table.get('name')} has two columns of one name"
        if right - left + 1 != len(names):
            yield f"the table {table.get('name')} has as many columns as its range has not"


def _of_chain(root: Element, trees: dict[str, Element]) -> Iterator[str]:
    """Every cell of the calc chain has a formula in some sheet (its sheet's id is not looked up)."""
    formulas = {
        cell.get("r")
        for sheet in trees.values()
        if _local(sheet) == "worksheet"
        for cell in _all(sheet, "sheetData/row/c")
        if list(_all(cell, "f"))
    }
    for each in _all(root, "c"):
        if each.get("r") not in formulas:
            yield f"{each.get('r')} has no formula"


def _boundaries(reference: str) -> tuple[int, int, int, int]:
    """Left, top, right and bottom; a range of whole columns or rows (`A:B`) goes to the grid's edge."""
    left, top, right, bottom = range_boundaries(reference)
    return left or 1, top or 1, right or LAST_COLUMN, bottom or LAST_ROW


def _count(trees: dict[str, Element], stem: str, path: str) -> int:
    return sum(len(list(_all(root, path))) for name, root in trees.items() if stem in name.rpartition("/")[2])


def _all(root: Element, path: str) -> Iterator[Element]:
    """The elements at a path of local names."""
    first, _, rest = path.partition("/")
    for each in root:
        if _local(each) == first:
            yield from _all(each, rest) if rest else (each,)


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""
