"""The parts of an .xlsx package and how they hang together (ECMA-376 Part 1, 12.3; Part 2, 9.3).

Used inside the reading process only, after the guard has looked at the package. Transitional and Strict
names are read alike: elements and relationships are told by their local names.
"""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError
from zipfile import ZipFile

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from xlsx2opeasy.errors import WorkbookUnusable

SHEET_LIMIT = 1_000
_RELATION_ID = ("}id",)
_TRUE = ("1", "true", "on")


@dataclass(frozen=True, slots=True)
class SheetPart:
    """One worksheet: its title, whether it is hidden, and its part."""

    title: str
    hidden: bool
    part: str


@dataclass(frozen=True, slots=True)
class Book:
    """What workbook.xml says: the worksheets, the date system, and whether Excel is to calculate anew."""

    sheets: tuple[SheetPart, ...]
    date1904: bool
    calculate_on_load: bool
    styles_part: str | None
    shared_part: str | None


def local(name: str) -> str:
    """The name of an element or attribute without its namespace."""
    return name.rpartition("}")[2]


def children(element: Element, *path: str) -> Iterator[Element]:
    """The descendants along `path`, by local names."""
    found = [element]
    for name in path:
        found = [child for parent in found for child in parent if local(child.tag) == name]
    return iter(found)


def flag(element: Element, name: str) -> bool:
    """A boolean attribute (ST_Boolean, ST_OnOff); absent is false."""
    return element.get(name, "").lower() in _TRUE


def parsed(data: bytes, part: str) -> Element:
    """The part's root element; raise WorkbookUnusable where it is not well-formed, or has a DOCTYPE."""
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError, LookupError) as error:
        raise WorkbookUnusable(
            f"The part {part!r} of the workbook is damaged: {error}.",
            "Open the workbook in Excel, let it repair the file, and save it.",
        ) from error
    return root


def read_part(package: ZipFile, part: str) -> bytes:
    """The bytes of a part, its name in any letter case; raise WorkbookUnusable where it is missing."""
    return package.read(part_name(package, part))


def part_name(package: ZipFile, part: str) -> str:
    """The name that the package has for `part`; raise WorkbookUnusable where it has none."""
    if (name := find_part(package, part)) is None:
        raise WorkbookUnusable(
            f"The workbook says it has a part {part!r}, but that is not in the file.",
            "Open the workbook in Excel, let it repair the file, and save it.",
        )
    return name


def find_part(package: ZipFile, part: str) -> str | None:
    """The name that the package has for `part` (part names know no letter case), if it has it."""
    if part in package.NameToInfo:
        return part
    wanted = part.casefold()
    return next((name for name in package.namelist() if name.casefold() == wanted), None)


@dataclass(frozen=True, slots=True)
class Relation:
    """A relationship of a part: `kind` is the last word of its type, `target` the full part name."""

    kind: str
    target: str


def relations(package: ZipFile, part: str) -> dict[str, Relation]:
    """The internal relationships of `part` by id; none where it has no such part beside it."""
    folder, name = posixpath.split(part)
    beside = find_part(package, posixpath.join(folder, "_rels", f"{name}.rels"))
    if beside is None:
        return {}
    found = {}
    for relation in parsed(package.read(beside), beside):
        if relation.get("TargetMode", "Internal") == "Internal":
            target = posixpath.normpath(posixpath.join("/", folder, relation.get("Target", ""))).lstrip("/")
            kind = relation.get("Type", "").rpartition("/")[2]
            found[relation.get("Id", "")] = Relation(kind, target)
    return found


def read_book(package: ZipFile) -> Book:
    """The workbook part, found through the package's relationships."""
    main = next(
        (each.target for each in relations(package, "").values() if each.kind == "officeDocument"),
        "xl/workbook.xml",
    )
    root = parsed(read_part(package, main), main)
    related = relations(package, main)
    sheets = tuple(_sheets(root, related))
    if not sheets:
        raise WorkbookUnusable("The workbook has no worksheet.", "Open it in Excel and save it as .xlsx.")
    parts = {each.kind: each.target for each in related.values()}
    properties = next(children(root, "workbookPr"), None)
    calculation = next(children(root, "calcPr"), None)
    return Book(
        sheets,
        date1904=properties is not None and flag(properties, "date1904"),
        calculate_on_load=calculation is not None and flag(calculation, "fullCalcOnLoad"),
        styles_part=parts.get("styles"),
        shared_part=parts.get("sharedStrings"),
    )


def _sheets(root: Element, related: dict[str, Relation]) -> Iterator[SheetPart]:
    listed = list(children(root, "sheets", "sheet"))
    if len(listed) > SHEET_LIMIT:
        raise WorkbookUnusable(
            f"The workbook has {len(listed):,} sheets; the limit is {SHEET_LIMIT:,}.",
            "Copy the task sheets into a new workbook.",
        )
    for sheet in listed:
        title = sheet.get("name", "")
        key = next((value for name, value in sheet.attrib.items() if name.endswith(_RELATION_ID)), "")
        relation = related.get(key)
        if relation is None:
            raise WorkbookUnusable(
                f'The workbook names a sheet "{title}", but no part of the file is that sheet.',
                "Open the workbook in Excel, let it repair the file, and save it.",
            )
        if relation.kind == "worksheet":
            yield SheetPart(title, sheet.get("state", "visible") != "visible", relation.target)
