"""What a cell shows: the format codes of ECMA-376, with LibreOffice as the judge."""

import random
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter

from judges import formatted_by_libreoffice
from xlsx2opeasy.ooxml.number_formats import Shows, number_format

SHOWN = [
    ('0#" "##" "##" "##" "##', 123456789, "01 23 45 67 89"),
    (r"0#\ ##\ ##\ ##\ ##", 123456789, "01 23 45 67 89"),
    ("(000) 000-0000", 145550101, "(014) 555-0101"),
    (r"(000)\ 000\-0000", 145550101, "(014) 555-0101"),
    ("[<=9999999]###-####;(###) ###-####", 5550101, "555-0101"),
    ("[<=9999999]###-####;(###) ###-####", 2145550101, "(214) 555-0101"),
    ('[<1000]"214555"0000;0', 101, "2145550101"),
    ('[<1000]"214555"0000;0', 2145550101, "2145550101"),
    ('[=0]"none";[<100]00;0', 0, "none"),
    ('[=0]"none";[<100]00;0', 7, "07"),
    ('[=0]"none";[<100]00;0', 700, "700"),
    ('"+"00 000 0000000', 442079460000, "+44 207 9460000"),
    (r"\+0", 12145550101, "+12145550101"),
    ('"0"0', 2079460000, "02079460000"),
    ("[$-409]0000", 12, "0012"),
    ("[$+1-409] 0", 2145550101, "+1 2145550101"),
    ("[Red]0000;[Blue]-000", -7, "-007"),
    ("0000", -7, "-0007"),
    ("0;(0)", -7, "(7)"),
    ('0;-0;"nil"', 0, "nil"),
    (";;;", 5, ""),
    ("#", 0, ""),
    ("00_)", 5, "05 "),
    ("*-00", 5, "05"),
    ('"a;b"0;0', 5, "a;b5"),
    (r"0\;0", 12, "1;2"),
    ("General", 12, "12"),
    ('General" ext"', 12, "12 ext"),
    ("00 - 00", 12345, "123 - 45"),
]


@pytest.mark.parametrize(("code", "number", "shown"), SHOWN)
def test_formats_of_digits_and_literals(code: str, number: int, shown: str) -> None:
    found = number_format(code).shown(Decimal(number))
    assert found.what in (Shows.DIGITS, Shows.GENERAL)
    assert found.text == shown


@pytest.mark.parametrize(
    ("code", "what", "digits"),
    [
        ("0.00", Shows.DECIMALS, "10100"),
        ("#,##0", Shows.THOUSANDS, "101"),
        ("0,", Shows.THOUSANDS, "0"),
        ("0%", Shows.PERCENT, "10100"),
        ("0.00E+00", Shows.EXPONENT, ""),
        ("# ?/?", Shows.FRACTION, "101"),
        ("000/000000", Shows.FRACTION, ""),
        ("dd/mm/yyyy", Shows.DATE, ""),
        ("[$-407]d. mmmm yyyy;@", Shows.DATE, ""),
        ("mmm", Shows.DATE, ""),
        ("[h]:mm", Shows.TIME, ""),
        ("h:mm AM/PM", Shows.TIME, ""),
        ("000.000.0000", Shows.DECIMALS, "1010000000"),
    ],
)
def test_formats_that_show_something_else(code: str, what: Shows, digits: str) -> None:
    found = number_format(code).shown(Decimal(101))
    assert (found.what, found.digits) == (what, digits)


def formats(count: int) -> list[tuple[str, int]]:
    """Random formats of digits, literals and conditions, each with a number."""
    chance = random.Random(7)
    literals = ['" "', r"\ ", '"-"', r"\-", "-", " ", "(", ")", '"+"', r"\+", '"x"', '"12"']

    def section() -> str:
        pieces = [chance.choice(("0", "00", "#", "##", "0000")) for _ in range(chance.randint(1, 4))]
        return "".join(piece + chance.choice(["", *literals]) for piece in pieces)

    def code() -> str:
        kind = chance.random()
        if kind < 0.6:
            return chance.choice(["", "[$-409]", "[Red]", *literals]) + section()
        if kind < 0.8:
            limit = 10 ** chance.randint(2, 8)
            return f"[{chance.choice(('<', '<=', '>', '>='))}{limit}]{section()};{section()}"
        return f"{section()};{section()};{section()}"

    return [(code(), chance.choice((0, 7, 101, 5550101, 145550101, 2145550101))) for _ in range(count)]


def test_libreoffice_shows_the_same(tmp_path: Path) -> None:
    path = tmp_path / "formats.xlsx"
    cases = [*((code, number) for code, number, _ in SHOWN), *formats(400)]
    book = xlsxwriter.Workbook(str(path))
    page = book.add_worksheet()
    page.set_column(0, 0, 60)
    for place, (code, number) in enumerate(cases):
        page.write_number(place, 0, number, book.add_format({"num_format": code}))
        page.write_string(place, 1, ".")
    book.close()
    seen = [row[0] for row in formatted_by_libreoffice(path, tmp_path)]
    assert len(seen) == len(cases)
    wrong = [
        (code, number, ours, theirs)
        for (code, number), theirs in zip(cases, seen, strict=True)
        if (ours := (number_format(code).shown(Decimal(number)).text or "").strip()) != theirs.strip()
    ]
    assert wrong == [], wrong
