"""Number formats of styles.xml, sorted by what they do to what people see (ECMA-376 Part 1, 18.8.30)."""

import re
from enum import StrEnum

from xlsx2opeasy.ooxml.xml import Element, decimal


class Shown(StrEnum):
    """How a number format shows a number; `ZEROS` pads with zeros, `PLAIN` is every other."""

    PLAIN = "plain"
    ZEROS = "zeros"
    DATE = "date"
    TIME = "time"
    PERCENT = "percent"


_BUILT_IN_DATES = frozenset({14, 15, 16, 17, 22, *range(27, 32), 36, *range(50, 59)})
_BUILT_IN_TIMES = frozenset({18, 19, 20, 21, 32, 33, 34, 35, 45, 46, 47})
_BUILT_IN_PERCENTS = frozenset({9, 10})
_UNSEEN = re.compile(r'"[^"]*"?|\\.|_.|\*.|\[(?!(?:h+|m+|s+)\])[^\]]*\]', re.IGNORECASE)
_ZEROS = re.compile(r"0{2,}")
FORMAT_LIMIT = 255


def shown(code: str) -> tuple[Shown, int]:
    """What a format code does, and for `ZEROS` to how many digits it pads (else 0)."""
    first = _UNSEEN.sub("", code[:FORMAT_LIMIT].partition(";")[0]).strip()
    if _ZEROS.fullmatch(first):
        return Shown.ZEROS, len(first)
    lowered = first.lower().replace("general", "").replace("am/pm", "h").replace("a/p", "h")
    if "%" in lowered:
        return Shown.PERCENT, 0
    if re.search("[yd]", lowered) or re.fullmatch("m{1,5}", lowered):
        return Shown.DATE, 0
    if re.search("[hs]", lowered) or "[m" in lowered:
        return Shown.TIME, 0
    return Shown.PLAIN, 0


def _built_in(number: int) -> tuple[Shown, int]:
    if number in _BUILT_IN_DATES:
        return Shown.DATE, 0
    if number in _BUILT_IN_TIMES:
        return Shown.TIME, 0
    return (Shown.PERCENT, 0) if number in _BUILT_IN_PERCENTS else (Shown.PLAIN, 0)


def shown_by_style(styles: Element | None) -> list[tuple[Shown, int]]:
    """For each cell style (`s` of a cell, an index into cellXfs) what its number format does."""
    if styles is None:
        return [(Shown.PLAIN, 0)]
    codes = {
        decimal(each, "numFmtId", 0): shown(each.attributes.get("formatCode", ""))
        for formats in styles.all("numFmts")
        for each in formats.all("numFmt")
    }
    formats = styles.child("cellXfs")
    wanted = [decimal(each, "numFmtId", 0) for each in (formats.all("xf") if formats else ())]
    return [codes.get(number) or _built_in(number) for number in wanted] or [(Shown.PLAIN, 0)]
