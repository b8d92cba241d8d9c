"""From a workbook to what would be sent of it: read, check, plan. Nothing is sent here, or written."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from xlsx2opeasy.check.checked import Checked, CheckedSheet, check_workbook
from xlsx2opeasy.load.job.facts import JobRow, Target, no_key
from xlsx2opeasy.load.job.state import JobState
from xlsx2opeasy.load.plan.earlier_results import (
    Successes,
    brought_back,
    changed_since,
    compared_without_secrets,
    counting_rows,
    emptied,
    keep_succeeded_rows,
    recorded_successes,
    refuse_other_enterprise,
    refuse_undecided,
    reported_before,
    succeeded_before,
)
from xlsx2opeasy.load.plan.phases import Phase, phases_of
from xlsx2opeasy.load.plan.recognition import Marked, Recognition
from xlsx2opeasy.load.plan.stages import staged
from xlsx2opeasy.load.plan.staging import Staging
from xlsx2opeasy.load.plan.subjects import Reader
from xlsx2opeasy.load.plan.syncs import plan_syncs
from xlsx2opeasy.load.results.row_results import Place
from xlsx2opeasy.ooxml.limits import limits_for
from xlsx2opeasy.problems import Problem, Severity
from xlsx2opeasy.shell import quoted
from xlsx2opeasy.spec.catalogue import COMMAND_HEADER
from xlsx2opeasy.spec.model import Subject
from xlsx2opeasy.spec.outcomes import Outcome
from xlsx2opeasy.tasks.build import tasks_of
from xlsx2opeasy.tasks.chunks import in_processing_order
from xlsx2opeasy.tasks.limits import ChunkLimits
from xlsx2opeasy.workbook.mapping import NO_MAPPING, ListMapping
from xlsx2opeasy.workbook.read import read_workbook


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
    large: bool = False
    wire_names: Mapping[str, str] = field(default_factory=dict)
    mapping: ListMapping = NO_MAPPING
    sandbox_state: Path | None = None
    staging: Staging = field(default_factory=Staging)
    notify: str = ""
    allowed: frozenset[str] = frozenset()

    @property
    def called_with(self) -> tuple[str, ...]:
        """The options that also hold for the load of the corrected workbook, as they are typed."""
        lists = self.mapping.file if not self.mapping.optional else None
        state = quoted(self.sandbox_state) if self.sandbox_state else ""
        return (
            *(("--skip-invalid",) if self.skip_invalid else ()),
            *(("--on-rejected drop",) if self.drop_rejected else ()),
            *((f"--sandbox-state {state}",) if state else ()),
            *(("--large",) if self.large else ()),
            *self.staging.as_typed,
            *(f"--allow {each}" for each in sorted(self.allowed)),
            *((f"--mapping {quoted(lists)}",) if lists else ()),
        )


@dataclass(frozen=True)
class Prepared:
    """A checked workbook and what would be sent of it.

    `kept` are the rows with a SUCCESS of an earlier load beside them, `changed` those that carry the
    SUCCESS of another task, by its job, and `emptied` those whose Result was emptied, each with its job;
    `repeated` counts the rows that are to be sent although they succeeded in an earlier job, `uncompared` the
    skipped rows whose passwords could not be compared.
    """

    checked: Checked
    rows: tuple[JobRow, ...]
    phases: tuple[Phase, ...]
    marked: Marked
    kept: frozenset[Place]
    changed: Mapping[str, set[Place]]
    emptied: Mapping[Place, str]
    earlier: Callable[[str, str], Marked]
    stopped: str = ""
    notes: tuple[str, ...] = ()
    repeated: int = 0
    uncompared: int = 0

    @property
    def tasks(self) -> int:
        """How many tasks would be sent."""
        return sum(len(phase.tasks) for phase in self.phases)

    @property
    def commands(self) -> Counter[tuple[str, str]]:
        """How many tasks would be sent, by task type and command."""
        return sum((phase.commands for phase in self.phases), Counter())

    @property
    def warning(self) -> str:
        """What a person should know before anything is sent; empty where there is nothing."""
        if not self.uncompared:
            return ""
        rows = "1 row" if self.uncompared == 1 else f"{self.uncompared:,} rows"
        return (
            f"warning: the passwords of {rows} could not be compared, because the API key is another than"
            " when they were loaded; these rows count as unchanged (to send one, empty its Result cell)"
        )


def prepare(
    workbook: Path,
    target: Target,
    options: LoadOptions,
    standing: Callable[[str], JobState | None] = lambda _: None,
) -> Prepared:
    """Reads, checks and plans. Raises WorkbookUnusable, and LoadRefused for what its own results say.

    `stopped` says why nothing is to be sent where the workbook is invalid. `standing` gives the state of a
    job that is known here.
    """
    read = read_workbook(workbook, limits_for(large=options.large), options.mapping)
    checked = check_workbook(read, options.allowed)
    recognition = Recognition(target, options.wire_names)
    with counting_rows(checked):
        refuse_undecided(checked, standing)
        if not options.again:
            refuse_other_enterprise(checked, target, recognition)
    successes, sends_all = recorded_successes(checked), options.all_rows or options.again
    if not sends_all:
        checked = keep_succeeded_rows(checked, successes, recognition, options.wire_names)
    stopped = _why_stopped(checked, options)
    if stopped and not any(cell is not None and cell.key for cell in successes.values()):
        # Nobody is asked for a key in vain.
        recognition = Recognition(replace(target, find_key=no_key), options.wire_names)
    tasks = [task for sheet in checked.sheets for task in tasks_of(sheet, options.wire_names)]
    marked = recognition.marked(tasks)
    succeeded = succeeded_before(successes, tasks, marked.marks, recognition)
    moved: Mapping[Place, Place] = {}
    if not stopped and not sends_all:
        moved = brought_back(successes, tasks, marked.marks, succeeded, recognition)
        here = {place: successes[beside] for place, beside in moved.items()}
        left = set(moved.values())
        successes = {place: cell for place, cell in successes.items() if place not in left} | here
        succeeded |= moved.keys()
    reader = Reader(options.wire_names)
    syncs = plan_syncs([] if stopped else tasks, set() if sends_all else succeeded, reader)
    done = set() if sends_all else succeeded - syncs.again.keys()
    left = done | syncs.same_as.keys()
    to_send = [] if stopped else [task for task in tasks if (task.sheet, task.row) not in left]
    phases = staged(phases_of(to_send, options.wire_names), options.staging, reader)
    if stopped and not sends_all:
        # Nothing is sent, so what these rows say stays true, whatever was changed in them since.
        done = done | successes.keys()
    kept = {} if options.again else successes
    rows = tuple(_rows(checked, phases, marked.marks, done, kept, stopped, syncs.same_as, moved))
    return Prepared(
        checked,
        rows,
        phases,
        marked,
        frozenset(succeeded),
        changed_since(successes, marked.marks, succeeded),
        emptied(checked),
        partial(recognition.earlier, tasks),
        stopped,
        (*_note_of(moved), *syncs.notes()),
        uncompared=0 if sends_all else compared_without_secrets(successes, marked.marks, succeeded),
    )


def _note_of(moved: Mapping[Place, Place]) -> Iterable[str]:
    """Tells whoever sorted a sheet without its result columns what becomes of these."""
    if moved:
        (sheet, row), (_, other) = min(moved.items())
        more = f" and {len(moved) - 1:,} more" if len(moved) > 1 else ""
        yield (
            f"{sheet} row {row}{more} succeeded before, but the result stands in another row ({other}):"
            " the sheet was sorted without its result columns. They are not sent, and get their results back."
        )


def _why_stopped(checked: Checked, options: LoadOptions) -> str:
    if not checked.errors:
        return ""
    nothing_valid = checked.invalid == checked.total
    if options.skip_invalid and not checked.unskippable and not nothing_valid:
        return ""
    number = len(checked.errors)
    return f"nothing was sent: the workbook has {number} error{'s' if number != 1 else ''}"


def _rows(
    checked: Checked,
    phases: Sequence[Phase],
    marks: Mapping[tuple[str, int], str],
    done: set[tuple[str, int]],
    successes: Successes,
    stopped: str,
    same_as: Mapping[Place, Place],
    moved: Mapping[Place, Place],
) -> Iterable[JobRow]:
    """First what is sent, in the order of sending; then all other rows, in the order of the sheets."""
    subjects = {sheet.sheet.title: _subjects(sheet) for sheet in checked.sheets}

    def of(place: Place, kind: str, phase: int = 0, **known: Any) -> JobRow:  # noqa: ANN401
        title, row = place
        command, identity = subjects[title][row]
        return JobRow(title, row, kind, phase, command=command, identity=identity, **known)

    sent = set()
    warned = {
        (sheet.sheet.title, row): said
        for sheet in checked.sheets
        for row, said in _messages(checked.problems, sheet.sheet.title, Severity.WARNING).items()
    }
    for phase in phases:
        for task in in_processing_order(phase.tasks):
            place = (task.sheet, task.row)
            sent.add(place)
            detail = f"warning: {warned[place]}" if place in warned else ""
            yield of(place, task.type, phase.number, fingerprint=marks[place], detail=detail)
    for sheet in checked.sheets:
        title, kind, earlier = sheet.sheet.title, sheet.sheet.task_type.name, sheet.sheet.earlier_results
        said = _messages(checked.problems, title, Severity.ERROR)
        for row in sheet.values.index:
            place = (title, row)
            if row in sheet.invalid:
                kept = earlier[row].job if successes.get(place) else ""
                yield of(place, kind, outcome=Outcome.INVALID, detail=said[row], earlier=kept)
            elif place in same_as:
                yield of(place, kind, fingerprint=marks[place], same_as=same_as[place])
            elif place in done:
                again = place in moved or earlier[row].outcome is Outcome.INVALID
                cell = successes.get(place)
                kept = cell.text if again and cell is not None else ""
                yield of(place, kind, fingerprint=marks[place], skipped=True, earlier=kept)
            elif place not in sent:
                detail = "; ".join(filter(None, (stopped, reported_before(earlier.get(row)))))
                yield of(place, kind, fingerprint=marks[place], outcome=Outcome.NOT_SENT, detail=detail)


def _subjects(sheet: CheckedSheet) -> Mapping[int, tuple[str, str]]:
    """Command and identity of each row: its user, else its device, its numbers or whatever else it names."""
    of, values = sheet.sheet.task_type, sheet.values
    wanted = (Subject.USER, Subject.DEVICE, Subject.NUMBERS)
    first = [name for subject in wanted for name in of.names_of(subject)]
    names = [name for name in (*first, *(each.name for each in of.subjects)) if name in values]
    identities = [""] * len(values)
    for name in dict.fromkeys(names):
        identities = [known or text for known, text in zip(identities, values[name].tolist(), strict=True)]
    commands = values[COMMAND_HEADER].tolist()
    return dict(zip(values.index.tolist(), zip(commands, identities, strict=True), strict=True))


def _messages(problems: Sequence[Problem], sheet: str, severity: Severity) -> dict[int, str]:
    said: dict[int, str] = {}
    for each in problems:
        if each.sheet == sheet and each.row is not None and each.severity is severity:
            text = f"{each.cell} {each.field}: {each.words}"
            said[each.row] = f"{said[each.row]}; {text}" if each.row in said else text
    return said
