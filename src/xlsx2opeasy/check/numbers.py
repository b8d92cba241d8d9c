"""Phone numbers as they are compared: by their digits, the leading 1 of 11 digits aside.

`214.555.0102`, `+1 (214) 555-0102` and `12145550102` are one number. A range is written `A - B`, with both
ends of the same length; numbers of different lengths are never the same.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xlsx2opeasy.spec.rules import NumberOrRange

_NUMBER = re.compile(r"\+?[0-9(][0-9 ().\-/]*")


def digits_of(number: str) -> str | None:
    """The digits of a phone number written with `+ - . ( ) /` or single spaces; None where it is none."""
    if not _NUMBER.fullmatch(number) or "  " in number:
        return None
    return re.sub("[^0-9]", "", number) or None


def number_key(text: str) -> str:
    """What two spellings of one phone number have in common; "" where `text` is no phone number."""
    digits = digits_of(text) or ""
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """One number or a range of them: all numbers of `length` digits from `first` to `last`."""

    length: int
    first: int
    last: int


def span_of(text: str) -> Span | None:
    """The numbers that a cell names, in one number or a range; None where it is neither."""
    ends = [number_key(end) for end in text.split(NumberOrRange.separator)]
    if len(ends) > 2 or not all(ends) or len(ends[0]) != len(ends[-1]) or ends[0] > ends[-1]:
        return None
    return Span(len(ends[0]), int(ends[0]), int(ends[-1]))


def overlaps(rows: Iterable[tuple[Span, int]]) -> Iterator[tuple[int, int]]:
    """Pairs (earlier row, later row) of rows that share a number, one for each row but the first."""
    length, furthest, its_row = 0, -1, 0
    for span, row in sorted(rows):
        if span.length != length:
            length, furthest = span.length, -1
        if span.first <= furthest:
            yield min(its_row, row), max(its_row, row)
        if span.last > furthest:
            furthest, its_row = span.last, row
