"""How the parts of a workbook are related, and what its main part says (ECMA-376 Part 1, 12.3; Part 2, 6.5).

Transitional and Strict names are read alike: relationships by the last word of their types.
"""

import posixpath
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.package import RESAVE, Package
from xlsx2opeasy.ooxml.xml import Element, decimal, flag, parsed, utf8

SHEET_LIMIT = 1_000
_LAST_SHEET_ID = 65_534
MAIN_NAMESPACES = (
    "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
    "http://purl.oclc.org/ooxml/spreadsheetml/main",
)
"""Transitional and Strict, as in `RELATION_TYPES`."""

RELATION_TYPES = (
    "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    "http://purl.oclc.org/ooxml/officeDocument/relationships",
)
"""What relationship types begin with, also the namespaces of `r:id`."""


@dataclass(frozen=True, slots=True)
class Relation:
    """A relationship: its id, its type, and the part it leads to ("" outside the package)."""

    id: str
    type: str
    part: str

    @property
    def kind(self) -> str:
        """The last word of its type, such as `worksheet`."""
        return self.type.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class SheetPart:
    """A worksheet: its title, whether it is hidden, its part ("" where none can be found), its sheet id."""

    title: str
    hidden: bool
    part: str
    id: str


@dataclass(frozen=True, slots=True)
class Book:
    """The main part: the worksheets, the date system, and whether Excel is to calculate everything again."""

    main: str
    strict: bool
    sheets: tuple[SheetPart, ...]
    date1904: bool
    calculate_on_load: bool
    styles_part: str | None
    shared_part: str | None

    @property
    def namespace(self) -> str:
        """The namespace of its spreadsheet parts."""
        return MAIN_NAMESPACES[self.strict]


def text_of(package: Package, part: str) -> bytes:
    """A small part, as UTF-8."""
    return utf8(package.read(part), part)


def tree(package: Package, part: str) -> Element:
    """A small part, parsed; raise WorkbookUnusable where it is missing or no valid XML."""
    return parsed(text_of(package, part), part)


def relations_part(part: str) -> str:
    """The name of the part that holds a part's relationships."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def relations(package: Package, part: str) -> tuple[Relation, ...]:
    """The relationships of a part ("" for the package's own); none where it has no such part."""
    name = relations_part(part)
    return tuple(relations_in(tree(package, name), part)) if name in package else ()


def relations_in(root: Element, part: str) -> Iterator[Relation]:
    """The relationships of `part` that its relationships part, parsed, has."""
    for each in root.all("Relationship"):
        outside = each.attributes.get("TargetMode") == "External"
        target = "" if outside else _resolved(part, each.attributes.get("Target", ""))
        yield Relation(each.attributes.get("Id", ""), each.attributes.get("Type", ""), target)


def _resolved(part: str, target: str) -> str:
    """A relationship's target as a part name without leading slash."""
    target = unquote(target.strip()).replace("\\", "/")
    return posixpath.normpath(posixpath.join("/", posixpath.dirname(part), target)).lstrip("/")


def relation_id(element: Element) -> str:
    """The `r:id` of an element, "" where it has none."""
    return next((each for base in RELATION_TYPES if (each := element.attributes.get(f"{base} id"))), "")


def read_book(package: Package) -> Book:
    """The workbook part, found through the package's relationships."""
    roots = relations(package, "")
    main = next((each.part for each in roots if each.kind == "officeDocument"), "xl/workbook.xml")
    root = tree(package, main)
    related = relations(package, main)
    sheets = tuple(_sheets(root, related))
    if not sheets:
        raise WorkbookUnusable("The workbook has no worksheet.", "Open it in Excel and save it as .xlsx.")
    parts = {each.kind: each.part for each in reversed(related) if each.part in package}
    properties, calculation = root.child("workbookPr"), root.child("calcPr")
    return Book(
        main,
        root.namespace == MAIN_NAMESPACES[1],
        sheets,
        date1904=properties is not None and flag(properties, "date1904"),
        calculate_on_load=calculation is not None and flag(calculation, "fullCalcOnLoad"),
        styles_part=parts.get("styles"),
        shared_part=parts.get("sharedStrings"),
    )


def _sheets(root: Element, related: tuple[Relation, ...]) -> Iterator[SheetPart]:
    """The worksheets; entries without a relationship, as of old macro modules, have no part."""
    listed = [each for sheets in root.all("sheets") for each in sheets.all("sheet")]
    if len(listed) > SHEET_LIMIT:
        raise WorkbookUnusable(
            f"The workbook has {len(listed):,} sheets; the limit is {SHEET_LIMIT:,}.",
            "Copy the task sheets into a new workbook.",
        )
    by_id = {each.id: each for each in related}
    for sheet in listed:
        relation = by_id.get(relation_id(sheet))
        if relation is None or relation.kind == "worksheet":
            hidden = sheet.attributes.get("state", "visible").strip() != "visible"
            part = relation.part if relation else ""
            yield SheetPart(
                sheet.attributes.get("name", ""), hidden, part, sheet.attributes.get("sheetId", "").strip()
            )


def free_sheet_id(sheets: Iterable[Element]) -> int:
    """A sheet id that none of the `sheet` elements has, within 1 to 65,534 (18.2.19)."""
    taken = {decimal(each, "sheetId", 0) for each in sheets}
    after = max(taken, default=0) + 1
    return after if after <= _LAST_SHEET_ID else min(set(range(1, len(taken) + 2)) - taken)


def sheet_part(package: Package, sheet: SheetPart) -> str:
    """The part of a sheet that is to be read or written; raise WorkbookUnusable where there is none."""
    if sheet.part not in package:
        where = f" (it lacks its part {sheet.part})" if sheet.part else ""
        raise WorkbookUnusable(
            f'The workbook lists a sheet "{sheet.title}", but no part of the file is that sheet{where}.',
            RESAVE,
        )
    return sheet.part
