"""Rows of a later phase that need phone numbers which an earlier phase failed to give: they are not sent."""

from xlsx2opeasy.load.job.facts import PhaseFacts
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.plan.phases import takers_of
from xlsx2opeasy.load.results.row_results import Place, match_phase_results
from xlsx2opeasy.load.run.rechunk import leave_out
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.model import Subject
from xlsx2opeasy.spec.outcomes import Outcome
from xlsx2opeasy.tasks.build import Task

NOT_KNOWN = "whose result was not known when this row was to be sent: load these results to send it"


def leave_out_dependents(job: OpenJob, phase: PhaseFacts) -> bool:
    """Removes them from `phase`, whose draft must then be built again; False where there are none."""
    failed: list[Task] = []
    given: list[Task] = []
    outcomes: dict[Place, Outcome] = {}
    for each in job.facts.phases:
        if each.number < phase.number and _names_numbers(job, each):
            results, _ = match_phase_results(job, each)
            for task in _tasks(job, each):
                place: Place = (task.sheet, task.row)
                outcomes[place] = results[place].outcome
                (given if outcomes[place] is Outcome.SUCCESS else failed).append(task)
    if not failed:
        return False
    places = {(row.sheet, row.row): place for place, row in enumerate(job.rows_of_phase[phase.number])}
    already = job.phase_state(phase).left_out
    reasons = {}
    for task, needed in takers_of(failed, given, _tasks(job, phase), job.facts.wire_names):
        place_in_phase = places[(task.sheet, task.row)]
        if place_in_phase not in already:
            is_unknown = outcomes[needed.sheet, needed.row] is Outcome.UNKNOWN
            why = NOT_KNOWN if is_unknown else "which did not succeed"
            reasons[place_in_phase] = f"it needs a phone number of {needed.sheet} row {needed.row}, {why}"
    if reasons:
        leave_out(job, phase, reasons)
    return bool(reasons)


def _names_numbers(job: OpenJob, phase: PhaseFacts) -> bool:
    return any(BY_NAME[name].names_of(Subject.NUMBERS) for name in job.sent_rows(phase))


def _tasks(job: OpenJob, phase: PhaseFacts) -> list[Task]:
    return [
        Task.of(name, task["command"], task["content"], row.sheet, row.row)
        for name, rows in job.sent_rows(phase).items()
        for row, task in zip(rows, job.sent_tasks(phase, name), strict=True)
    ]
