"""Number formats: what a cell shows for a whole number (ECMA-376 Part 1, 18.8.30 and 18.8.31).

A format has up to four sections, chosen by conditions or by the number's sign. Its tokens are digit
placeholders, literals (bare, escaped, quoted), and codes that show something else than the number's digits.
"""

import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from functools import cache

from xlsx2opeasy.ooxml.xml import Element, decimal

FORMAT_LIMIT = 255
"""Characters of a format that are read; Excel takes no more."""

GENERAL = "General"


class Shows(StrEnum):
    """What a section of a format shows of a number."""

    DIGITS = "digits"
    GENERAL = "general"
    DECIMALS = "decimals"
    THOUSANDS = "thousands separators"
    PERCENT = "percent"
    EXPONENT = "exponent"
    FRACTION = "fraction"
    DATE = "date"
    TIME = "time"


@dataclass(frozen=True, slots=True)
class Shown:
    """A number as a cell shows it: `text` is exact for `DIGITS` and `GENERAL`, else what its digits are.

    `text` is None where it is unknown (dates) or Excel shows no number at all (####).
    """

    what: Shows
    text: str | None

    @property
    def digits(self) -> str:
        """The digits of the text."""
        return "".join(re.findall("[0-9]", self.text or ""))


_TOKEN = re.compile(
    r'"(?P<quoted>[^"]*)"?|\\(?P<escaped>.)|_(?P<space>.)|\*.|\[(?P<bracket>[^\]]*)\]'
    r"|(?P<general>general)|(?P<ampm>am/pm|a/p)|(?P<exponent>e[+-])|(?P<code>.)",
    re.IGNORECASE | re.DOTALL,
)
_CONDITION = re.compile(r"(<=|>=|<>|<|>|=)\s*(-?[0-9]+(?:\.[0-9]*)?)")
_CURRENCY = re.compile(r"\$([^-]*)(?:-.*)?", re.DOTALL)
_ELAPSED = re.compile("h+|m+|s+", re.IGNORECASE)
_COMPARISONS = {
    "<": Decimal.__lt__,
    "<=": Decimal.__le__,
    ">": Decimal.__gt__,
    ">=": Decimal.__ge__,
    "=": Decimal.__eq__,
    "<>": Decimal.__ne__,
}
_POSITIVE, _NOT_NEGATIVE, _NEGATIVE = ((sign, Decimal(0)) for sign in (">", ">=", "<"))
_SECTION = re.compile(r'(?:"[^"]*"?|\\.|_.|\*.|\[[^\]]*\]?|[^;])*', re.DOTALL)
_PLACEHOLDERS = "0#?"
_PLACED = frozenset(_PLACEHOLDERS)
_DATES, _TIMES = "ydbge", "hs"
_EXPONENT = "E"
_MOST_SECTIONS = 4

_BUILT_IN = {
    0: GENERAL,
    1: "0",
    2: "0.00",
    3: "#,##0",
    4: "#,##0.00",
    9: "0%",
    10: "0.00%",
    11: "0.00E+00",
    12: "# ?/?",
    13: "# ??/??",
    48: "##0.0E+0",
    49: "@",
    **dict.fromkeys((14, 15, 16, 17, 22, *range(27, 32), 36, *range(50, 59)), "yyyy-mm-dd"),
    **dict.fromkeys((18, 19, 20, 21, *range(32, 36), 45, 46, 47), "hh:mm:ss"),
    **dict.fromkeys((5, 6, 37, 38, 41, 42), "#,##0"),
    **dict.fromkeys((7, 8, 39, 40, 43, 44), "#,##0.00"),
}
"""18.8.30; formats that differ by the language of Excel stand for their kind."""


@dataclass(slots=True)
class _Section:
    """One section: its tokens are placeholders (`0#?`), `.`, `/`, and literals, each after a blank.

    `codes` are what makes it show something else than digits, `thousands` how often it divides by 1,000.
    """

    condition: tuple[str, Decimal] | None = None
    tokens: list[str] = field(default_factory=list)
    codes: str = ""
    general: bool = False
    thousands: int = 0
    elapsed: bool = False

    @property
    def what(self) -> Shows:
        """What it shows of a number."""
        codes, placeholders = self.codes, any(each in _PLACEHOLDERS for each in self.tokens)
        if self.elapsed or any(each in codes for each in _TIMES):
            return Shows.DATE if any(each in codes for each in "yd") else Shows.TIME
        if any(each in codes for each in _DATES) or ("m" in codes and not placeholders):
            return Shows.DATE
        if _EXPONENT in codes:
            return Shows.EXPONENT
        for code, what in (("%", Shows.PERCENT), ("/", Shows.FRACTION), (".", Shows.DECIMALS)):
            if code in codes and placeholders:
                return what
        if "," in codes:
            return Shows.THOUSANDS
        return Shows.GENERAL if self.general else Shows.DIGITS


class NumberFormat:
    """A format code, parsed."""

    def __init__(self, code: str) -> None:
        self.sections = [_parsed(each) for each in _sections(code[:FORMAT_LIMIT])]
        self.plain = code.strip().lower() in ("", "general", "@", "0")
        """Whether any whole number is shown by its digits and nothing else."""

    def shown(self, number: Decimal) -> Shown:
        """What a cell of this format shows for a number."""
        section, negated = self._section(number)
        if section is None:
            return Shown(Shows.DIGITS, None)
        what, sign = section.what, "-" if number < 0 and not negated else ""
        if what in (Shows.DATE, Shows.TIME, Shows.EXPONENT):
            return Shown(what, None)
        if what is Shows.FRACTION:
            return Shown(what, _digits(number) if _has_whole_part(section) else None)
        scaled = number.scaleb(2 if what is Shows.PERCENT else -3 * section.thousands)
        if what is Shows.GENERAL:
            text = "".join(each[1:] or _digits(number) for each in section.tokens)
            return Shown(what, sign + text)
        return Shown(what, sign + _filled(section, scaled))

    def _section(self, number: Decimal) -> tuple[_Section | None, bool]:
        """The section that a number is shown by, and whether that section says itself that it is negative."""
        numeric = self.sections[: _MOST_SECTIONS - 1]
        conditions = [each.condition for each in numeric]
        if len(numeric) == 1 and conditions[0] is None:
            return numeric[0], False
        if conditions[0] is None:
            conditions[0] = _POSITIVE if len(numeric) > 2 else _NOT_NEGATIVE
            if len(numeric) > 2 and conditions[1] is None:
                conditions[1] = _NEGATIVE
        elif len(numeric) > 2 and conditions[1] is None:
            conditions[1] = _NEGATIVE
        for section, condition in zip(numeric, conditions, strict=True):
            if condition is None or _COMPARISONS[condition[0]](number, condition[1]):
                negated = condition == _NEGATIVE or (condition is None and conditions[0] == _NOT_NEGATIVE)
                return section, negated
        return None, False


@cache
def number_format(code: str) -> NumberFormat:
    """The format with this code."""
    return NumberFormat(code)


def formats_by_style(styles: Element | None) -> list[str]:
    """For each cell style (`s` of a cell, an index into cellXfs) the code of its number format."""
    if styles is None:
        return [GENERAL]
    codes = {
        decimal(each, "numFmtId", 0): each.attributes.get("formatCode", "")[:FORMAT_LIMIT]
        for formats in styles.all("numFmts")
        for each in formats.all("numFmt")
    }
    formats = styles.child("cellXfs")
    wanted = [decimal(each, "numFmtId", 0) for each in (formats.all("xf") if formats else ())]
    return [codes.get(each) or _BUILT_IN.get(each, GENERAL) for each in wanted] or [GENERAL]


def _sections(code: str) -> list[str]:
    found: list[str] = []
    position = 0
    while len(found) < _MOST_SECTIONS:
        section = _SECTION.match(code, position)
        assert section is not None
        found.append(section[0])
        position = section.end() + 1
        if section.end() >= len(code):
            break
    return found


def _parsed(text: str) -> _Section:
    section = _Section()
    for token in _TOKEN.finditer(text):
        kind, value = token.lastgroup, token[token.lastgroup] if token.lastgroup else ""
        if kind in ("quoted", "escaped"):
            section.tokens.append(" " + value)
        elif kind == "space":
            section.tokens.append("  ")
        elif kind == "bracket":
            _take_bracket(section, value)
        elif kind == "general":
            section.general = True
            section.tokens.append(" ")
        elif kind == "ampm":
            section.codes += "h"
        elif kind == "exponent":
            section.codes += _EXPONENT
        elif kind == "code":
            _take_code(section, value)
    _settle_commas(section)
    return section


def _take_bracket(section: _Section, inside: str) -> None:
    """A condition, a currency or language, an elapsed time; colours show nothing."""
    if condition := _CONDITION.fullmatch(inside.strip()):
        section.condition = condition[1], Decimal(condition[2])
    elif currency := _CURRENCY.fullmatch(inside):
        section.tokens.append(" " + currency[1])
    elif _ELAPSED.fullmatch(inside):
        section.elapsed = True


def _take_code(section: _Section, code: str) -> None:
    lowered = code.lower()
    if code in _PLACEHOLDERS:
        section.tokens.append(code)
    elif code == "@":
        section.general = True
        section.tokens.append(" ")
    elif lowered in _DATES + _TIMES or lowered == "m":
        section.codes += lowered
    elif code == "." and "." not in section.codes:
        section.codes += code
        section.tokens.append(".")
    elif code == ",":
        section.tokens.append(",")
    elif code == "/" and any(each in _PLACEHOLDERS for each in section.tokens):
        section.codes += code
        section.tokens.append("/")
    else:
        section.codes += "%" if code == "%" else ""
        section.tokens.append(" " + code)


def _settle_commas(section: _Section) -> None:
    """Commas between placeholders separate thousands, those after the last divide; others are literals."""
    settled: list[str] = []
    rest = section.tokens
    for place, each in enumerate(rest):
        if each != ",":
            settled.append(each)
        elif not _PLACED.intersection(settled):
            settled.append(" ,")
        else:
            section.codes += ","
            later = rest[place + 1 : rest.index(".") if "." in rest[place:] else None]
            section.thousands += not _PLACED.intersection(later)
    section.tokens = settled


def _has_whole_part(section: _Section) -> bool:
    """Whether a fraction has a whole number before it (`# ?/?`)."""
    before = section.tokens[: section.tokens.index("/")]
    groups = "".join(each if each in _PLACEHOLDERS else " " for each in before).split()
    return len(groups) > 1


def _filled(section: _Section, number: Decimal) -> str:
    """The number in the placeholders of a section, its literals between them."""
    point = section.tokens.index(".") if "." in section.tokens else len(section.tokens)
    whole, after = section.tokens[:point], section.tokens[point + 1 :]
    places = sum(each in _PLACEHOLDERS for each in after)
    digits = format(abs(number).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP), "f")
    left, _, right = digits.partition(".")
    mark = "." if point < len(section.tokens) else ""
    return _whole(whole, left.lstrip("0")) + mark + _decimals(after, right)


def _whole(tokens: list[str], digits: str) -> str:
    """Digits from the right; those without a placeholder precede the first of them."""
    pieces, left = [], list(digits)
    first = next((place for place, each in enumerate(tokens) if each in _PLACEHOLDERS), -1)
    for place in range(len(tokens) - 1, -1, -1):
        token = tokens[place]
        if token not in _PLACEHOLDERS:
            pieces.append(token[1:])
            continue
        pieces.append(left.pop() if left else {"0": "0", "#": "", "?": " "}[token])
        if place == first:
            pieces.append("".join(left))
    return "".join(reversed(pieces))


def _decimals(tokens: list[str], digits: str) -> str:
    left = iter(digits)
    return "".join(next(left, "") if each in _PLACEHOLDERS else each[1:] for each in tokens)


def _digits(number: Decimal) -> str:
    return format(abs(number).to_integral_value(), "f")
