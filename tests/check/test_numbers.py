"""Phone numbers: which spellings are one number, which texts are two, and which ranges share a number."""

from itertools import combinations, product

import pytest

from xlsx2opeasy.check.numbers import (
    NumberRanges,
    Span,
    TouchedNumbers,
    TwoNumbers,
    digits_of,
    number_key,
    overlaps,
    span_of,
    two_numbers,
)
from xlsx2opeasy.check.schema import is_number_or_range
from xlsx2opeasy.check.typed import mac_meant


@pytest.mark.parametrize(
    ("text", "digits", "key"),
    [
        ("1", "1", "1"),
        ("+1", "1", "1"),
        ("1-2./ 3", "123", "123"),
        ("(214) 555-0102", "2145550102", "2145550102"),
        ("+1 (214) 555-0102", "12145550102", "2145550102"),
        ("12345678901", "12345678901", "2345678901"),
        ("02345678901", "02345678901", "02345678901"),
        ("1234567890", "1234567890", "1234567890"),
        ("123456789012", "123456789012", "123456789012"),
        ("21234567890", "21234567890", "21234567890"),
        ("214  555", None, ""),
        ("", None, ""),
        ("+", None, ""),
        ("(", None, ""),
        ("++1", None, ""),
        ("-1", None, ""),
        ("1a", None, ""),
        ("a1", None, ""),
        ("\u0661", None, ""),
    ],
)
def test_the_digits_of_a_number_and_what_its_spellings_share(text: str, digits: str | None, key: str) -> None:
    assert (digits_of(text), number_key(text)) == (digits, key)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("12", Span(2, 12, 12)),
        ("12 - 12", Span(2, 12, 12)),
        ("12 - 13", Span(2, 12, 13)),
        ("12145550102 - 2145550103", Span(10, 2145550102, 2145550103)),
        ("1" * 15, Span(15, int("1" * 15), int("1" * 15))),
        ("1" * 16, None),
        ("13 - 12", None),
        ("2 - 13", None),
        ("1 - 2 - 3", None),
        ("a - 2", None),
        ("1 - a", None),
        (" - ", None),
        ("", None),
    ],
)
def test_the_numbers_that_a_cell_names(text: str, span: Span | None) -> None:
    assert span_of(text) == span


@pytest.mark.parametrize(
    ("text", "good"),
    [
        ("12", True),
        ("12 - 13", True),
        ("12 - 12", True),
        ("13 - 12", False),
        ("2 - 13", False),
        ("a - 2", False),
        ("1 - a", False),
        ("1 - a - 3", False),
        ("1 - 2 - 3", False),
        ("x", False),
    ],
)
def test_a_range_is_in_order_and_its_ends_are_of_one_length(text: str, good: bool) -> None:
    assert is_number_or_range(text) is good


@pytest.mark.parametrize(
    ("rows", "pairs"),
    [
        ([(Span(2, 11, 15), 2), (Span(2, 15, 16), 3)], [(2, 3)]),
        ([(Span(2, 11, 15), 2), (Span(2, 16, 17), 3)], []),
        ([(Span(2, 11, 15), 2), (Span(3, 11, 15), 3)], []),
        ([(Span(2, 15, 16), 2), (Span(2, 11, 15), 3)], [(2, 3)]),
        ([(Span(1, 0, 0), 2), (Span(1, 0, 0), 3)], [(2, 3)]),
        ([(Span(2, 11, 19), 2), (Span(2, 12, 13), 3), (Span(2, 15, 16), 4)], [(2, 3), (2, 4)]),
        ([(Span(2, 11, 13), 2), (Span(2, 12, 19), 3), (Span(2, 15, 16), 4)], [(2, 3), (3, 4)]),
        ([(Span(2, 11, 15), 2), (Span(2, 12, 15), 3), (Span(2, 14, 16), 4)], [(2, 3), (2, 4)]),
    ],
)
def test_each_row_is_told_of_an_earlier_one_that_shares_a_number(
    rows: list[tuple[Span, int]], pairs: list[tuple[int, int]]
) -> None:
    assert list(overlaps(rows)) == pairs


PAIRS = [*combinations(range(1, 5), 2), *((each, each) for each in range(1, 5))]
RANGES = [f"{first} - {last}" for first, last in PAIRS]


def _numbers(text: str) -> set[int]:
    span = span_of(text)
    return set(range(span.first, span.last + 1)) if span else set()


def test_ranges_are_found_by_each_number_that_they_share() -> None:
    for texts in product(RANGES, RANGES, ["3 - 4", "11 - 15", "x"]):
        ranges = NumberRanges(enumerate(texts))
        for wanted in (*RANGES, "12", "6", "x", "111"):
            shared = [place for place, text in enumerate(texts) if _shares(text, wanted)]
            assert sorted(ranges.overlapping(wanted)) == shared


def _shares(text: str, other: str) -> bool:
    spans = span_of(text), span_of(other)
    return None not in spans and spans[0].length == spans[1].length and bool(_numbers(text) & _numbers(other))


def test_there_are_no_ranges_where_no_text_is_one() -> None:
    assert not NumberRanges([(0, "x"), (1, "")])
    assert NumberRanges([(0, "x"), (1, "7")])


def test_touched_numbers_are_those_added_and_not_removed() -> None:
    for one, other, removed, again in product(RANGES, RANGES, RANGES, ["2 - 3", "5"]):
        touched: TouchedNumbers[str] = TouchedNumbers()
        touched.add(one, "one")
        touched.add(other, "other")
        touched.remove(removed)
        touched.add(again, "again")
        left = (_numbers(one) | _numbers(other)) - _numbers(removed) | _numbers(again)
        for wanted in ("1", "2", "3", "5", "1 - 3", "2 - 4"):
            found = touched.of_any(wanted)
            assert (found is not None) is bool(left & _numbers(wanted))
            assert found == "again" or not _numbers(wanted) <= _numbers(again)


def test_a_task_that_is_about_a_number_is_found() -> None:
    touched: TouchedNumbers[str] = TouchedNumbers()
    for numbers, task in (("11 - 13", "a"), ("14 - 16", "b"), ("1", "c"), ("x", "d"), ("18 - 19", "e")):
        touched.add(numbers, task)
    assert [touched.of_any(each) for each in ("11", "13", "14", "17", "1", "2", "x", "111")] == [
        *("a", "a", "b", None, "c", None, None, None)
    ]
    assert touched.of_any("13 - 18") == "a"
    touched.remove("12 - 15")
    touched.remove("x")
    touched.remove("111")
    assert [touched.of_any(str(each)) for each in range(10, 20)] == [
        *(None, "a", None, None, None, None, "b", None, "e", "e")
    ]
    touched.add("11 - 18", "f")
    assert {touched.of_any(str(each)) for each in range(11, 20)} == {"f"}


@pytest.mark.parametrize(
    ("text", "first", "last", "is_range"),
    [
        ("214-844-6611 to 214-844-6612", "214-844-6611", "214-844-6612", True),
        ("2148446611to2148446612", "2148446611", "2148446612", True),
        ("2148446611 BIS 2148446612", "2148446611", "2148446612", True),
        ("2148446611 through 2148446612", "2148446611", "2148446612", True),
        ("2148446611 thru 2148446612", "2148446611", "2148446612", True),
        ("2148446611 until 2148446612", "2148446611", "2148446612", True),
        ("2148446611-2148446612", "2148446611", "2148446612", True),
        ("214\u2013844\u20136611 \u2014 214\u2013844\u20136612", "214-844-6611", "214-844-6612", True),
        ("2148446611 ~ 2148446612", "2148446611", "2148446612", True),
        ("844-6611-844-6612", "844-6611", "844-6612", True),
        ("2148446611 / 2148446612", "2148446611", "2148446612", False),
        ("2148446611, 2148446612", "2148446611", "2148446612", False),
        ("2148446611;2148446612", "2148446611", "2148446612", False),
        ("2148446611 & 2148446612", "2148446611", "2148446612", False),
        ("2148446611 | 2148446612", "2148446611", "2148446612", False),
        ("2148446611 And 2148446612", "2148446611", "2148446612", False),
        ("2148446611 und 2148446612", "2148446611", "2148446612", False),
        ("2148446611 2148446612", "2148446611", "2148446612", False),
        ("+1 214 844 6611 214-844-6612", "+1 214 844 6611", "214-844-6612", False),
        ("12345678 90123456", "12345678", "90123456", False),
        ("8446611 8446612", "8446611", "8446612", False),
        ("844 6611 844 6612", "844 6611", "844 6612", False),
        ("1234567 89012345", "1234567", "89012345", False),
        ("21484466 12148446612", "21484466", "12148446612", False),
        ("+12148446611 8446612", "+12148446611", "8446612", False),
        # Parted where both are of one length, before where they are not.
        ("844-6611-1-844-6612", "844-6611", "1-844-6612", True),
        ("1-214-844-6611-214-844-6612", "1-214-844-6611", "214-844-6612", True),
        ("2148446611 to 8446612", "2148446611", "8446612", True),
    ],
)
def test_two_numbers_in_one_text(text: str, first: str, last: str, is_range: bool) -> None:
    found = two_numbers(text)
    assert found == TwoNumbers(first, last, is_range)
    assert found.as_range == f"{first} - {last}"


@pytest.mark.parametrize(
    "text",
    [
        *("", "2148446611", "214-844-6611", "+49 221 1234567", "2148446611 -", "- 2148446611"),
        # Of six digits, or with something else around it: no number.
        *("123456 - 1234567", "1234567 - 123456", "2148446611 ext 8446612", "2148446611xto 2148446612"),
        # Parted by a space, what begins with a prefix may be one number.
        *("0049 221 1234567", "+4922112 34567890", "(0049) 221 1234567", "(+49) 2211 2345678 90"),
    ],
)
def test_one_number_or_none_is_not_two(text: str) -> None:
    assert two_numbers(text) is None


@pytest.mark.parametrize(
    ("typed", "wrong", "meant"),
    [
        ("0:8:5D:12:34:56", "lost_zeros", "00085D123456"),
        ("0-8-5d-12-34-5", "lost_zeros", "00085D123405"),
        ("0.8.5D.12.34.56", "lost_zeros", "00085D123456"),
        ("A:8:5D:1:F:56", "lost_zeros", "0A085D010F56"),
        ("0:8:5D:12:34", "lost_zeros", "0000085D1234"),
        ("100:8:5D:12:34:5", "lost_zeros", "010085D12345"),
        ("85d123456", "lost_zeros", "00085d123456"),
        ("8", "lost_zeros", "000000000008"),
        ("OO085D123456", "letter_o", "00085D123456"),
        ("o0:08:5D:12:34:5O", "letter_o", "00085D123450"),
        ("00085D12345G", "not_hexadecimal", ""),
        ("OO085D12345G", "not_hexadecimal", ""),
        ("0:8:5D:12:34:5G", "not_hexadecimal", ""),
        ("1234567890123", "not_hexadecimal", ""),
        ("", "not_hexadecimal", ""),
    ],
)
def test_which_mac_address_was_probably_meant(typed: str, wrong: str, meant: str) -> None:
    assert mac_meant(typed) == (wrong, meant)
