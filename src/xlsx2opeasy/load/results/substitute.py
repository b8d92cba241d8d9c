"""Results of a workbook that cannot be written into: a workbook of our own with the same rows.

It replaces the workbook in the loop: rows keep their numbers, cells hold what would be sent,
so a row with SUCCESS is not sent again when it is loaded. A row that could not be read wholly cannot be
loaded from it: its command is `?` until a person fills in what is missing. Called by `output.py`.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from xlsx2opeasy.ooxml.limits import LARGE
from xlsx2opeasy.ooxml.text import cut, visible
from xlsx2opeasy.problems import Problem, Severity
from xlsx2opeasy.spec.catalogue import COMMAND_HEADER
from xlsx2opeasy.spec.outcomes import RowResult
from xlsx2opeasy.workbook.mapping import NO_MAPPING, ListMapping
from xlsx2opeasy.workbook.model import Sheet, Workbook
from xlsx2opeasy.workbook.read import read_workbook
from xlsx2opeasy.workbook.task_workbook import FilledRow, FilledSheet, NotePage, filled_bytes

NO_COMMAND: Final = "?"
"""The command of a row that could not be repeated wholly: none, so that a load refuses the row."""

Results = Mapping[str, Mapping[int, RowResult]]
"""By sheet and row."""


def substitute_bytes(
    frozen: Path, name: str, why: str, results: Results, mapping: ListMapping = NO_MAPPING
) -> bytes:
    """The workbook for the workbook `frozen`, which people know as `name`.

    The lists of a `mapping` become task sheets, as far as each is the only one of its task type.

    Raises WorkbookUnusable where it cannot be read any more.
    """
    workbook = read_workbook(frozen, LARGE, mapping)  # the load has admitted it already
    types = [sheet.task_type.name for sheet in workbook.sheets]
    sheets = [
        replace(
            _sheet(sheet, workbook, name, results.get(sheet.title, {})),
            title=sheet.task_type.name if mapping.of(sheet.title) and types.count(of) == 1 else sheet.title,
        )
        for of, sheet in zip(types, workbook.sheets, strict=True)
    ]
    return filled_bytes(sheets, last=[NotePage("About", list(_about(name, why)))])


def _about(name: str, why: str) -> Iterator[str]:
    yield f"The results of {name}"
    yield f"They could not be written into {name} itself: {why}"
    yield (
        "This workbook has the same task rows in the same places, each with its result. Formats, other sheets"
        " and columns whose headers begin with # are not in it."
    )
    yield "Correct the rows that did not succeed here, then load this workbook: rows with SUCCESS stay."


def _sheet(sheet: Sheet, workbook: Workbook, name: str, results: Mapping[int, RowResult]) -> FilledSheet:
    headers = tuple(column.name for column in sheet.columns)
    unread = _unread(sheet, workbook.problems)
    shown = {**sheet.earlier_results, **results}
    texts = sheet.rows[[COMMAND_HEADER, *headers]]
    rows = []
    for number, command, *cells in texts.itertuples(name=None):
        filled = {header: text for header, text in zip(headers, cells, strict=True) if text}
        lost = [*unread.get(number, unread.get(None, ())), *_unfit(filled)]
        rows.append(_row(command, filled, lost, name, shown.get(number)))
    return FilledSheet(
        sheet.task_type,
        headers,
        rows,
        title=sheet.title,
        header_row=sheet.header_row,
        numbers=sheet.rows.index.tolist(),
    )


def _row(
    command: str, filled: Mapping[str, str], lost: Sequence[str], name: str, result: RowResult | None
) -> FilledRow:
    if not lost:
        return FilledRow(command, filled, result=result)
    kept = {header: text for header, text in filled.items() if header not in lost}
    note = f"{', '.join(lost)}: not as in {name}; put it right, and the command ({command or 'blank'})"
    return FilledRow(NO_COMMAND, kept, note, result)


def _unread(sheet: Sheet, of_workbook: tuple[Problem, ...]) -> dict[int | None, list[str]]:
    """By row, what could not be read of it; under None what concerns every row of the sheet."""
    found: dict[int | None, list[str]] = {}
    of_sheet = (each for each in of_workbook if each.sheet in ("", sheet.title))
    for problem in (*sheet.problems, *of_sheet):
        if problem.severity is Severity.ERROR:
            place = (
                problem.field
                or problem.cell
                or (f"column {problem.column}" if problem.column else "the sheet")
            )
            row = None if problem.row == sheet.header_row else problem.row
            found.setdefault(row, []).append(place)
    return {row: list(dict.fromkeys((*places, *found.get(None, [])))) for row, places in found.items()}


def _unfit(cells: Mapping[str, str]) -> list[str]:
    """The headers of cells whose text a cell of ours cannot hold as it is."""
    return [header for header, text in cells.items() if cut(visible(text)) != text]
