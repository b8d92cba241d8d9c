"""Tables on standard output: a cell is plain text, whatever a server or a file name holds."""

import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from xlsx2opeasy.cli.output import is_terminal, say, width_of
from xlsx2opeasy.display import on_terminal

NOT_A_TERMINAL_WIDTH = 400
"""Wide enough that nothing is cut where a program reads the table."""
_GAP = "  "


def show_table(headings: Sequence[str], rows: Iterable[Sequence[Text]]) -> None:
    """Prints rows of cells under their headings; on a terminal it fits, and no word is cut.

    Where the longest words of all columns do not fit beside each other, each row is a block of lines.
    """
    listed = [list(row) for row in rows]
    if not is_terminal(sys.stdout):
        _print_table(headings, listed, NOT_A_TERMINAL_WIDTH, no_wrap=True)
        return
    width = width_of(sys.stdout)
    texts = [[heading, *(row[number].plain for row in listed)] for number, heading in enumerate(headings)]
    widths = _widths(texts, width - len(_GAP) * (len(headings) - 1))
    if widths is not None:
        _print_table(headings, listed, width, widths=widths)
    else:
        for row in listed:
            _print_block(headings, row, width)


def _widths(texts: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """The width of each column, so that all fit; None where their longest words do not."""
    least = [max(map(_longest_word, column)) for column in texts]
    wanted = [max(map(cell_len, column)) for column in texts]
    left, missing = room - sum(least), sum(wanted) - sum(least)
    if left < 0:
        return None
    share = min(1.0, left / missing) if missing else 0.0
    return [low + int((high - low) * share) for low, high in zip(least, wanted, strict=True)]


def _longest_word(text: str) -> int:
    return max((cell_len(word) for word in text.split()), default=0)


def _print_table(
    headings: Sequence[str],
    rows: Iterable[Sequence[Text]],
    width: int,
    *,
    widths: Sequence[int] = (),
    no_wrap: bool = False,
) -> None:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, heading in enumerate(headings):
        own = widths[number] if widths else None
        table.add_column(heading, overflow="fold", no_wrap=no_wrap, width=own)
    for row in rows:
        table.add_row(*row)
    Console(width=width, highlight=False).print(table)


def _print_block(headings: Sequence[str], row: Sequence[Text], width: int) -> None:
    label = max(map(len, headings)) + 2
    for heading, value in zip(headings, row, strict=True):
        fits = label + _longest_word(value.plain) <= width
        if value.plain:
            say(f"{f'{heading}:':{label if fits else 0}}{'' if fits else ' '}{value.plain}")
    say()


def cell(text: object, style: str = "") -> Text:
    """One line of plain text, without what could steer a terminal."""
    return Text("" if text is None else " ".join(on_terminal(str(text)).split()), style=style)


def time_cell(at: datetime | None) -> Text:
    """A time of day on this machine's clock, with its zone."""
    return cell(f"{at.astimezone():%Y-%m-%d %H:%M:%S %z}" if at else "")


def minute_cell(at: datetime | None) -> Text:
    """The same to the minute, for tables in which a person looks for a day."""
    return cell(f"{at.astimezone():%Y-%m-%d %H:%M}" if at else "")


def duration_cell(duration: timedelta | None) -> Text:
    """`0:00:11`, whole seconds; `1 day, 2:00:00`."""
    return cell(timedelta(seconds=round(duration.total_seconds())) if duration is not None else "")
