"""Jobs as a table on standard output: a cell is plain text, whatever a server or a file name holds."""

import shutil
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from rich.console import Console
from rich.table import Table
from rich.text import Text

from xlsx2opeasy.display import on_terminal
from xlsx2opeasy.job_model import Job

NOT_A_TERMINAL_WIDTH = 400
"""Wide enough that nothing is cut where a program reads the table."""
_STYLES = {"STARTING": "cyan", "STARTED": "cyan", "FAILED": "red", "ABANDONED": "red"}
_EXIT_STYLES = {
    "COMPLETED": "green",
    "FAILED": "red",
    "STOPPED": "red",
    "COMPLETED_WITH_ERRORS": "yellow",
    "COMPLETED_WITH_PENDING_ORDERS": "yellow",
}


def show_table(headings: Sequence[str], rows: Iterable[Sequence[Text]]) -> None:
    """Prints rows of cells under their headings; numbers are for the caller to align."""
    is_terminal = sys.stdout.isatty()
    width = shutil.get_terminal_size().columns if is_terminal else NOT_A_TERMINAL_WIDTH
    table = Table(box=None, pad_edge=False, header_style="bold")
    for heading in headings:
        table.add_column(heading, overflow="fold", no_wrap=not is_terminal)
    for row in rows:
        table.add_row(*row)
    Console(width=width, highlight=False).print(table)


def cell(text: object, style: str = "") -> Text:
    """One line of plain text, without what could steer a terminal."""
    return Text("" if text is None else " ".join(on_terminal(str(text)).split()), style=style)


def status_cell(job: Job) -> Text:
    """The status, coloured."""
    return cell(job.latest_execution_status, _STYLES.get(job.status, ""))


def exit_code_cell(job: Job) -> Text:
    """The exit code, coloured: green is for success alone."""
    return cell(job.latest_execution_exit_code, _EXIT_STYLES.get(job.exit_code, ""))


def time_cell(at: datetime | None) -> Text:
    """A time of day on this machine's clock, with its zone."""
    return cell(f"{at.astimezone():%Y-%m-%d %H:%M:%S %z}" if at else "")


def minute_cell(at: datetime | None) -> Text:
    """The same to the minute, for tables in which a person looks for a day."""
    return cell(f"{at.astimezone():%Y-%m-%d %H:%M}" if at else "")


def duration_cell(duration: timedelta | None) -> Text:
    """`0:00:11`, whole seconds; `1 day, 2:00:00`."""
    return cell(timedelta(seconds=round(duration.total_seconds())) if duration is not None else "")


def percentage_cell(job: Job) -> Text:
    """`40 %`."""
    return cell(f"{job.percentage_complete} %" if job.percentage_complete is not None else "")
