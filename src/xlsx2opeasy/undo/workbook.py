"""`undo`: a workbook with the inverse of what succeeded in a job, to look at and load. Nothing is sent.

Here is which jobs can be undone, and the words of the workbook.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from xlsx2opeasy.durable import require_overwritable, why_refused, write_file
from xlsx2opeasy.errors import LoadRefused, UsageError, WorkbookUnusable
from xlsx2opeasy.importing.workbook import TaskWorkbook, read_back
from xlsx2opeasy.load.job.facts import JobFacts
from xlsx2opeasy.load.job.fingerprint import enterprise_digits
from xlsx2opeasy.load.job.state import JobState
from xlsx2opeasy.load.job.store import StoredJob
from xlsx2opeasy.load.jobs.earlier import peek
from xlsx2opeasy.load.results.completed_effects import read_completed_effects
from xlsx2opeasy.load.results.output import free_name
from xlsx2opeasy.paths import is_folder_there
from xlsx2opeasy.shell import quoted
from xlsx2opeasy.spec.catalogue import BY_NAME, PROCESSING_ORDER
from xlsx2opeasy.spec.effects import Effect
from xlsx2opeasy.undo.inverse import Inverted, NotUndone, Reason, Undoing, inverted
from xlsx2opeasy.workbook.task_workbook import NotePage, filled_bytes

NOT_UNDONE_TITLE: Final = "Not undone"
_ABOUT_TITLE: Final = "Read me"
_NOT_UNDONE_HEADERS: Final = ("Sheet", "Row", "Command", "About", "What becomes of it", "Why")


@dataclass(frozen=True)
class Undo:
    """What undoes a job, in rows, and what is left of it; `skipped` rows had succeeded in an earlier load."""

    facts: JobFacts
    inverted: Inverted
    skipped: int

    def not_undone(self, kind: Reason) -> int:
        """How many rows are not undone in this way."""
        return sum(each.kind is kind for each in self.inverted.not_undone)


def undo_of(stored: StoredJob) -> Undo:
    """What undoes the job.

    Raises UsageError where the job is a rehearsal or nothing of it took effect, LoadRefused where it is not
    finished, LocalFailure where its files are missing or damaged.
    """
    facts, state = peek(stored)
    _refuse(stored, facts, state)
    done = list(read_completed_effects(stored))
    if not done:
        raise UsageError(
            f"nothing of job {facts.job} took effect, so there is nothing to undo",
            f"xlsx2opeasy jobs show {facts.job} tells how it ended",
        )
    if not any(each.known for each in done):
        if state.closed:
            raise LoadRefused(
                f"it is not known what became of job {facts.job}, so nothing of it can be undone",
                "it was closed undecided, so nothing settles it any more: look in the portal which of its"
                " rows took effect",
            )
        raise LoadRefused(
            f"it is not known what became of job {facts.job}, so nothing of it can be undone yet",
            f"how it is settled is said by: xlsx2opeasy resume {facts.job}",
        )
    return Undo(facts, inverted(done), int(state.counts.get("skipped", 0)))


def _refuse(stored: StoredJob, facts: JobFacts, state: JobState) -> None:
    if facts.rehearsal:
        raise UsageError(
            f"job {facts.job} was a rehearsal: it changed nothing but a sandbox that is gone,"
            " so there is nothing to undo",
            "xlsx2opeasy sandbox serves one that stays, to try a load and its undo on",
        )
    if state.finished is None or stored.is_worked_on():
        raise LoadRefused(
            f"job {facts.job} is not finished, so it cannot be undone yet",
            f"first go on with it: xlsx2opeasy resume {facts.job}",
        )


def choose_undo_output(facts: JobFacts, wanted: Path | None, *, replace: bool = False) -> Path:
    """`wanted`; else `NAME.undo.xlsx` beside the job's workbook, or in the current folder where that is gone.

    Raises WorkbookUnusable where `wanted` exists and may not be replaced; the job's workbook never may.
    """
    if wanted is not None:
        if wanted.suffix.casefold() != ".xlsx":
            raise UsageError(f"{wanted} does not end in .xlsx", f"write {wanted.with_suffix('.xlsx')}")
        require_overwritable(wanted, replace=replace, inputs=(facts.workbook,))
        return wanted.absolute()
    workbook = Path(facts.workbook)
    beside = is_folder_there(workbook.parent) and os.access(workbook.parent, os.W_OK | os.X_OK)
    stem = workbook.stem.removesuffix(".results")
    return free_name((workbook.parent if beside else Path.cwd()) / f"{stem}.undo.xlsx")


def write_undo(undo: Undo, output: Path) -> None:
    """Writes the workbook, for its owner alone where a secret field is filled.

    Raises WorkbookUnusable where that is impossible.
    """
    sheets = undo.inverted.sheets()
    last = [_not_undone_page(undo)] if undo.inverted.not_undone else []
    enterprise = enterprise_digits(undo.facts.origin, undo.facts.enterprise_id)
    about = [_about_page(undo, output)]
    content = filled_bytes(sheets, about, last, meant_for=enterprise, by_way_of_disk=True)
    if sheets and (errors := read_back(TaskWorkbook(sheets), content).errors):
        raise RuntimeError(f"the undo of {undo.facts.job} is no valid workbook: {errors[0].rule}")
    try:
        write_file(output, content, shared=not TaskWorkbook(sheets).has_secrets)
    except OSError as error:
        raise WorkbookUnusable(
            f"{output} cannot be written: {why_refused(error)}", "choose another place with --output"
        ) from error


def _about_page(undo: Undo, output: Path) -> NotePage:
    return NotePage(_ABOUT_TITLE, list(_about(undo, output)))


def _about(undo: Undo, output: Path) -> Iterator[str]:
    facts, rows = undo.facts, undo.inverted.rows
    yield f"The undo of job {facts.job}"
    yield "Nothing was sent: this workbook was only written. It undoes nothing until you load it."
    yield (
        f"It holds the inverse of what succeeded when {Path(facts.workbook).name} was loaded on"
        f" {facts.created[:10]} to enterprise {facts.enterprise_id} at {facts.origin}."
        " It can be loaded there only."
    )
    if not rows:
        yield f'Nothing of the job can be undone by a load: the sheet "{NOT_UNDONE_TITLE}" says why.'
        return
    yield (
        "Look at each row first, and remove what is to stay. A deletion also takes away whatever was"
        " changed since the load; DeleteUserAndDevices deletes every device that the user has by then."
    )
    yield "The rows of a sheet are in the reverse order of the load: what was done last is undone first."
    if len(rows) > 1:
        order = ", then ".join(each.name for each in PROCESSING_ORDER if each.name in rows)
        yield (
            f"From sheet to sheet that order cannot be kept: the server works through {order},"
            " however the sheets stand here. Where that matters, load the sheets one by one."
        )
    if any(_unassigns(each) for of in rows.values() for each in of):
        yield (
            "Unassign rows take numbers out of their group also where these were in it before the load:"
            " an Assign does not tell."
        )
    for sync in undo.inverted.sync_missing:
        yield f"Where Teams users are among the rows, add a last row to Users with the command {sync}."
    if undo.inverted.not_undone:
        yield f'What is not undone, or not wholly, is in the sheet "{NOT_UNDONE_TITLE}" with the reason.'
    if undo.skipped:
        yield (
            f"Rows that had succeeded before job {facts.job} ({undo.skipped:,}) are not in here:"
            " the Job column of the results workbook names the job that each of them belongs to."
        )
    name = Path(facts.workbook).name
    again = (
        "copy them into a workbook of their own, without the results columns, so that no other is sent twice"
        if undo.skipped or undo.inverted.not_undone
        else f"xlsx2opeasy load {quoted(name)} --again"
    )
    yield f"Rows that you undo still say SUCCESS in {name}'s results."
    yield f"To load them again after the undo: {again}"
    yield f"Check it: xlsx2opeasy check {quoted(output.name)}"
    yield f"Load it: xlsx2opeasy load {quoted(output.name)}"


def _unassigns(undoing: Undoing) -> bool:
    commands = BY_NAME[undoing.of.type].by_command
    return commands[undoing.inverse.command].does(Effect.UNASSIGNS_NUMBERS)


def _not_undone_page(undo: Undo) -> NotePage:
    order = {title: place for place, title in enumerate(undo.facts.sheets)}
    left = sorted(undo.inverted.not_undone, key=lambda each: (order[each.of.sheet], each.of.row))
    title = f"Rows of job {undo.facts.job} that this workbook does not undo, or not wholly"
    return NotePage(NOT_UNDONE_TITLE, [title], _NOT_UNDONE_HEADERS, [_not_undone_row(each) for each in left])


def _not_undone_row(row: NotUndone) -> tuple[str, ...]:
    return row.of.sheet, str(row.of.row), row.of.command, row.about, row.kind.value, row.why
