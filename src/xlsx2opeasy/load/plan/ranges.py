"""Phone numbers and ranges of them, found by the numbers they hold without looking at all of them."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import accumulate

from xlsx2opeasy.check.numbers import Span, span_of


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
