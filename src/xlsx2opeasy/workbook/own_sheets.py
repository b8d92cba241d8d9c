"""What this program itself has put into a workbook: a version, an enterprise, sheets of words.

All of it survives being saved by Excel and LibreOffice.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.package import Package, folded
from xlsx2opeasy.ooxml.relations import relations, tree
from xlsx2opeasy.problems import Problem, Severity

TEMPLATE_VERSION: Final = "1.0"
"""Of the blank workbooks; goes up when sheets, columns or their rules change."""

VERSION_PROPERTY: Final = "Template version"
"""The custom property of the workbook that holds it (ECMA-376 part 1, 22.3)."""

SPECIFICATION_PROPERTY: Final = "Specification"
"""The custom property with the specification that a blank workbook was made from."""

WORDS_PROPERTY: Final = "Sheets of words"
"""The custom property with the titles of a filled workbook's sheets that hold this program's words."""

TITLE_SEPARATOR: Final = "/"
"""Stands between those titles; Excel allows it in none."""

ENTERPRISE_PROPERTY: Final = "Enterprise"
"""The custom property of a workbook that is meant for one enterprise only, with that one's six digits."""

READ_ME: Final = "Read me"
"""The first sheet of a blank workbook: that of no task type, so that the loader leaves it alone."""

PROBLEMS: Final = "Problems"
"""The last sheet of a marked copy, `Problems 2` where there is one of that name."""

COPY_NOTE: Final = "This copy is for looking."
"""How the second line of that sheet begins."""

_API = "OpEasy"
_ENTERPRISE = re.compile("[0-9]{6}")
_VERSION = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})")
_LIST_TITLE = re.compile(rf"{PROBLEMS}(?: [0-9]+)?")


def template_version(package: Package) -> str | None:
    """The version of the blank workbook of ours that this one began as; None where it says none."""
    properties = _properties(package)
    return properties.get(VERSION_PROPERTY) if _began_as_ours(properties) else None


def meant_for(package: Package) -> str:
    """The digits of the enterprise that the workbook is meant for; empty where it may go to any."""
    properties = _properties(package)
    found = properties.get(ENTERPRISE_PROPERTY, "")
    return found if WORDS_PROPERTY in properties and _ENTERPRISE.fullmatch(found) else ""


def _began_as_ours(properties: Mapping[str, str]) -> bool:
    """Whether the properties are of a blank workbook of ours; a company's own may have one of the names."""
    return VERSION_PROPERTY in properties and _API in properties.get(SPECIFICATION_PROPERTY, "")


def _properties(package: Package) -> dict[str, str]:
    """The custom properties of the workbook; none where they cannot be read, for no task stands in them."""
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


def own_sheets(package: Package, titles: Iterable[str]) -> frozenset[str]:
    """Those of the titles whose sheets are this program's words, no sheets of the user's."""
    wanted, properties = frozenset(titles), _properties(package)
    said = {*properties.get(WORDS_PROPERTY, "").split(TITLE_SEPARATOR)}
    own = said | ({READ_ME} if _began_as_ours(properties) else set())
    return (wanted & own) | problem_lists(wanted, package)


def problem_lists(titles: Iterable[str], package: Package) -> frozenset[str]:
    """Those of the titles that list the problems of a marked copy, none where it is no such copy."""
    lists = frozenset(title for title in titles if _LIST_TITLE.fullmatch(title))
    if not lists:
        return lists
    parts = [(name, folded(name)) for name in package.names]
    texts = [name for name, part in parts if part.endswith("sharedstrings.xml")]
    sheets = [name for name, part in reversed(parts) if "/worksheets/" in part and part.endswith(".xml")]
    return lists if any(_holds_note(package.blocks(part)) for part in texts + sheets) else frozenset()


def _holds_note(blocks: Iterator[bytes]) -> bool:
    note, before = COPY_NOTE.encode(), b""
    for block in blocks:
        if note in before + block:
            return True
        before = block[-len(note) :]
    return False


def _warning(rule: str, message: str, hint: str) -> Problem:
    return Problem(sheet="", rule=rule, message=message, hint=hint, severity=Severity.WARNING)
