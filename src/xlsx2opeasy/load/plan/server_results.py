"""A run's results as a workbook that may be loaded again: its Job cells carry the fingerprints of a load.

So the rows that succeeded are not sent a second time when the failed ones are corrected and loaded.
"""

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime

from xlsx2opeasy.check.checked import Checked
from xlsx2opeasy.importing.cells import WireNames
from xlsx2opeasy.importing.workbook import TaskWorkbook
from xlsx2opeasy.job_model import parse_time
from xlsx2opeasy.load.job.facts import Target
from xlsx2opeasy.load.plan.recognition import Recognition
from xlsx2opeasy.opeasy.models import ScheduledOperation, TaskResult
from xlsx2opeasy.spec.error_codes import ERROR_CODES
from xlsx2opeasy.spec.outcomes import Outcome, RowResult
from xlsx2opeasy.tasks.build import tasks_of
from xlsx2opeasy.workbook.task_workbook import FilledRow, FilledSheet

_OUTCOMES = {"success": Outcome.SUCCESS, "failed": Outcome.FAILED}


def job_name(run: ScheduledOperation) -> str:
    """`S20261122-k7m2`: the day the run ended (today where it did not say), and four digits of its id."""
    ended = parse_time(run.completed_time) or datetime.now(UTC)
    digits = base64.b32encode(hashlib.sha256(run.id.encode()).digest()).decode().lower()
    return f"S{ended:%Y%m%d}-{digits[:4]}"


def row_result(result: TaskResult) -> RowResult:
    """What the Result columns say of a result; a status that the specification does not have is UNKNOWN."""
    outcome = _OUTCOMES.get(result.status.strip().casefold())
    if outcome is None:
        return RowResult(Outcome.UNKNOWN, result.error_code, f"the server says {result.status}")
    known = ERROR_CODES.get(result.error_code) if outcome is Outcome.FAILED else None
    said = [result.error_description, *([known.remedy] if known else [])]
    return RowResult(outcome, result.error_code, " - ".join(part for part in said if part))


def with_jobs(
    workbook: TaskWorkbook,
    checked: Checked,
    job: str,
    target: Target,
    wire_names: WireNames,
) -> TaskWorkbook:
    """The workbook with its Job cells; `checked` is the same workbook without them, read back."""
    recognition = Recognition(target, wire_names)
    marks = {
        (task.type, task.row): recognition.mark(task)
        for sheet in checked.sheets
        for task in tasks_of(sheet, wire_names)
    }

    def named(sheet: FilledSheet, number: int, row: FilledRow) -> FilledRow:
        mark = marks.get((sheet.task_type.name, number), "")
        return replace(row, result=replace(row.result, job=f"{job} {mark}".rstrip())) if row.result else row

    sheets = (
        replace(sheet, rows=[named(sheet, number, row) for number, row in enumerate(sheet.rows, 2)])
        for sheet in workbook.sheets
    )
    return replace(workbook, sheets=tuple(sheets))
