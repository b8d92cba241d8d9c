"""Cells that are not texts (numbers, booleans, dates, errors, formulas) -> the text that a field would send.

Excel keeps 15 significant digits and no leading zeros, and turns what looks like a date into a number of
days; what is lost is an error here. Where a format shows other digits than the number, what a person sees is
read with a warning, or the stored number is, or it is an error.
"""

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Context, Decimal

from xlsx2opeasy.ooxml.number_formats import Shown, Shows, number_format
from xlsx2opeasy.spec.model import Kind
from xlsx2opeasy.workbook.reading.findings import AS_TEXT, Reading, refused, repaired, visible

NUMBER_AS_TEXT = "number-in-text-column"
BOOLEAN_AS_TEXT = "boolean-in-text-column"
_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_FIFTEEN_DIGITS = Context(prec=15)
_TOO_LONG = Decimal(10) ** 15
_DATES = (Shows.DATE, Shows.TIME)
_FIRST_DAY = 61
_SAVE_IN_EXCEL = (
    "Open the workbook in Excel, let it calculate, and save it; or replace the formula by its value."
)
_EPOCH, _EPOCH_1904 = dt.datetime(1899, 12, 30), dt.datetime(1904, 1, 1)  # noqa: DTZ001 - cells know no zone
_LAST_DAY = dt.date(9999, 12, 31)


@dataclass(frozen=True, slots=True)
class TypedCell:
    """A cell that is no plain text: type `t` (18.18.11), what `<v>` holds, and its number format's code."""

    kind: str
    value: str | None
    formula: bool
    code: str


def typed_reading(cell: TypedCell, kind: Kind, *, date1904: bool) -> Reading | None:
    """What `cell` says in a column of this kind; None where its text holds."""
    if cell.kind == "e":
        return refused(
            "error-value",
            f"holds Excel's error {visible(cell.value or '')}",
            "Correct the formula, or type the value itself.",
        )
    if cell.value is None:
        return refused(
            "formula-without-value", "holds a formula whose value was never stored", _SAVE_IN_EXCEL
        )
    if cell.kind in ("s", "str", "inlineStr"):
        return None
    if cell.value == "":
        return _empty(cell)
    if cell.kind == "b":
        return _boolean(cell.value, kind)
    if cell.kind == "d":
        return _date_refused(f"the date {visible(cell.value)}")
    if cell.kind != "n":
        return refused("unknown-cell-type", f"is of a type that Excel does not know ({cell.kind!r})", AS_TEXT)
    return _number(cell, kind, date1904=date1904)


def _empty(cell: TypedCell) -> Reading:
    if cell.formula:
        return refused(
            "formula-without-value", "holds a formula whose value was never stored", _SAVE_IN_EXCEL
        )
    return Reading("")


def _boolean(value: str, kind: Kind) -> Reading:
    text = {"1": "TRUE", "true": "TRUE", "0": "FALSE", "false": "FALSE"}.get(value.strip().lower())
    if text is None:
        return refused(
            "unreadable-boolean", f"is a boolean with the value {visible(value)!r}", "Type TRUE or FALSE."
        )
    if kind in (Kind.BOOLEAN, Kind.INTEGER):
        return Reading(text)
    return Reading(text, counted=BOOLEAN_AS_TEXT)


def _date_refused(what: str) -> Reading:
    return refused("date", f"holds {what}, not the text that may have been typed", AS_TEXT)


def _number(cell: TypedCell, kind: Kind, *, date1904: bool) -> Reading:
    value = cell.value or ""
    if not _NUMBER.fullmatch(value):
        return refused("unreadable-number", f"is a number cell with the value {visible(value)!r}", AS_TEXT)
    rounded = _FIFTEEN_DIGITS.plus(Decimal(value))
    text_wanted = kind in (Kind.TEXT, Kind.TEXTS)
    if text_wanted and abs(rounded) >= _TOO_LONG:
        return refused(
            "digits-lost",
            f"is the number {plain(rounded)}: Excel keeps 15 digits of a number and has lost the others",
            AS_TEXT,
        )
    shown = number_format(cell.code).shown(rounded)
    if rounded != rounded.to_integral_value():
        return _fraction(rounded, shown, text_wanted=text_wanted, date1904=date1904)
    return _whole(rounded, shown, text_wanted=text_wanted, date1904=date1904)


def _fraction(number: Decimal, shown: Shown, *, text_wanted: bool, date1904: bool) -> Reading:
    if shown.what in _DATES:
        return _date_refused(_date_words(number, shown.what, date1904=date1904))
    if not text_wanted:
        return Reading(plain(number))
    seen = f" (shown as {plain(number * 100)}%)" if shown.what is Shows.PERCENT else ""
    return refused("not-a-whole-number", f"is the number {plain(number)}{seen}, not a text", AS_TEXT)


def _whole(number: Decimal, shown: Shown, *, text_wanted: bool, date1904: bool) -> Reading:
    digits = plain(number)
    if shown.what in _DATES:
        return _shown_otherwise(digits, _date_words(number, shown.what, date1904=date1904))
    if not text_wanted:
        return Reading(digits)
    if shown.what not in (Shows.DIGITS, Shows.GENERAL):
        if shown.text is not None and shown.digits == digits.lstrip("-"):
            return Reading(digits, counted=NUMBER_AS_TEXT)
        if shown.what is Shows.PERCENT:
            what = f"is shown as a percentage; its number {digits} is read"
            return repaired(digits, "percent", what, AS_TEXT)
        seen = f"{shown.text.strip()} ({shown.what})" if shown.text else f"a number with {shown.what}"
        return _shown_otherwise(digits, seen)
    return _as_shown(digits, shown)


def _shown_otherwise(digits: str, seen: str) -> Reading:
    return repaired(digits, "shown-otherwise", f"shows {seen}; its stored number {digits} is read", AS_TEXT)


def _as_shown(digits: str, shown: Shown) -> Reading:
    """A number in a format of digits, literals and texts: what it shows, without spaces and punctuation."""
    text = shown.text or ""
    bare = "".join(each for each in text if each.isalnum() or each == "+")
    plus = "+" if bare.startswith("+") else ""
    sign = "-" if digits.startswith("-") else plus
    if shown.digits == digits.lstrip("-") and sign != "+":
        return Reading(digits, counted=NUMBER_AS_TEXT)
    seen = sign + bare[len(plus) :]
    if not seen.lstrip("+-").isdecimal() or not seen.isascii():
        what = (
            f'shows "{visible(text)}" for the number {digits}'
            if text.strip()
            else f"hides its number {digits}"
        )
        return refused("shown-unclear", f"{what}; which of them is meant is unknown", AS_TEXT)
    zeros = seen.lstrip("+-0") == digits.lstrip("-") and not plus
    return repaired(
        seen,
        "leading-zeros-restored" if zeros else "shown-text",
        f'is the number {digits}, which its format shows as {visible(text.strip())}; "{seen}" is read',
        f"To be sure: {AS_TEXT}",
    )


def plain(number: Decimal) -> str:
    """A number without exponent and without needless zeros."""
    if number == number.to_integral_value():
        return str(int(number)) if abs(number) < Decimal(10) ** 40 else str(number)
    return format(number.normalize(), "f") if abs(number) > Decimal("1e-20") else str(number)


def _date_words(serial: Decimal, what: Shows, *, date1904: bool) -> str:
    """What Excel shows: a date or time; its serial number where that is none."""
    if what is Shows.TIME and serial >= 0 and serial < 1000:
        seconds = round(serial * 86400)
        return f"the time {seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    first = 0 if date1904 else _FIRST_DAY
    epoch = _EPOCH_1904 if date1904 else _EPOCH
    if not first <= serial <= (_LAST_DAY - epoch.date()).days:
        return f"the number {plain(serial)} in a date format, which is no date"
    moment = epoch + dt.timedelta(days=float(serial))
    clock = f" {moment:%H:%M:%S}" if serial != serial.to_integral_value() else ""
    return f"the date {moment.year:04d}-{moment:%m-%d}{clock}"
