"""What this program itself has put into a workbook: a version, an enterprise, sheets of notes.

All of it survives being saved by Excel and LibreOffice.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.package import Package, folded
from xlsx2opeasy.ooxml.relations import relations, tree
from xlsx2opeasy.problems import Problem, Severity

TEMPLATE_VERSION: Final = "1.1"
"""Of the blank workbooks; goes up when sheets, columns or their rules change."""

VERSION_PROPERTY: Final = "xlsx2opeasy template version"
"""The custom property of the workbook that holds it (ECMA-376 part 1, 22.3)."""

SPECIFICATION_PROPERTY: Final = "Specification"
"""The custom property with the specification that a blank workbook was made from."""

WORDS_PROPERTY: Final = "xlsx2opeasy notes"
"""The custom property with the titles of a filled workbook's sheets that hold this program's notes."""

TITLE_SEPARATOR: Final = "/"
"""Stands between those titles; Excel allows it in none."""

ENTERPRISE_PROPERTY: Final = "xlsx2opeasy enterprise"
"""The custom property of a workbook that is meant for one enterprise only, with that one's six digits."""

_EARLIER_NAMES: Final = {
    VERSION_PROPERTY: "Template version",
    WORDS_PROPERTY: "Sheets of words",
    ENTERPRISE_PROPERTY: "Enterprise",
}
"""The properties' names up to version 1.0, which a company's own properties may have too."""

READ_ME: Final = "Read me"
"""The first sheet of a blank workbook: that of no task type, so that the loader leaves it alone."""

PROBLEMS: Final = "Problems"
"""The last sheet of a marked copy, `Problems 2` where there is one of that name."""

COPY_NOTE: Final = "This copy is for looking."
"""How the second line of that sheet begins."""

_API = "OpEasy"
_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})")
_ENTERPRISE = re.compile(r"[0-9a-f]{6}")
_LIST_TITLE = re.compile(rf"{PROBLEMS}(?: ([0-9]+))?")


@dataclass(frozen=True, slots=True)
class Marks:
    """What this program has left in a workbook; a mark that is not whole is none.

    `version` is of the blank workbook that it began as, None where it is not one of ours. `notes` are the
    titles of its sheets of notes. `enterprise` are the digits of the only enterprise that it is meant for.
    """

    version: str | None = None
    notes: frozenset[str] = frozenset()
    enterprise: str = ""


def marks_of(package: Package, titles: Iterable[str]) -> Marks:
    """The marks of a workbook with sheets of these titles.

    A company's own properties are never believed: those of an earlier version of this program, whose names
    were plain words, count only together with what no other program writes.
    """
    properties, wanted = _properties(package), frozenset(titles)
    version = properties.get(VERSION_PROPERTY)
    notes = _titles(properties.get(WORDS_PROPERTY))
    enterprise = properties.get(ENTERPRISE_PROPERTY)
    earlier = _titles(properties.get(_EARLIER_NAMES[WORDS_PROPERTY]))
    if notes <= {""} and earlier and earlier <= wanted:
        notes = earlier
        enterprise = enterprise or properties.get(_EARLIER_NAMES[ENTERPRISE_PROPERTY])
    if version is None and _API in properties.get(SPECIFICATION_PROPERTY, ""):
        version = properties.get(_EARLIER_NAMES[VERSION_PROPERTY])
    return Marks(
        version if _VERSION.fullmatch(version or "") else None,
        notes & wanted,
        enterprise if enterprise and _ENTERPRISE.fullmatch(enterprise) else "",
    )


def _titles(value: str | None) -> frozenset[str]:
    return frozenset(value.split(TITLE_SEPARATOR)) if value else frozenset()


def _properties(package: Package) -> dict[str, str]:
    """The custom properties of the workbook; none where they cannot be read, for no task is in them."""
    try:
        related = relations(package, "")
        part = next((each.part for each in related if each.kind == "custom-properties"), "")
        if part not in package:
            return {}
        return {
            each.attributes.get("name", ""): "".join(value.text for value in each.children).strip()
            for each in tree(package, part).all("property")
        }
    except WorkbookUnusable:
        return {}


def version_problem(found: str | None) -> Problem | None:
    """A warning where the workbook began as an older blank workbook than this program's, or a newer one."""
    there, ours = _VERSION.fullmatch(found or ""), _VERSION.fullmatch(TEMPLATE_VERSION)
    if there is None or ours is None or there[0] == ours[0]:
        return None
    if [int(each) for each in there.groups()] < [int(each) for each in ours.groups()]:
        return _warning(
            "template-older",
            f"The workbook was made from an older blank workbook (version {there[0]}; now {ours[0]}); "
            "it is read all the same, and lacks the columns that were added since.",
            "If you need one of those: xlsx2opeasy template makes a new one; or add the column yourself.",
        )
    return _warning(
        "template-newer",
        f"The workbook was made by a newer xlsx2opeasy (blank workbook {there[0]}; this program knows "
        f"{ours[0]}); it is read as far as this program understands it.",
        "Install the newest xlsx2opeasy to be sure.",
    )


def own_sheets(package: Package, titles: Iterable[str], marks: Marks) -> frozenset[str]:
    """Those of the titles whose sheets are this program's notes, no sheets of the user's."""
    wanted = frozenset(titles)
    read_me = {READ_ME} if marks.version is not None else set()
    return (wanted & (marks.notes | read_me)) | problem_lists(wanted, package)


def problem_lists(titles: Iterable[str], package: Package) -> frozenset[str]:
    """The title of the sheet that lists the problems of a marked copy; nothing where it is no such copy.

    Of several it is the one with the highest number, for it was added last.
    """
    numbers = {title: int(found[1] or 1) for title in titles if (found := _LIST_TITLE.fullmatch(title))}
    if not numbers or not _holds(package, COPY_NOTE):
        return frozenset()
    return frozenset({max(numbers, key=lambda title: numbers[title])})


def _holds(package: Package, text: str) -> bool:
    """Whether a text, which has no character that XML escapes, is in any cell of the workbook."""
    parts = [(name, folded(name)) for name in package.names]
    texts = [name for name, part in parts if part.endswith("sharedstrings.xml")]
    sheets = [name for name, part in reversed(parts) if "/worksheets/" in part and part.endswith(".xml")]
    return any(_is_in(package.blocks(part), text.encode()) for part in texts + sheets)


def _is_in(blocks: Iterator[bytes], wanted: bytes) -> bool:
    before = b""
    for block in blocks:
        if wanted in before + block:
            return True
        before = block[-len(wanted) :]
    return False


def _warning(rule: str, message: str, hint: str) -> Problem:
    return Problem(sheet="", rule=rule, message=message, hint=hint, severity=Severity.WARNING)
