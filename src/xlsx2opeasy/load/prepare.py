"""From a workbook to a job: read, check, plan, freeze. Nothing is sent here.

When this is done everything is on disk that the load and any `resume` need: the facts, the rows, the chunk
files, and the workbook's own bytes.
"""

import getpass
import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from xlsx2opeasy.check.checked import Checked, check_workbook
from xlsx2opeasy.durable import write_file
from xlsx2opeasy.errors import LoadRefused, LocalFailure, WorkbookUnusable
from xlsx2opeasy.load.cutting import chunk_file
from xlsx2opeasy.load.earlier import Candidate, refuse_if_done_or_unfinished
from xlsx2opeasy.load.fingerprint import enterprise_digits, fingerprint, read_cell
from xlsx2opeasy.load.home import Home, JobFolder
from xlsx2opeasy.load.job import JobFacts, JobRow, PhaseFacts, write_facts, write_rows
from xlsx2opeasy.load.output import choose_output
from xlsx2opeasy.load.plan import Phase, phases_of
from xlsx2opeasy.problems import Problem, Severity
from xlsx2opeasy.spec.outcomes import Outcome
from xlsx2opeasy.tasks.build import Task, tasks_of
from xlsx2opeasy.tasks.chunks import chunk_name, cut
from xlsx2opeasy.tasks.identity import task_hash, workbook_identity
from xlsx2opeasy.tasks.limits import ChunkLimits
from xlsx2opeasy.workbook.read import read_workbook

REHEARSAL_ORIGIN = "rehearsal"
EMPTY_FILE = b'{"tasks":{}}'


@dataclass(frozen=True)
class Target:
    """Where a workbook is to be loaded. A rehearsal's address changes each time, so its origin is a word."""

    origin: str
    enterprise_id: str
    rehearsal: bool = False


@dataclass(frozen=True)
class LoadOptions:
    """What a person can choose about one load; the defaults are the contract's."""

    output: Path | None = None
    in_place: bool = False
    limits: ChunkLimits = field(default_factory=ChunkLimits)
    skip_invalid: bool = False
    drop_rejected: bool = False
    all_rows: bool = False
    again: bool = False
    keep: bool = False
    wire_names: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Prepared:
    """A checked workbook and what would be sent of it.

    `carried` are the fingerprints of the rows whose SUCCESS of an earlier load stands beside them.
    """

    checked: Checked
    rows: tuple[JobRow, ...]
    phases: tuple[Phase, ...]
    identity: str
    carried: Counter[str]
    stopped: str = ""

    @property
    def tasks(self) -> int:
        """How many tasks would be sent."""
        return sum(len(phase.tasks) for phase in self.phases)


def prepare(workbook: Path, target: Target, options: LoadOptions) -> Prepared:
    """Reads, checks and plans. Raises WorkbookUnusable, and LoadRefused for what its own results say.

    `stopped` says why nothing is to be sent where the workbook is invalid.
    """
    checked = check_workbook(read_workbook(workbook))
    _refuse_undecided(checked)
    if not options.again:
        _refuse_other_enterprise(checked, target)
    tasks = [task for sheet in checked.sheets for task in tasks_of(sheet, options.wire_names)]
    hashes = [task_hash(task, target.origin, target.enterprise_id) for task in tasks]
    marks = {
        (task.sheet, task.row): fingerprint(target.origin, target.enterprise_id, digits)
        for task, digits in zip(tasks, hashes, strict=True)
    }
    succeeded = _succeeded(checked, marks)
    done = set() if options.all_rows or options.again else succeeded
    stopped = _why_stopped(checked, options)
    to_send = [] if stopped else [task for task in tasks if (task.sheet, task.row) not in done]
    phases = phases_of(to_send, options.wire_names)
    rows = tuple(_rows(checked, phases, marks, done, stopped))
    carried = Counter(marks[place] for place in succeeded)
    return Prepared(checked, rows, phases, workbook_identity(hashes), carried, stopped)


def _why_stopped(checked: Checked, options: LoadOptions) -> str:
    if not checked.errors:
        return ""
    nothing_valid = checked.invalid == checked.total
    if options.skip_invalid and not checked.unskippable and not nothing_valid:
        return ""
    number = len(checked.errors)
    return f"nothing was sent: the workbook has {number} error{'s' if number != 1 else ''}"


def _refuse_undecided(checked: Checked) -> None:
    for sheet in checked.sheets:
        for row, result in sorted(sheet.sheet.earlier_results.items()):
            if result.outcome is Outcome.UNKNOWN:
                cell = read_cell(result.job)
                if cell is None or not cell.rehearsal:
                    job = f" {cell.job}" if cell else ""
                    raise LoadRefused(
                        f"{sheet.sheet.title} row {row} is UNKNOWN since an earlier load",
                        "who knows better what became of it empties its Result cell;"
                        f" it is settled by: xlsx2opeasy resume{job}",
                    )


def _refuse_other_enterprise(checked: Checked, target: Target) -> None:
    mine = enterprise_digits(target.origin, target.enterprise_id)
    for sheet in checked.sheets:
        for row, result in sheet.sheet.earlier_results.items():
            cell = read_cell(result.job)
            if (
                cell
                and cell.enterprise
                and not cell.rehearsal
                and not target.rehearsal
                and cell.enterprise != mine
            ):
                raise LoadRefused(
                    f"{sheet.sheet.title} row {row} has the result of job {cell.job} at another enterprise"
                    f" than {target.enterprise_id}",
                    "choose that enterprise; or --again, if all its rows are to be sent to this one",
                )


def _succeeded(checked: Checked, marks: Mapping[tuple[str, int], str]) -> set[tuple[str, int]]:
    """The rows whose SUCCESS stands beside them and whose task has not changed since.

    A SUCCESS without a job was typed by somebody who knows: whether the task changed cannot be told, and
    leaving the row alone provisions nothing twice.
    """
    done = set()
    for sheet in checked.sheets:
        for row, result in sheet.sheet.earlier_results.items():
            cell = read_cell(result.job)
            place = (sheet.sheet.title, row)
            if result.outcome is not Outcome.SUCCESS or place not in marks:
                continue
            typed_by_hand = cell is None
            unchanged = cell is not None and marks[place] == f"{cell.enterprise}-{cell.task}"
            if typed_by_hand or (cell is not None and not cell.rehearsal and unchanged):
                done.add(place)
    return done


def _rows(
    checked: Checked,
    phases: Sequence[Phase],
    marks: Mapping[tuple[str, int], str],
    done: set[tuple[str, int]],
    stopped: str,
) -> Iterable[JobRow]:
    """First what is sent, in the order of sending; then all other rows, in the order of the sheets."""
    sent = set()
    for phase in phases:
        for task in _in_sending_order(phase):
            place = (task.sheet, task.row)
            sent.add(place)
            yield JobRow(task.sheet, task.row, task.type, phase.number, marks[place])
    for sheet in checked.sheets:
        title, kind = sheet.sheet.title, sheet.sheet.task_type.name
        said = _messages(checked.problems, title)
        for row in sheet.values.index:
            place = (title, row)
            if row in sheet.invalid:
                yield JobRow(title, row, kind, outcome=Outcome.INVALID, detail=said[row])
            elif place in done:
                yield JobRow(title, row, kind, fingerprint=marks[place], skipped=True)
            elif place not in sent:
                yield JobRow(title, row, kind, 0, marks[place], Outcome.NOT_SENT, stopped)


def _in_sending_order(phase: Phase) -> Iterable[Task]:
    limits = ChunkLimits(tasks=max(1, len(phase.tasks)), bytes=2**62)
    for chunk in cut(phase.tasks, limits):
        yield from chunk.tasks


def _messages(problems: Sequence[Problem], sheet: str) -> dict[int, str]:
    said: dict[int, str] = {}
    for each in problems:
        if each.sheet == sheet and each.row is not None and each.severity is Severity.ERROR:
            text = f"{each.cell} {each.field}: {each.words}"
            said[each.row] = f"{said[each.row]}; {text}" if each.row in said else text
    return said


def freeze(home: Home, workbook: Path, target: Target, options: LoadOptions, prepared: Prepared) -> JobFolder:
    """Puts the job on disk, whole, before the first request.

    Raises LoadRefused where this workbook's tasks are loaded, done or undecided already, LocalFailure where
    the disk refuses, WorkbookUnusable where the workbook changed since it was read.
    """
    if not target.rehearsal and not prepared.stopped:
        candidate = _candidate(workbook, target, prepared)
        refuse_if_done_or_unfinished(home, candidate, again=options.again)
    folder = home.new_job(rehearsal=target.rehearsal)
    try:
        _copy_workbook(workbook, folder, prepared.checked.workbook.sha256)
        write_file(folder.shell, EMPTY_FILE)
        phases = tuple(_write_phase(folder, phase, options.limits) for phase in prepared.phases)
        rows_sha256 = write_rows(folder, prepared.rows)
        output = choose_output(
            workbook,
            wanted=options.output,
            in_place=options.in_place or _is_results_workbook(prepared.checked),
            rehearsal=target.rehearsal,
        )
        write_facts(
            folder,
            JobFacts(
                job=folder.job_id,
                created=datetime.now(UTC).isoformat(timespec="milliseconds"),
                user=getpass.getuser(),
                workbook=str(workbook.absolute()),
                workbook_sha256=prepared.checked.workbook.sha256,
                origin=target.origin,
                enterprise_id=target.enterprise_id,
                identity=prepared.identity,
                rehearsal=target.rehearsal,
                output=str(output),
                drop_rejected=options.drop_rejected,
                keep=options.keep,
                sheets={each.sheet.title: each.sheet.header_row for each in prepared.checked.sheets},
                phases=phases,
                rows_sha256=rows_sha256,
                wire_names=dict(options.wire_names),
                tool_version=version("xlsx2opeasy"),
                stopped=prepared.stopped,
            ),
        )
    except OSError as error:
        raise LocalFailure(
            f"the job could not be put on disk: {error.strerror or error}",
            f"nothing was sent; free disk space at {folder.path}",
        ) from error
    return folder


def _candidate(workbook: Path, target: Target, prepared: Prepared) -> Candidate:
    cells = (
        read_cell(result.job)
        for each in prepared.checked.sheets
        for result in each.sheet.earlier_results.values()
    )
    jobs = frozenset(cell.job for cell in cells if cell is not None)
    identity, carried = prepared.identity, prepared.carried
    return Candidate(workbook, target.origin, target.enterprise_id, identity, carried, jobs)


def _is_results_workbook(checked: Checked) -> bool:
    """Whether a load (not a rehearsal) wrote results into it: then it gets its new results in itself."""
    cells = (
        read_cell(result.job) for each in checked.sheets for result in each.sheet.earlier_results.values()
    )
    return any(cell is not None and not cell.rehearsal for cell in cells)


def _copy_workbook(workbook: Path, folder: JobFolder, sha256: str) -> None:
    content = workbook.read_bytes()
    if hashlib.sha256(content).hexdigest() != sha256:
        raise WorkbookUnusable(
            f"{workbook} changed while it was being checked", "close it in other programs, then load it again"
        )
    write_file(folder.workbook, content)


def _write_phase(folder: JobFolder, phase: Phase, limits: ChunkLimits) -> PhaseFacts:
    chunks = []
    for number, chunk in enumerate(cut(phase.tasks, limits), 1):
        name = chunk_name(phase.number, number)
        write_file(folder.chunks / name, chunk.body)
        chunks.append(chunk_file(name, chunk))
    return PhaseFacts(phase.number, phase.why, tuple(chunks))
