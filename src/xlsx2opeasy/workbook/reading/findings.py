"""What the reader found in one cell, whose address is not yet known."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

from xlsx2opeasy.problems import MASK, Severity

_Key = TypeVar("_Key", int, str)

_SHOWN = 60
AS_TEXT = "Format the column as Text and type the value again, or type an apostrophe before it."


@dataclass(frozen=True, slots=True)
class CellFinding:
    """A rule, a message that goes on from "The cell …", and what to do.

    An error makes the cell unreadable, unless its text is `kept`, so that the rule can be allowed.
    """

    rule: str
    message: str
    hint: str
    severity: Severity = Severity.ERROR
    kept: bool = False


@dataclass(frozen=True, slots=True)
class Reading:
    """The text that a cell sends, and what was noticed; `counted` names a note made once a column."""

    text: str
    finding: CellFinding | None = None
    counted: str | None = None


def refused(rule: str, message: str, hint: str) -> Reading:
    """A cell that cannot be read faithfully."""
    return Reading("", CellFinding(rule, message, hint))


def kept(text: str, rule: str, message: str, hint: str) -> Reading:
    """A cell whose text breaks a rule that may be allowed."""
    return Reading(text, CellFinding(rule, message, hint, kept=True))


def repaired(text: str, rule: str, message: str, hint: str) -> Reading:
    """A cell whose text is `text` after a repair, with a warning."""
    return Reading(text, CellFinding(rule, message, hint, Severity.WARNING))


def visible(text: str) -> str:
    """`text` for a message: what is invisible is written as its code point, long ones are cut."""
    shown = "".join(each if each.isprintable() else f"<U+{ord(each):04X}>" for each in text[:_SHOWN])
    return shown + ("…" if len(text) > _SHOWN else "")


def first_shown(cells: Mapping[_Key, str], secrets: Collection[_Key]) -> tuple[str, str]:
    """The first filled cell of a row that is no task, for its message (` ("…")`) and as its value.

    A cell below one of `secrets` is never shown: the mask is the value, where no other cell is filled.
    """
    filled = {key: text for key, text in cells.items() if text}
    shown = next((text for key, text in filled.items() if key not in secrets), None)
    if shown is None:
        return "", MASK if filled else ""
    return f' ("{visible(shown)}")', shown
