"""What people type that no rule of the Appendix forbids, and that is hardly ever meant.

Two phone numbers in one cell, numbers of too many digits, placeholders and decimal numbers in number fields,
MAC addresses that are not 12 hexadecimal digits, forwarding that is switched on without a number. Whole
columns are checked first, and single texts only where a column has candidates.
"""

import re
from collections.abc import Iterator

import pandas as pd

from xlsx2opeasy.check.commands import Code, Grid, RowFinding
from xlsx2opeasy.check.normal import CLEAR, TRUE, distinct_of
from xlsx2opeasy.check.numbers import LONGEST, SHORTEST, digits_of, two_numbers
from xlsx2opeasy.spec.model import Column, Content, Field
from xlsx2opeasy.spec.rules import MacAddress, NumberOrRange

_PLACEHOLDERS = (
    *("-", "--", "---", ".", "?", "x", "xx", "xxx", "na", "n/a", "n.a.", "n/v", "none", "null", "nil"),
    *("unknown", "tbd", "tba", "tbc", "keine", "keiner", "kein", "leer", "k.a.", "empty", "blank", "pending"),
    # What other programs write for a blank cell, and Excel's errors as texts.
    *("nan", "nat", "<na>", "#n/a", "#nv", "#ref!", "#value!", "#name?", "#num!", "#null!", "#div/0!"),
)
_DECIMAL = r"[+-]?[0-9]+\.0+|[+-]?[0-9](?:\.[0-9]+)?[eE]\+?[0-9]{1,3}"
"""How programs write a number that they took for a decimal one."""

_TWELVE_HEX = "[0-9A-Fa-f]{12}"


def number_findings(grid: Grid) -> Iterator[RowFinding]:
    """Two numbers in one text, and numbers of more than 15 digits: errors, but for long numbers elsewhere."""
    for column in _number_columns(grid):
        texts = grid.values[column.name]
        digits = texts.str.replace("[^0-9]", "", regex=True).str.len()
        two = [text for text in _candidates(texts, digits >= 2 * SHORTEST) if _is_two(column.field, text)]
        long = [text for text in _candidates(texts, digits > LONGEST) if _is_too_long(text)]
        for code, wrong in ((Code.TWO_NUMBERS, two), (Code.LONG_NUMBER, long)):
            if wrong:
                yield RowFinding(code, column.field, column.name, grid.rows(texts.isin(wrong)))


def typed_findings(grid: Grid) -> Iterator[RowFinding]:
    """Everything else, which is never more than a warning."""
    for column in _number_columns(grid):
        texts = grid.values[column.name]
        for code, mask in (
            (Code.PLACEHOLDER, texts.str.lower().isin(_PLACEHOLDERS)),
            (Code.DECIMAL, texts.str.fullmatch(_DECIMAL)),
        ):
            if mask.any():
                yield RowFinding(code, column.field, column.name, grid.rows(mask))
    yield from _mac_addresses(grid)
    yield from _forwarding(grid)


def _number_columns(grid: Grid) -> Iterator[Column]:
    return (each for each in grid.columns if each.field.content is Content.NUMBER)


def _candidates(texts: "pd.Series[str]", mask: "pd.Series[bool]") -> list[str]:
    return distinct_of(texts[mask]).tolist()


def takes_ranges(field: Field) -> bool:
    """Whether the field may hold a range of numbers."""
    return any(isinstance(rule, NumberOrRange) for rule in field.rules)


def _is_two(field: Field, text: str) -> bool:
    """Whether the text is two numbers and no range, or a range one of whose ends is two numbers."""
    ends = text.split(NumberOrRange.separator)
    if takes_ranges(field) and len(ends) == 2 and all(map(digits_of, ends)):
        return any(two_numbers(end) is not None for end in ends)
    return two_numbers(text) is not None


def _is_too_long(text: str) -> bool:
    ends = text.split(NumberOrRange.separator)
    return any(len(digits_of(end) or "") > LONGEST and two_numbers(end) is None for end in ends)


def _mac_addresses(grid: Grid) -> Iterator[RowFinding]:
    for column in grid.columns:
        limit = next((each.limit for each in column.field.rules if isinstance(each, MacAddress)), None)
        if limit is None:
            continue
        texts = grid.values[column.name]
        mask = (
            (texts != "") & (texts != CLEAR) & (texts.str.len() <= limit) & ~texts.str.fullmatch(_TWELVE_HEX)
        )
        if mask.any():
            yield RowFinding(Code.MAC, column.field, column.name, grid.rows(mask))


def mac_meant(text: str) -> tuple[str, str]:
    """What is wrong with a MAC address of not 12 hexadecimal digits, and which was probably meant."""
    octets = re.split("[:.-]", text)
    if len(octets) == 6 and all(re.fullmatch("[0-9A-Fa-f]{1,2}", each) for each in octets):
        return "lost_zeros", "".join(each.zfill(2) for each in octets).upper()
    bare = re.sub("[:.-]", "", text)
    if re.fullmatch("[0-9A-Fa-f]{1,11}", bare):
        return "lost_zeros", bare.zfill(12)
    corrected = bare.translate(str.maketrans("oO", "00"))
    if corrected != bare and re.fullmatch(_TWELVE_HEX, corrected):
        return "letter_o", corrected
    return "not_hexadecimal", ""


def _forwarding(grid: Grid) -> Iterator[RowFinding]:
    for column in grid.columns:
        number = column.field.number_field
        if not number:
            continue
        mask = (grid.values[column.name] == TRUE) & grid.having(column.field.commands)
        if number in grid.filled:
            mask &= ~grid.filled[number] | (grid.values[number] == CLEAR)
        if mask.any():
            yield RowFinding(Code.NO_NUMBER, column.field, column.name, grid.rows(mask))
