"""Texts of the server arrive as they are: never a formula, a link, or a file that cannot be opened."""

import re
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlsx2opeasy.ooxml.text import LIMIT, cut, text_element, visible
from xlsx2opeasy.spec.outcomes import Outcome, RowResult

from .books import SHEET, book, by_calamine, by_libreoffice, by_openpyxl, part, sheet_xml, write

HARMLESS = [
    "=cmd|' /C calc'!A0",
    "=1+1",
    "@SUM(A1)",
    "+1",
    "-1",
    "#N/A",
    "TRUE",
    "0012",
    "1e5",
    "https://example.com/?a=1&b=2",
    "<script>alert(1)</script>",
    "]]>",
    "&amp; &#65;",
    '"quoted"',
    "'apostrophe",
    "two\nlines",
    "tab\there",
    "  spaces  kept  ",
    "漢字 🙂 e\u0301",
    "\u202eright to left",
]


def written_with(folder: Path, detail: str) -> Path:
    path = book(folder / "book.xlsx", sheet_xml())
    return write(path, {2: RowResult(Outcome.FAILED, "100", detail, "j")}).target


@pytest.mark.parametrize("text", HARMLESS)
def test_a_text_is_read_back_as_it_is(tmp_path: Path, text: str) -> None:
    path = written_with(tmp_path, text)
    assert by_calamine(path)[1][4] == text
    assert by_openpyxl(path)["E2"] == text
    assert "<f>" not in part(path, SHEET)


def test_libreoffice_reads_hostile_texts_as_texts(tmp_path: Path) -> None:
    results = {row: RowResult(Outcome.FAILED, detail=text) for row, text in enumerate(HARMLESS, start=2)}
    path = write(book(tmp_path / "book.xlsx", sheet_xml()), results).target
    assert [row[4] for row in by_libreoffice(path, tmp_path)[1:]] == HARMLESS


@pytest.mark.parametrize("text", ["_x0041_", "_x005F_x0041_", "_x0041_x0042_", "__x000D__", "_x00e9_"])
def test_what_looks_like_an_escape_is_no_escape(tmp_path: Path, text: str) -> None:
    assert by_calamine(written_with(tmp_path, text))[1][4] == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x00b\x1f", "a\\u{0000}b\\u{001F}"),
        ("\x1b[31mred", "\\u{001B}[31mred"),
        ("\ufffe\uffff", "\\u{FFFE}\\u{FFFF}"),
        ("\ud800 alone \udfff", "\\u{D800} alone \\u{DFFF}"),
        ("one\r\ntwo\rthree", "one\ntwo\nthree"),
    ],
)
def test_what_xml_forbids_is_made_visible(tmp_path: Path, text: str, shown: str) -> None:
    path = written_with(tmp_path, text)
    assert by_calamine(path)[1][4] == shown
    assert by_openpyxl(path)["E2"] == shown


@pytest.mark.parametrize(
    "text", ["x" * 40_000, "🙂" * 20_000, "a" + "🙂" * 20_000, "<" * 40_000, "x" * (LIMIT + 1)]
)
def test_too_long_a_text_is_cut_visibly(tmp_path: Path, text: str) -> None:
    shown = by_calamine(written_with(tmp_path, text))[1][4]
    kept, count = re.fullmatch(r"(.*)… \[\+([\d,]+) characters\]", shown, re.DOTALL).groups()
    assert text.startswith(kept)
    assert units(kept) + int(count.replace(",", "")) == units(text)
    assert LIMIT - 50 < units(shown) <= LIMIT


def test_the_longest_text_is_whole() -> None:
    assert cut("x" * LIMIT) == "x" * LIMIT


@given(st.text() | st.text(alphabet=" _x0041<>&\n\r\t\ud800\x01"))
def test_any_text_is_xml_that_gives_the_visible_text_back(text: str) -> None:
    element = ET.fromstring(text_element(text).replace("xml:space", "space"))
    read = re.sub("_x005F_", "_", element.text or "")
    assert read == visible(text)
    assert (element.get("space") == "preserve") >= (read != read.strip())


def units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
