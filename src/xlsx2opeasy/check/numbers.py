"""Phone numbers as they are compared: by their digits, the leading 1 of 11 digits aside.

`214.555.0102`, `+1 (214) 555-0102` and `12145550102` are one number. A range is written `A - B`, with both
ends of the same length; numbers of different lengths are never the same.
"""

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from operator import itemgetter
from typing import Generic, TypeVar

from xlsx2opeasy.spec.rules import NumberOrRange

T = TypeVar("T")

_NUMBER = re.compile(r"\+?[0-9(][0-9 ().\-/]*")
_JOINT = re.compile(
    r"\s*(?P<dash>[-‐‑‒–—―−~])\s*"
    r"|\s*(?<![^\W\d])(?P<word>to|bis|through|thru|until)(?![^\W\d])\s*"
    r"|\s*(?P<list>[,;/&|]|\band\b|\bund\b)\s*"
    r"|(?P<space>\s+)",
    re.IGNORECASE,
)
_PIECE = re.compile(r"\+?[0-9(][0-9 ().\-/‐‑‒–—―−]*")
_TYPOGRAPHIC_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—―−", "-"))
_DIALLED_FIRST = ("+", "0", "(+", "(0")
SHORTEST, LONGEST = 7, 15
"""The digits of a single number, and the most that any has (ITU-T E.164, 6.2.1)."""


def digits_of(number: str) -> str | None:
    """The digits of a phone number written with `+ - . ( ) /` or single spaces; None where it is none."""
    if not _NUMBER.fullmatch(number) or "  " in number:
        return None
    return _digits(number) or None


def number_key(text: str) -> str:
    """What two spellings of one phone number have in common; "" where `text` is no phone number."""
    return _key(digits_of(text) or "")


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
    if len(ends[0]) > LONGEST:
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


@dataclass(slots=True)
class _Ranges(Generic[T]):
    """Ranges that do not overlap, in their order: first number, last number, and a task about each."""

    ranges: list[tuple[int, int, T]] = field(default_factory=list)

    def overlapping(self, first: int, last: int) -> slice:
        """The places of those that hold a number from `first` to `last`."""
        ranges = self.ranges
        return slice(
            bisect_left(ranges, first, key=itemgetter(1)), bisect_right(ranges, last, key=itemgetter(0))
        )

    def add(self, first: int, last: int, task: T) -> None:
        """Takes the range in, in one with those that it overlaps."""
        there = self.overlapping(first, last)
        first = min([first, *(start for start, _, _ in self.ranges[there])])
        last = max([last, *(end for _, end, _ in self.ranges[there])])
        self.ranges[there] = [(first, last, task)]

    def remove(self, first: int, last: int) -> None:
        """Forgets the numbers from `first` to `last`; what is beside them stays."""
        there = self.overlapping(first, last)
        left = [(start, first - 1, task) for start, _, task in self.ranges[there] if start < first]
        right = [(last + 1, end, task) for _, end, task in self.ranges[there] if end > last]
        self.ranges[there] = left + right


class NumberRanges:
    """Texts that are a number or a range, each with a place; others are ignored."""

    def __init__(self, texts: Iterable[tuple[int, str]]) -> None:
        by_length: dict[int, list[tuple[Span, int]]] = defaultdict(list)
        for place, text in texts:
            if (span := span_of(text)) is not None:
                by_length[span.length].append((span, place))
        self._by_length = {length: sorted(of) for length, of in by_length.items()}
        self._firsts = {length: [span.first for span, _ in of] for length, of in self._by_length.items()}
        self._furthest = {
            length: list(accumulate((span.last for span, _ in of), max))
            for length, of in self._by_length.items()
        }

    def __bool__(self) -> bool:
        return bool(self._by_length)

    def overlapping(self, text: str) -> Iterator[int]:
        """The places of those that hold this number, or one of this range."""
        if (wanted := span_of(text)) is None or wanted.length not in self._by_length:
            return
        spans = self._by_length[wanted.length]
        for index in range(bisect_right(self._firsts[wanted.length], wanted.last) - 1, -1, -1):
            if self._furthest[wanted.length][index] < wanted.first:
                return
            span, place = spans[index]
            if span.last >= wanted.first:
                yield place


class TouchedNumbers(Generic[T]):
    """What rows did so far. Numbers are compared by their digits, those of one length among themselves."""

    def __init__(self) -> None:
        self._by_length: dict[int, _Ranges[T]] = {}

    def add(self, numbers: str, task: T) -> None:
        """Notes that `task` is about a number, or a range of them."""
        if (span := span_of(numbers)) is not None:
            self._by_length.setdefault(span.length, _Ranges()).add(span.first, span.last, task)

    def remove(self, numbers: str) -> None:
        """Forgets these numbers."""
        if (span := span_of(numbers)) is not None and span.length in self._by_length:
            self._by_length[span.length].remove(span.first, span.last)

    def of_any(self, numbers: str) -> T | None:
        """A task that is about any of `numbers`."""
        if (span := span_of(numbers)) is None or span.length not in self._by_length:
            return None
        of_length = self._by_length[span.length]
        found = of_length.ranges[of_length.overlapping(span.first, span.last)]
        return found[0][2] if found else None


@dataclass(frozen=True, slots=True)
class TwoNumbers:
    """Two phone numbers in one text; `is_range` where a dash or a word such as "to" joins them."""

    first: str
    last: str
    is_range: bool

    @property
    def as_range(self) -> str:
        """The right spelling of the range."""
        return f"{self.first}{NumberOrRange.separator}{self.last}"


def two_numbers(text: str) -> TwoNumbers | None:
    """The two phone numbers that a text consists of, each of at least 7 digits; None where it is not two.

    Separators within a number do not part it: of all ways to part the text, one with numbers of equal length
    counts first, and a space parts no number of at most 15 digits with an international or trunk prefix.
    """
    found: list[tuple[bool, TwoNumbers]] = []
    for joint in _JOINT.finditer(text):
        pieces = text[: joint.start()].strip(), text[joint.end() :].strip()
        digits = [len(_digits(each)) for each in pieces]
        if min(digits) < SHORTEST or not all(_PIECE.fullmatch(each) for each in pieces):
            continue
        if joint["space"] and sum(digits) <= LONGEST and text.lstrip().startswith(_DIALLED_FIRST):
            continue
        first, last = (each.translate(_TYPOGRAPHIC_DASHES) for each in pieces)
        is_range = bool(joint["dash"] or joint["word"])
        found.append((len(_key(pieces[0])) == len(_key(pieces[1])), TwoNumbers(first, last, is_range)))
    equal = [each for is_equal, each in found if is_equal]
    return next(iter(equal or [each for _, each in found]), None)


def _digits(text: str) -> str:
    return re.sub("[^0-9]", "", text)


def _key(piece: str) -> str:
    digits = _digits(piece)
    return digits[1:] if len(digits) == 11 and digits.startswith("1") else digits
