"""What Excel does to values, and what is read of it."""

from pathlib import Path

import pytest
from handmade import (
    DATE,
    PERCENT,
    PREFIXED,
    TIME,
    ZEROS,
    cell,
    errors,
    inline,
    number,
    one_cell,
    parts,
    row,
    users,
    value,
    warnings,
    worksheet,
    write,
)

from xlsx2opeasy.problems import MASK, Severity
from xlsx2opeasy.workbook.model import Sheet
from xlsx2opeasy.workbook.read import read_workbook

EXTENSION = "user.extension"
TITLE = "user.title"


def refused(sheet: Sheet, header: str, rule: str, kept: str = "") -> str:
    """Asserts that C2 has one error; gives the message. Where the rule can be allowed, its text is `kept`."""
    assert [(each.rule, each.cell, each.field) for each in sheet.problems] == [(rule, "C2", header)]
    assert sheet.problems[0].severity is Severity.ERROR
    assert value(sheet, header) == kept
    assert sheet.unreadable == (set() if kept else {(2, header)})
    return sheet.problems[0].message


def test_d01_zeros_of_the_format_come_back_with_a_warning(tmp_path: Path) -> None:
    sheet = one_cell(tmp_path, EXTENSION, number("12", ZEROS))
    assert value(sheet, EXTENSION) == "0012"
    assert warnings(sheet.problems) == ["leading-zeros-restored"]
    assert "12" in sheet.problems[0].message
    assert "0012" in sheet.problems[0].message
    assert errors(sheet.problems) == []


def test_d01_plain_numbers_give_their_digits_and_one_warning_a_column(tmp_path: Path) -> None:
    rows = [[inline("AddUser"), inline("Ann"), number(str(100 + index))] for index in range(5)]
    sheet = users(tmp_path, ["command", "user.firstName", EXTENSION], *rows).sheets[0]
    assert list(sheet.rows[EXTENSION]) == ["100", "101", "102", "103", "104"]
    assert warnings(sheet.problems) == ["number-in-text-column"]
    assert "5 cells" in sheet.problems[0].message


@pytest.mark.parametrize(
    ("stored", "read"),
    [("2145550100", "2145550100"), ("3.3E+10", "33000000000"), ("2145550100.0", "2145550100"), ("-0", "0")],
)
def test_d02_whole_numbers_give_exact_digits(tmp_path: Path, stored: str, read: str) -> None:
    assert value(one_cell(tmp_path, "user.phoneNumber", number(stored, PREFIXED)), "user.phoneNumber") == read


def test_d02_a_fraction_in_a_text_column_is_an_error(tmp_path: Path) -> None:
    assert "3.5" in refused(one_cell(tmp_path, EXTENSION, number("3.5")), EXTENSION, "not-a-whole-number")


@pytest.mark.parametrize("stored", ["1000000000000000", "12345678901234500", "1.2345E+19", "-1e15"])
def test_d03_more_than_15_digits_are_lost(tmp_path: Path, stored: str) -> None:
    refused(one_cell(tmp_path, EXTENSION, number(stored)), EXTENSION, "digits-lost")


def test_d03_15_digits_are_kept(tmp_path: Path) -> None:
    assert value(one_cell(tmp_path, EXTENSION, number("999999999999999")), EXTENSION) == "999999999999999"


def test_d04_noise_beyond_15_digits_is_not_read(tmp_path: Path) -> None:
    assert value(one_cell(tmp_path, EXTENSION, number("2145550100.0000002")), EXTENSION) == "2145550100"
    message = refused(one_cell(tmp_path, TITLE, number("0.30000000000000004")), TITLE, "not-a-whole-number")
    assert "number 0.3," in message


@pytest.mark.parametrize(("stored", "read"), [("1", "TRUE"), ("0", "FALSE"), ("true", "TRUE")])
def test_d05_booleans_in_boolean_columns(tmp_path: Path, stored: str, read: str) -> None:
    sheet = one_cell(tmp_path, "user.vmTranscription", cell(f"<v>{stored}</v>", "b"))
    assert value(sheet, "user.vmTranscription") == read
    assert sheet.problems == ()


def test_d05_booleans_in_text_columns_warn(tmp_path: Path) -> None:
    sheet = one_cell(tmp_path, TITLE, cell("<v>1</v>", "b"))
    assert value(sheet, TITLE) == "TRUE"
    assert warnings(sheet.problems) == ["boolean-in-text-column"]


def test_d05_other_spellings_stay_as_typed(tmp_path: Path) -> None:
    assert value(one_cell(tmp_path, "user.vmTranscription", inline("yes")), "user.vmTranscription") == "yes"
    assert value(one_cell(tmp_path, "user.vmTranscription", number("1")), "user.vmTranscription") == "1"


@pytest.mark.parametrize("unseen", ["\u00a0", "\u200b", "\ufeff", "\u200e", "\u00ad", "\u3000"])
def test_d06_what_nobody_sees_goes_at_the_edges_and_is_refused_inside(tmp_path: Path, unseen: str) -> None:
    trimmed = one_cell(tmp_path, "user.userId", inline(f"{unseen}john.doe@example.com{unseen}"))
    assert value(trimmed, "user.userId") == "john.doe@example.com"
    assert warnings(trimmed.problems) == ["space-trimmed"]
    inside = one_cell(tmp_path, "user.userId", inline(f"john.{unseen}doe@example.com"))
    kept = f"john.{unseen}doe@example.com"
    assert f"U+{ord(unseen):04X}" in refused(inside, "user.userId", "invisible-character", kept)


def test_d06_inside_names_it_is_kept(tmp_path: Path) -> None:
    assert (
        value(one_cell(tmp_path, "user.lastName", inline("van\u00a0Dyk")), "user.lastName") == "van\u00a0Dyk"
    )


def test_d07_edges_are_trimmed_with_before_and_after(tmp_path: Path) -> None:
    sheet = one_cell(tmp_path, TITLE, inline("  Boss \t"))
    assert value(sheet, TITLE) == "Boss"
    problem = sheet.problems[0]
    assert (problem.rule, problem.value) == ("space-trimmed", "  Boss \t")
    assert '"Boss" is read' in problem.message


def test_d07_white_space_alone_is_blank(tmp_path: Path) -> None:
    sheet = one_cell(tmp_path, TITLE, inline("   "))
    assert value(sheet, TITLE) == ""
    assert sheet.unreadable == frozenset()


def test_d07_passwords_are_never_trimmed_nor_shown(tmp_path: Path) -> None:
    sheet = one_cell(tmp_path, "user.userPassword", inline("S3cret-canary "))
    refused(sheet, "user.userPassword", "space-around-secret", "S3cret-canary ")
    assert sheet.problems[0].value == MASK
    assert "canary" not in repr(sheet.problems)


@pytest.mark.parametrize(
    "content",
    [number("31337421337", ZEROS), number("31337.42"), number("45000", DATE), cell("<v>31337</v>", "b")],
)
def test_secrets_show_in_no_message(tmp_path: Path, content: str) -> None:
    sheet = one_cell(tmp_path, "user.userPassword", content)
    assert sheet.problems
    shown = repr([(each.message, each.hint, each.value) for each in sheet.problems])
    assert "31337" not in shown
    assert "45000" not in shown
    assert "2023" not in shown


def test_d08_typographic_characters_are_kept_in_names_and_refused_in_mails(tmp_path: Path) -> None:
    assert value(one_cell(tmp_path, "user.lastName", inline("O’Neil–Ray")), "user.lastName") == "O’Neil–Ray"
    refused(
        one_cell(tmp_path, "user.userId", inline("o’neill@example.com")),
        "user.userId",
        "typographic-character",
        "o’neill@example.com",
    )
    refused(one_cell(tmp_path, EXTENSION, inline("01–02")), EXTENSION, "typographic-character", "01–02")


def otherwise(sheet: Sheet, header: str) -> str:
    """The message of the one warning that a cell shows something else than its number, which is read."""
    (found,) = sheet.problems
    assert (found.rule, found.cell, found.severity) == ("shown-otherwise", "C2", Severity.WARNING)
    assert value(sheet, header) in found.message
    return found.message


def test_d09_dates_are_named_as_excel_shows_them(tmp_path: Path) -> None:
    sheet = one_cell(tmp_path, EXTENSION, number("46024", DATE))
    assert "2026-01-02" in otherwise(sheet, EXTENSION)
    assert value(sheet, EXTENSION) == "46024"


@pytest.mark.parametrize("serial", ["-1", "0", "60", "3000000"])
def test_d10_numbers_that_are_no_dates(tmp_path: Path, serial: str) -> None:
    assert "no date" in otherwise(one_cell(tmp_path, EXTENSION, number(serial, DATE)), EXTENSION)


def test_d10_the_first_date(tmp_path: Path) -> None:
    assert "1900-03-01" in otherwise(one_cell(tmp_path, TITLE, number("61", DATE)), TITLE)


@pytest.mark.parametrize("stored", ["2026-01-02", "2026-01-02T03:04:05Z"])
def test_d11_iso_dates(tmp_path: Path, stored: str) -> None:
    assert stored in refused(one_cell(tmp_path, TITLE, cell(f"<v>{stored}</v>", "d")), TITLE, "date")


def test_d12_the_1904_system(tmp_path: Path) -> None:
    rows = row(1, [inline("command"), inline("user.title")]) + row(
        2, [inline("AddUser"), number("44562", DATE)]
    )
    of = parts({"Users": worksheet(rows)}, properties='<workbookPr date1904="1"/>')
    assert "2026-01-02" in read_workbook(write(tmp_path, of)).sheets[0].problems[0].message


def test_d13_times(tmp_path: Path) -> None:
    assert "12:30:00" in refused(one_cell(tmp_path, TITLE, number("0.520833333333333", TIME)), TITLE, "date")


def test_d14_a_decimal_comma_stays_as_typed(tmp_path: Path) -> None:
    header = "device.audioCodesDeviceSettings.sasRegistrarPort"
    assert value(one_cell(tmp_path, header, inline("1,5")), header) == "1,5"


def test_d15_percent(tmp_path: Path) -> None:
    sheet = one_cell(tmp_path, TITLE, number("1", PERCENT))
    assert value(sheet, TITLE) == "1"
    assert warnings(sheet.problems) == ["percent"]
    assert "50%" in refused(one_cell(tmp_path, TITLE, number("0.5", PERCENT)), TITLE, "not-a-whole-number")


@pytest.mark.parametrize("shown", ["#N/A", "#SPILL!", "#REF!", "#CALC!"])
def test_d16_error_cells_are_errors_at_their_cell(tmp_path: Path, shown: str) -> None:
    assert shown in refused(one_cell(tmp_path, TITLE, cell(f"<v>{shown}</v>", "e")), TITLE, "error-value")


def test_d16_typed_error_words_are_texts(tmp_path: Path) -> None:
    assert value(one_cell(tmp_path, TITLE, inline("#N/A")), TITLE) == "#N/A"


@pytest.mark.parametrize(
    ("content", "read"),
    [
        (cell("<f>1+1</f><v>2</v>"), "2"),
        (cell('<f>"a"&amp;B2</f><v>a&amp;b</v>', "str"), "a&b"),
        (cell('<f t="shared" si="0"/><v>x</v>', "str"), "x"),
    ],
)
def test_d17_stored_values_of_formulas_are_read_and_told(tmp_path: Path, content: str, read: str) -> None:
    sheet = one_cell(tmp_path, TITLE, content)
    assert value(sheet, TITLE) == read
    assert "formula" in warnings(sheet.problems)
    assert errors(sheet.problems) == []


@pytest.mark.parametrize(
    "content", [cell("<f>A1</f>"), cell("<f>A1</f><v></v>"), cell("<f>A1</f><v/>"), cell("<f/>")]
)
def test_d18_and_s08_a_formula_without_value_is_never_blank(tmp_path: Path, content: str) -> None:
    sheet = one_cell(tmp_path, TITLE, content)
    refused(sheet, TITLE, "formula-without-value")
    assert "Open the workbook in Excel" in sheet.problems[0].hint


def test_d18_a_row_of_nothing_but_unreadable_cells_is_a_row(tmp_path: Path) -> None:
    book = users(tmp_path, ["command", TITLE], ["", cell("<f>A1</f>")])
    assert list(book.sheets[0].rows.index) == [2]


@pytest.mark.parametrize(("formula", "stored"), [("TRUE()", "1"), ("FALSE()", "0")])
def test_a_typed_boolean_that_libreoffice_saved_as_a_formula_is_no_formula(
    tmp_path: Path, formula: str, stored: str
) -> None:
    header = "user.vmTranscription"
    sheet = one_cell(tmp_path, header, cell(f'<f aca="false">{formula}</f><v>{stored}</v>', "b"))
    assert value(sheet, header) == formula.removesuffix("()")
    assert sheet.problems == ()
    other = cell(f"<f>{formula}</f><v>{1 - int(stored)}</v>", "b")
    assert warnings(one_cell(tmp_path, header, other).problems) == ["formula"]
    refused(one_cell(tmp_path, header, cell(f"<f>{formula}</f>", "b")), header, "formula-without-value")


def test_formula_that_gives_an_empty_text_is_blank(tmp_path: Path) -> None:
    sheet = one_cell(tmp_path, TITLE, cell('<f>""</f><v></v>', "str"))
    assert value(sheet, TITLE) == ""
    assert errors(sheet.problems) == []


@pytest.mark.parametrize(
    ("stored", "read"),
    [
        ("a_x000D__x000A_b", None),
        ("one_x005F_x000D_two", "one_x000D_two"),
        ("_xD83D__xDE00_", "\U0001f600"),
        ("_xD83D_x", "_xD83D_x"),
        ("plain_x00", "plain_x00"),
    ],
)
def test_d33_escapes_are_decoded_once(tmp_path: Path, stored: str, read: str | None) -> None:
    sheet = one_cell(tmp_path, TITLE, inline(stored))
    if read is None:
        assert (value(sheet, TITLE), warnings(sheet.problems)) == ("a\nb", ["line-break"])
    else:
        assert value(sheet, TITLE) == read


def test_d33_nul_is_refused(tmp_path: Path) -> None:
    assert "U+0000" in refused(one_cell(tmp_path, TITLE, inline("a_x0000_")), TITLE, "control-character")


def test_d38_a_text_that_looks_like_a_formula_is_a_text(tmp_path: Path) -> None:
    assert value(one_cell(tmp_path, TITLE, inline("=1+1")), TITLE) == "=1+1"


@pytest.mark.parametrize(
    "content", ['<c r="@" t="s"/>', cell("<is/>", "inlineStr"), cell("<is><t/></is>", "inlineStr")]
)
def test_d39_empty_texts_are_blank(tmp_path: Path, content: str) -> None:
    sheet = one_cell(tmp_path, TITLE, content)
    assert value(sheet, TITLE) == ""
    assert sheet.problems == ()


def test_d39_empty_shared_texts_do_not_shift_the_others(tmp_path: Path) -> None:
    rows = row(1, [inline("command"), inline("user.title"), inline("user.city")])
    rows += row(2, [inline("AddUser"), *[cell(f"<v>{index}</v>", "s") for index in (0, 4)]])
    of = parts(
        {"Users": worksheet(rows)}, shared="<si/><si></si><si><t/></si><si><t></t></si><si><t>Rome</t></si>"
    )
    sheet = read_workbook(write(tmp_path, of)).sheets[0]
    assert (value(sheet, TITLE), value(sheet, "user.city")) == ("", "Rome")


def test_d40_line_breaks_inside_are_noted_in_free_text_and_refused_elsewhere(tmp_path: Path) -> None:
    sheet = one_cell(tmp_path, TITLE, inline("one\ntwo"))
    assert (value(sheet, TITLE), warnings(sheet.problems)) == ("one\ntwo", ["line-break"])
    refused(one_cell(tmp_path, EXTENSION, inline("1\n2")), EXTENSION, "line-break", kept="1\n2")


def test_d42_words_that_pandas_knows_are_texts(tmp_path: Path) -> None:
    words = ["NA", "null", "None", "Null", "nan", "N/A", "NaN"]
    rows = [[inline("AddUser"), inline(word)] for word in words]
    assert list(users(tmp_path, ["command", "user.lastName"], *rows).sheets[0].rows["user.lastName"]) == words


def test_d43_integers_as_floats(tmp_path: Path) -> None:
    header = "device.audioCodesDeviceSettings.sasRegistrarPort"
    assert value(one_cell(tmp_path, header, number("5060.0")), header) == "5060"
    assert value(one_cell(tmp_path, header, number("50.5")), header) == "50.5"


@pytest.mark.parametrize("space", [" ", "\n      ", "\t", "\r\n"])
def test_white_space_round_a_stored_number_is_none_of_it(tmp_path: Path, space: str) -> None:
    content = number(f"{space}7{space}")
    assert value(one_cell(tmp_path, TITLE, content), TITLE) == "7"


@pytest.mark.parametrize("stored", ["NaN", "INF", "0x10", "7 8", "1,5", "--1"])
def test_d44_what_is_no_number_is_refused(tmp_path: Path, stored: str) -> None:
    refused(one_cell(tmp_path, TITLE, number(stored)), TITLE, "unreadable-number")


def test_unknown_cell_types_are_refused(tmp_path: Path) -> None:
    refused(one_cell(tmp_path, TITLE, cell("<v>1</v>", "zz")), TITLE, "unknown-cell-type")


def test_two_quotes_stay_for_the_check(tmp_path: Path) -> None:
    assert value(one_cell(tmp_path, TITLE, inline('""')), TITLE) == '""'
