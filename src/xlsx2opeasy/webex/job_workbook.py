"""Jobs as a workbook: a sheet of jobs, and one of their executions and steps, with real dates and durations.

What a server sent is written as text that is certainly no formula: typed as a string, with Excel's text
format and its leading apostrophe (`quotePrefix`), and nothing that XML or Excel would refuse. By XlsxWriter,
whose files the Open XML SDK's validator accepts as they are.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from xlsxwriter import Workbook
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from xlsx2opeasy.durable import write_file
from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.job_model import Job, JobExecution, StepExecution, parse_time
from xlsx2opeasy.ooxml.text import cut, visible

_TIME_FORMAT: Final = "yyyy-mm-dd hh:mm:ss"
_DURATION_FORMAT: Final = "[h]:mm:ss.000"
_FIRST_DAY: Final = datetime(1900, 3, 1, tzinfo=UTC)
"""Excel's calendar is wrong before this day."""
_FIRST_INEXACT: Final = 10**15
"""From here on Excel drops digits."""

_JOB_COLUMNS: Final = (
    ("Created (UTC)", 20),
    ("Status", 14),
    ("Exit code", 30),
    ("Target", 12),
    ("Location", 24),
    ("Devices", 9),
    ("Done, %", 9),
    ("Duration", 14),
    ("Location customizations", 22),
    ("Operation type", 16),
    ("Counts", 30),
    ("Name", 20),
    ("Job type", 18),
    ("Id", 40),
    ("Instance", 12),
    ("Tracking id", 44),
    ("Source user", 40),
    ("Source customer", 40),
    ("Target customer", 40),
    ("Source location", 40),
    ("Target location", 40),
    ("Location id", 40),
    ("CSV file", 30),
    ("CSV file expires (UTC)", 20),
    ("File format", 12),
    ("Message", 40),
)
_EXECUTION_COLUMNS: Final = (
    ("Job id", 40),
    ("Execution", 12),
    ("Step", 12),
    ("Step name", 34),
    ("Status", 14),
    ("Exit code", 30),
    ("Created (UTC)", 20),
    ("Started (UTC)", 20),
    ("Ended (UTC)", 20),
    ("Last updated (UTC)", 20),
    ("Duration", 14),
)


def write_jobs(path: Path, jobs: Sequence[Job]) -> None:
    """Writes the jobs to `path`, whole or not at all; a file that is there is replaced.

    Raises WorkbookUnusable where it cannot be written, for instance because Excel holds it open.
    """
    content = BytesIO()
    book = Workbook(content, {"in_memory": True})
    _fill(book, "Jobs", _JOB_COLUMNS, (_job_row(job) for job in jobs))
    lines = (line for job in jobs for line in _execution_rows(job))
    _fill(book, "Executions and steps", _EXECUTION_COLUMNS, lines)
    book.close()
    try:
        write_file(path.absolute(), content.getvalue(), shared=True)
    except OSError as error:
        raise WorkbookUnusable(
            f"{path} cannot be written: {error.strerror or error}",
            "close it in Excel, or choose another FILE",
        ) from error


@dataclass(frozen=True, slots=True)
class _Formats:
    """How cells of a kind look."""

    heading: Format
    time: Format
    duration: Format
    text: Format


def _fill(
    book: Workbook, title: str, columns: Sequence[tuple[str, int]], rows: Iterable[Sequence[object]]
) -> None:
    page = book.add_worksheet(title)
    formats = _Formats(
        book.add_format({"bold": True}),
        book.add_format({"num_format": _TIME_FORMAT}),
        book.add_format({"num_format": _DURATION_FORMAT}),
        book.add_format({"num_format": "@", "quote_prefix": True}),
    )
    for number, (heading, width) in enumerate(columns):
        page.set_column(number, number, width)
        page.write_string(0, number, heading, formats.heading)
    last = 0
    for last, row in enumerate(rows, 1):
        for number, value in enumerate(row):
            if value not in (None, ""):
                _put(page, last, number, value, formats)
    page.freeze_panes(1, 0)
    page.autofilter(0, 0, last, len(columns) - 1)


def _put(page: Worksheet, row: int, column: int, value: object, formats: _Formats) -> None:
    """Puts the value in as what it is; what Excel has no kind for goes in as text."""
    match value:
        case datetime() if value >= _FIRST_DAY:
            page.write_datetime(row, column, value.astimezone(UTC).replace(tzinfo=None), formats.time)
        case timedelta() if value >= timedelta(0):
            page.write_datetime(row, column, value, formats.duration)
        case bool():
            page.write_boolean(row, column, value)
        case int() if abs(value) < _FIRST_INEXACT:
            page.write_number(row, column, value)
        case _:
            page.write_string(row, column, cut(visible(str(value))), formats.text)


def _job_row(job: Job) -> tuple[object, ...]:
    return (
        job.created,
        job.latest_execution_status,
        job.latest_execution_exit_code,
        job.target,
        job.location_name,
        job.device_count,
        job.percentage_complete,
        job.elapsed,
        job.location_customizations_enabled,
        job.operation_type,
        _spoken(job.counts),
        job.name,
        job.job_type,
        job.id,
        job.instance_id,
        job.tracking_id,
        job.source_user_id,
        job.source_customer_id,
        job.target_customer_id,
        job.source_location_name or job.source_location_id,
        job.target_location_name or job.target_location_id,
        job.location_id,
        job.csv_file,
        _time_or_text(job.csv_file_expiry_time),
        job.file_format,
        job.message,
    )


def _execution_rows(job: Job) -> Iterator[tuple[object, ...]]:
    for execution in job.executions:
        created = _time_or_text(execution.created_time)
        yield (job.id, execution.id, None, None, *_course(execution, created))
        for step in execution.steps:
            yield (job.id, execution.id, step.id, step.name, *_course(step, None))


def _course(of: JobExecution | StepExecution, created: object) -> tuple[object, ...]:
    return (
        of.status_message,
        of.exit_code,
        created,
        _time_or_text(of.start_time),
        _time_or_text(of.end_time),
        _time_or_text(of.last_updated),
        of.elapsed if of.elapsed is not None else of.time_elapsed,
    )


def _time_or_text(text: str | None) -> object:
    """The time, or the text as it is where it is none: nothing is lost on the way into the workbook."""
    return parse_time(text) or text


def _spoken(counts: Any) -> str:  # noqa: ANN401
    return ", ".join(f"{name} {value}" for name, value in (counts or {}).items())
