"""The list of problems: a sheet of a marked copy, or a workbook of its own where nothing can be marked.

In the copy each problem has a link to its cell: ECMA-376 part 1, 18.3.1 (worksheet) and 18.3.1.47 (hyperlink,
to a place in the workbook only). Values of secret fields are masked already.
"""

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from xlsx2opeasy.durable import why_refused, write_file
from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.text import text_element, visible
from xlsx2opeasy.ooxml.xml import quoted
from xlsx2opeasy.problems import Problem, Severity
from xlsx2opeasy.workbook.annotate.marks import MOST_COMMENTS, SheetMarks
from xlsx2opeasy.workbook.annotate.styles import MarkStyles
from xlsx2opeasy.workbook.own_sheets import COPY_NOTE, PROBLEMS
from xlsx2opeasy.workbook.protection import is_protected, protected_like
from xlsx2opeasy.workbook.task_workbook import NotePage, filled_bytes

CONTENT_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"

MOST_LINKS = 65_000
"""Excel takes 65,530 links on a sheet."""

MOST_LISTED = 1_000_000
"""Excel's grid has 1,048,576 rows."""

COLUMNS = {"Severity": 10, "Sheet": 17, "Cell": 9, "Field": 32, "Value": 28, "Message": 62, "Hint": 62}
_TEXTCOLUMNS = ("Field", "Value", "Message", "Hint")
_LINE_HEIGHT, _MOST_HEIGHT = 15, 405
"""Points of a line, and about the most that Excel gives to a row. A row says its height itself, for a program
that opens the file need not fit it to wrapped text."""

_LINK_COLUMN = "C"
_ONE_PAGE_WIDE = '<sheetPr><pageSetUpPr fitToPage="1"/></sheetPr>'
_PAGE = b'<pageSetup orientation="landscape" fitToHeight="0"/>'


def free_title(taken: Sequence[str]) -> str:
    """`Problems`, or `Problems 2`, …, whichever no sheet is called."""
    folded = {title.casefold() for title in taken}
    number = 1
    while (title := PROBLEMS if number == 1 else f"{PROBLEMS} {number}").casefold() in folded:
        number += 1
    return title


def introduction(source: str, problems: Sequence[Problem], sheets: Sequence[SheetMarks]) -> list[str]:
    """The lines above the list: what it is, what to do with it, and what was left out."""
    errors = sum(each.severity is Severity.ERROR for each in problems)
    lines = [
        f"{source}: {_counted(errors, 'error')}, {_counted(len(problems) - errors, 'warning')}",
        f"{COPY_NOTE} Correct {source} itself and check it again. The column Cell has links.",
    ]
    lines += (
        f"{sheet.title}: the first {MOST_COMMENTS:,} of {sheet.count:,} marked cells have a comment."
        for sheet in sheets
        if sheet.count > MOST_COMMENTS
    )
    if len(problems) > MOST_LISTED:
        lines.append(f"The first {MOST_LISTED:,} of {len(problems):,} problems are listed.")
    if len(problems) > MOST_LINKS:
        lines.append(f"The first {MOST_LINKS:,} lines have links; Excel takes no more on a sheet.")
    return lines


def problem_sheet(
    namespace: str,
    introduction: Sequence[str],
    problems: Sequence[Problem],
    linked: frozenset[str],
    styles: MarkStyles,
    *,
    frozen: bool,
) -> Iterator[bytes]:
    """The sheet's XML in pieces: `introduction` line by line, then the table.

    Links are made to the sheets `linked` only. `frozen` keeps the headers in view; a workbook without
    `bookViews` cannot have that.
    """
    header_row = len(introduction) + 1
    last_row = header_row + min(len(problems), MOST_LISTED)
    yield _head(namespace, header_row, last_row, frozen).encode()
    for number, line in enumerate(introduction, start=1):
        yield _row(number, [("A", line, styles.title if number == 1 else 0)])
    yield _row(
        header_row, [(letter, name, styles.heading) for letter, name in zip("ABCDEFG", COLUMNS, strict=True)]
    )
    for number, problem in enumerate(islice(problems, MOST_LISTED), start=header_row + 1):
        yield _problem(number, problem, linked, styles, has_link=number - header_row <= MOST_LINKS)
    yield b"</sheetData>"
    if problems:
        yield f'<autoFilter ref="A{header_row}:G{last_row}"/>'.encode()
    yield from _links(problems, linked, header_row)
    yield _PAGE
    yield b"</worksheet>"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _head(namespace: str, header_row: int, last_row: int, frozen: bool) -> str:
    place = f'ySplit="{header_row}" topLeftCell="A{header_row + 1}"'
    pane = f'<pane {place} activePane="bottomLeft" state="frozen"/>'
    views = f'<sheetViews><sheetView workbookViewId="0">{pane}</sheetView></sheetViews>'
    columns = "".join(
        f'<col min="{number}" max="{number}" width="{width}.7109375" customWidth="1"/>'
        for number, width in enumerate(COLUMNS.values(), start=1)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
        f'<worksheet xmlns="{namespace}">{_ONE_PAGE_WIDE}<dimension ref="A1:G{last_row}"/>'
        f"{views if frozen else ''}<cols>{columns}</cols><sheetData>"
    )


def _problem(
    number: int, problem: Problem, linked: frozenset[str], styles: MarkStyles, *, has_link: bool
) -> bytes:
    """One line of the table."""
    link = styles.link if has_link and problem.sheet in linked else styles.text
    texts = (problem.field, problem.value, problem.message, problem.hint)
    widths = (COLUMNS[name] for name in _TEXTCOLUMNS)
    lines = max(_lines(text or "", width) for text, width in zip(texts, widths, strict=True))
    return _row(
        number,
        [
            ("A", problem.severity.value, styles.severities[problem.severity]),
            ("B", problem.sheet, styles.text),
            ("C", place_of(problem), link),
            *((letter, text or "", styles.text) for letter, text in zip("DEFG", texts, strict=True)),
        ],
        lines,
    )


def _lines(text: str, width: int) -> int:
    """How many lines a wrapped text takes: a little more than its length says, for words stay whole."""
    return sum(1 + int(1.15 * len(line)) // width for line in text.split("\n"))


def place_of(problem: Problem) -> str:
    """Where on its sheet the problem is: a cell, a row, a column or all of it."""
    place = problem.cell or (f"row {problem.row}" if problem.row is not None else problem.column or "")
    return place or ("sheet" if problem.sheet else "")


def _row(number: int, cells: Sequence[tuple[str, str, int]], lines: int = 1) -> bytes:
    """A row of inline strings (18.3.1.53), which are never formulas."""
    content = "".join(
        f'<c r="{letter}{number}" s="{style}" t="inlineStr"><is>{text_element(text)}</is></c>'
        for letter, text, style in cells
        if text
    )
    height = f' ht="{min(lines * _LINE_HEIGHT, _MOST_HEIGHT)}" customHeight="1"' if lines > 1 else ""
    return f'<row r="{number}"{height}>{content}</row>'.encode()


def _links(problems: Sequence[Problem], linked: frozenset[str], header_row: int) -> Iterator[bytes]:
    """The links within the workbook; never one that leads out of it."""
    found = (
        f'<hyperlink ref="{_LINK_COLUMN}{number}" location={quoted(_location(each))}/>'
        for number, each in enumerate(islice(problems, MOST_LINKS), start=header_row + 1)
        if each.sheet in linked
    )
    first = next(found, None)
    if first is None:
        return
    yield b"<hyperlinks>" + first.encode()
    for link in found:
        yield link.encode()
    yield b"</hyperlinks>"


def _location(problem: Problem) -> str:
    """The problem's cell, or the first of its row or sheet, as a reference from another sheet."""
    title = visible(problem.sheet).replace("'", "''")
    return f"'{title}'!{problem.column or 'A'}{problem.row or 1}"


def write_problem_list(
    target: Path, source: Path, why: str, problems: Sequence[Problem], name: str = ""
) -> None:
    """Writes `target`, readable by its owner alone; `why` says why the workbook `source` was not marked.

    People know the workbook by `name`, mostly the file's own. The list is protected as the workbook is.
    Raises WorkbookUnusable where the disk refuses.
    """
    name = name or source.name
    said = introduction(name, problems[:MOST_LISTED], [])[0]
    lines = [said, f"{name} itself could not be marked: {why}", f"Correct {name} and check it again."]
    page = NotePage(PROBLEMS, lines, tuple(COLUMNS), [_texts(each) for each in problems[:MOST_LISTED]])
    try:
        original = source.read_bytes() if is_protected(source) else b""
        write_file(target.absolute(), protected_like(original, filled_bytes([], [page])), shared=True)
    except OSError as error:
        raise WorkbookUnusable(
            f"{target} cannot be written: {why_refused(error)}", "name a file in another folder"
        ) from error


def _texts(problem: Problem) -> tuple[str, ...]:
    texts = (problem.field or "", problem.value or "", problem.message, problem.hint)
    return (problem.severity.value, problem.sheet, place_of(problem), *texts)
