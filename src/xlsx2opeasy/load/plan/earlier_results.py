"""What a workbook's own Result and Job cells say: rows that succeeded before, in doubt, or elsewhere."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import replace

from xlsx2opeasy.check.across import BETWEEN_ROWS
from xlsx2opeasy.check.checked import Checked, CheckedSheet
from xlsx2opeasy.errors import InvalidWorkbook, LoadRefused, Xlsx2OpeasyError
from xlsx2opeasy.load.job.facts import Target
from xlsx2opeasy.load.job.fingerprint import (
    SERVER_LETTER,
    JobCell,
    key_of,
    machine_in,
    read_cell,
    without_secrets,
)
from xlsx2opeasy.load.job.state import UNKNOWN, JobState
from xlsx2opeasy.load.plan.recognition import Recognition
from xlsx2opeasy.load.results.row_results import Place, counts_of
from xlsx2opeasy.spec.outcomes import RESULT_COLUMNS, Outcome, RowResult
from xlsx2opeasy.tasks.build import Task, tasks_of

_BEFORE = "before: "
"""Begins what an earlier load reported, in the detail of a row that the present one did not send."""


Successes = Mapping[Place, JobCell | None]
"""The rows with a success beside them, each with its Job cell; None where a person typed the success."""


def recorded_successes(checked: Checked) -> Successes:
    """What the workbook tells of successes; a rehearsal's count nowhere."""
    cells = {
        (sheet.sheet.title, row): read_cell(result.job)
        for sheet in checked.sheets
        for row, result in sheet.sheet.earlier_results.items()
        if _tells_success(result)
    }
    return {place: cell for place, cell in cells.items() if cell is None or not cell.rehearsal}


def _tells_success(result: RowResult) -> bool:
    """Also of a row that was made INVALID after its success.

    Such a row keeps the Job cell of its success, and no other INVALID row has a task's fingerprint there. So
    a slip of the keyboard that is fixed before the next load provisions nothing twice.
    """
    if result.outcome is not Outcome.INVALID:
        return result.outcome is Outcome.SUCCESS
    cell = read_cell(result.job)
    return cell is not None and bool(cell.task)


def reported_before(result: RowResult | None) -> str:
    """What an earlier load reported of a row that this one does not send: why it failed must not be lost."""
    if result is None:
        return ""
    if result.outcome in (Outcome.FAILED, Outcome.REJECTED):
        return " ".join(filter(None, (f"{_BEFORE}{result.outcome}", result.code, result.detail)))
    _, found, earlier = result.detail.partition(_BEFORE)
    return found + earlier if result.outcome is Outcome.NOT_SENT else ""


def _never_there(result: RowResult) -> bool:
    """Whether no enterprise has seen a row: after a load at the wrong one it may go to the right one."""
    return result.outcome is Outcome.NOT_SENT or (
        result.outcome is Outcome.INVALID and not _tells_success(result)
    )


def job_cells(checked: Checked) -> Iterable[JobCell]:
    """The Job cells that loads wrote, also beside a Result that was emptied since."""
    for sheet in checked.sheets:
        for text in set(sheet.sheet.earlier_jobs.values()):
            if (cell := read_cell(text)) is not None:
                yield cell


def emptied(checked: Checked) -> Mapping[Place, str]:
    """The rows whose Result a person emptied, with the job of their Job cell (not of a rehearsal)."""
    return {
        (sheet.sheet.title, row): cell.job
        for sheet in checked.sheets
        for row, text in sheet.sheet.earlier_jobs.items()
        if row not in sheet.sheet.earlier_results
        and (cell := read_cell(text)) is not None
        and not cell.rehearsal
    }


def refuse_columns_of_ones_own(checked: Checked) -> None:
    """Raises InvalidWorkbook where results would be written over a column that no load made.

    A Job column with what no load writes is somebody's own; so is a Result column, where others are missing.
    """
    for sheet in checked.sheets:
        rules = {"unknown-job"}
        if len(sheet.sheet.result_letters) < len(RESULT_COLUMNS):
            rules.add("unknown-result")
        strange = [each for each in sheet.sheet.problems if each.rule in rules]
        if strange:
            name = strange[0].field
            raise InvalidWorkbook(
                f'{sheet.sheet.title} has a column "{name}" of your own, where the results would go:'
                " nothing was sent or written",
                f'rename its header, for example to "# {name}", or map or ignore it (--mapping)',
            )


def refuse_undecided(checked: Checked, standing: Callable[[str], JobState | None]) -> None:
    """Raises LoadRefused where a row says UNKNOWN or RUNNING since an earlier load (not a rehearsal).

    `standing` gives the state of a job that is known here.
    """
    for sheet in checked.sheets:
        for row, result in sorted(sheet.sheet.earlier_results.items()):
            if result.outcome in (Outcome.UNKNOWN, Outcome.RUNNING):
                cell = read_cell(result.job)
                if cell is None or not cell.rehearsal:
                    # rare: load of a row in doubt
                    where = f"{sheet.sheet.title} row {row} is {result.outcome} since an earlier load"
                    raise LoadRefused(where, _how_it_is_settled(result, cell, standing))


def _how_it_is_settled(
    result: RowResult, cell: JobCell | None, standing: Callable[[str], JobState | None]
) -> str:
    empties = "who knows better what became of it empties its Result cell"
    if cell is None or cell.job.startswith(SERVER_LETTER):
        return empties
    resume = f"xlsx2opeasy resume {cell.job}"
    state = standing(cell.job)
    if state is None:
        machine = machine_in(result.detail)
        named = f" ({machine})" if machine else ""
        return f"job {cell.job} is not known here: on the machine that began it{named} give: {resume}"
    if state.finished in (None, UNKNOWN):
        if result.outcome is Outcome.RUNNING:
            return f"its result is fetched by: {resume}"
        return (
            f"it is settled by: {resume}; where nothing can settle it any more:"
            f" xlsx2opeasy jobs abandon {cell.job} --undecided"
        )
    if state.closed or state.written is None:
        return empties
    return f"job {cell.job} is finished since; its results are in {state.written}: load that"


def refuse_other_enterprise(checked: Checked, target: Target, recognition: Recognition) -> None:
    """Raises LoadRefused where a row, or the whole workbook, is of another enterprise or another server."""
    if target.rehearsal:
        return
    meant_for = checked.workbook.meant_for
    if meant_for and not recognition.is_here(meant_for):
        raise LoadRefused(
            f"{checked.workbook.path.name} undoes a load that was not at enterprise"
            f" {target.enterprise_id} of {target.origin}",
            'choose the enterprise and server that its sheet "Read me" names',
        )
    for sheet in checked.sheets:
        for row, result in sheet.sheet.earlier_results.items():
            cell = read_cell(result.job)
            if (
                cell
                and not _never_there(result)
                and cell.enterprise
                and not cell.rehearsal
                and not recognition.is_here(cell.enterprise)
            ):
                raise LoadRefused(
                    f"{sheet.sheet.title} row {row} has the result of job {cell.job}, which was not at"
                    f" enterprise {target.enterprise_id} of {target.origin}",
                    f"choose the enterprise and server of that job: xlsx2opeasy jobs show {cell.job};"
                    " or load the workbook as it was before it had results",
                )


def keep_succeeded_rows(
    checked: Checked, successes: Successes, recognition: Recognition, wire_names: Mapping[str, str]
) -> Checked:
    """Rows that succeeded, and have not changed since, are not invalid because of another row.

    The error stays: the other row is to be corrected. But INVALID in the place of SUCCESS would have them
    sent again later.
    """
    wrong = {(each.sheet, each.row) for each in checked.errors if each.rule not in BETWEEN_ROWS}

    def sparing(sheet: CheckedSheet) -> CheckedSheet:
        title = sheet.sheet.title
        succeeded = {row for row in sheet.invalid if (title, row) in successes and (title, row) not in wrong}
        if not succeeded:
            return sheet
        alone = replace(sheet, invalid=frozenset(sheet.values.index) - succeeded)
        tasks = tasks_of(alone, wire_names)
        found = succeeded_before(successes, tasks, recognition.marked(tasks).marks, recognition)
        return replace(sheet, invalid=sheet.invalid - {row for _, row in found})

    return replace(checked, sheets=tuple(map(sparing, checked.sheets)))


def succeeded_before(
    successes: Successes, tasks: Iterable[Task], marks: Mapping[Place, str], recognition: Recognition
) -> set[Place]:
    """The rows with a SUCCESS beside them whose task has not changed since.

    A SUCCESS without a job was typed by somebody who knows: whether the task changed cannot be determined,
    and leaving the row alone provisions nothing twice.
    """
    found = set()
    for task in tasks:
        place = (task.sheet, task.row)
        if place in successes:
            cell = successes[place]
            if cell is None or recognition.is_of(task, marks[place], cell):
                found.add(place)
    return found


def brought_back(
    successes: Successes,
    tasks: Iterable[Task],
    marks: Mapping[Place, str],
    succeeded: Set[Place],
    recognition: Recognition,
) -> Mapping[Place, Place]:
    """The rows whose success stands beside another row, each with that one.

    A table or filter that is sorted leaves the result columns as they were. Raises LoadRefused where one more
    success would be lost: it is of no row that is there.
    """
    astray: dict[str, list[tuple[Place, JobCell]]] = defaultdict(list)
    for place, cell in successes.items():
        if cell is not None and place not in succeeded:
            astray[without_secrets(cell.mark)].append((place, cell))
    found: dict[Place, Place] = {}
    enterprises = {mark.partition("-")[0] for mark in astray}
    for task in tasks if astray else ():
        place = (task.sheet, task.row)
        marked = () if place in succeeded else recognition.marks_ever(task, marks[place], enterprises)
        for beside in (astray[mark] for mark in marked if mark in astray):
            same = next((each for each in beside if recognition.is_of(task, marks[place], each[1])), None)
            if same is not None:
                beside.remove(same)
                found[place] = same[0]
                break
    lost = [place for beside in astray.values() for place, _ in beside]
    if found and lost:
        (sheet, row), (_, other) = min(found.items())
        raise LoadRefused(
            f"{sheet} row {row} has its result in row {other}, and no row has the task of the one in"
            f" {min(lost)[0]} row {min(lost)[1]}: the sheet was sorted without its result columns",
            "put the rows beside their results again, or correct the workbook as it was before it was sorted",
        )
    return found


def compared_without_secrets(successes: Successes, marks: Mapping[Place, str], succeeded: set[Place]) -> int:
    """Of how many of these rows the passwords could not be compared: their keys are not the present one."""
    cells = ((successes[place], marks[place]) for place in succeeded if place in marks)
    return sum(cell is not None and cell.key not in ("", key_of(mark)) for cell, mark in cells)


def changed_since(
    successes: Successes, marks: Mapping[Place, str], succeeded: set[Place]
) -> Mapping[str, set[Place]]:
    """By job, the rows that carry a SUCCESS of it and have become another task since."""
    found: dict[str, set[Place]] = {}
    for place, cell in successes.items():
        if cell is not None and place in marks and place not in succeeded:
            found.setdefault(cell.job, set()).add(place)
    return found


_STAYS = (Outcome.UNKNOWN, Outcome.RUNNING)


@contextmanager
def counting_rows(checked: Checked) -> Iterator[None]:
    """Gives what refuses the load in this block the counts of the workbook's rows: nothing of it was sent."""
    try:
        yield
    except Xlsx2OpeasyError as error:
        error.rows = error.rows or _counts(checked)
        raise


def _counts(checked: Checked) -> dict[str, int]:
    """By the result beside each row: one that is UNKNOWN or RUNNING stays so, others are not sent."""
    outcomes: Counter[Outcome] = Counter()
    skipped = 0
    for sheet in checked.sheets:
        earlier = sheet.sheet.earlier_results
        for row in sheet.values.index:
            before = earlier[row].outcome if row in earlier else None
            if row in sheet.invalid:
                outcomes[Outcome.INVALID] += 1
            elif before is Outcome.SUCCESS:
                skipped += 1
            else:
                outcomes[before if before in _STAYS else Outcome.NOT_SENT] += 1
    return counts_of(outcomes, skipped)
