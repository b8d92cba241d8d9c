"""What became of each row: the server's results brought back to the rows they belong to.

Results carry no row number and may come in any order. What fits no row, or a row for which nothing came, is
reported and never guessed; the counts over all rows always add up.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from xlsx2opeasy.display import in_cell
from xlsx2opeasy.load.job.facts import JobRow, PhaseFacts
from xlsx2opeasy.load.job.fingerprint import on_machine
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.state import JobState, PhaseState
from xlsx2opeasy.load.run.fetch import read_rejections, read_saved
from xlsx2opeasy.load.run.match import alike_keys, further_results, match
from xlsx2opeasy.load.run.undecided import how_to_settle
from xlsx2opeasy.masking import SecretFields
from xlsx2opeasy.spec.error_codes import ERROR_CODES
from xlsx2opeasy.spec.outcomes import Outcome, RowResult, outcome_of

Place = tuple[str, int]
"""A sheet's title and Excel's row number."""


@dataclass(frozen=True)
class RowResults:
    """What became of every row that was not skipped, and how many results belong to none of them.

    `restored` are those of the skipped rows whose SUCCESS must be written again.
    """

    results: Mapping[Place, RowResult]
    skipped: int
    foreign: int
    restored: Mapping[Place, RowResult]

    def counts(self) -> dict[str, int]:
        """The counts of `--json`; they add up to `total`."""
        return counts_of(Counter(result.outcome for result in self.results.values()), self.skipped)


def counts_of(by_outcome: Mapping[Outcome, int], skipped: int) -> dict[str, int]:
    """The counts of `--json` of so many rows by outcome, and those that were left alone."""
    return {
        "total": sum(by_outcome.values()) + skipped,
        "succeeded": by_outcome.get(Outcome.SUCCESS, 0),
        "failed": by_outcome.get(Outcome.FAILED, 0),
        "rejected": by_outcome.get(Outcome.REJECTED, 0),
        "invalid": by_outcome.get(Outcome.INVALID, 0),
        "notSent": by_outcome.get(Outcome.NOT_SENT, 0),
        "running": by_outcome.get(Outcome.RUNNING, 0),
        "unknown": by_outcome.get(Outcome.UNKNOWN, 0),
        "skipped": skipped,
    }


def counts_of_unsent(rows: Iterable[JobRow]) -> dict[str, int]:
    """The counts of a job of which nothing was sent."""
    known = list(rows)
    outcomes = Counter(Outcome(row.outcome or Outcome.NOT_SENT) for row in known if not row.skipped)
    return counts_of(outcomes, sum(row.skipped for row in known))


def counts_so_far(rows: Iterable[JobRow], state: JobState) -> dict[str, int]:
    """The counts of a job that is being worked on, by what the server has said until now; they add up."""
    known, sent, skipped = Counter[Outcome](), Counter[int](), 0
    for row in rows:
        if row.skipped:
            skipped += 1
        elif row.phase:
            sent[row.phase] += 1
        else:
            known[row.known_outcome or Outcome.NOT_SENT] += 1
    for number, rows_sent in sent.items():
        left = rows_sent
        phase = state.phases.get(number) or PhaseState(number)
        for outcome, found in {**phase.results, Outcome.REJECTED: phase.rejected}.items():
            part = min(found, left)
            known[Outcome(outcome)] += part
            left -= part
        if phase.results:
            known[Outcome.UNKNOWN] += left
        else:
            runs = phase.scheduled_id is not None or phase.schedule_in_doubt is not None
            known[Outcome.RUNNING if runs else Outcome.NOT_SENT] += left
    return counts_of(known, skipped)


def match_results(job: OpenJob, stopped_because: str = "") -> RowResults:
    """What is known now. `stopped_because` says why rows were not sent, where the load ended early.

    Raises LocalFailure where results or chunk files on disk are damaged.
    """
    results: dict[Place, RowResult] = {}
    foreign = 0
    for row in job.rows:
        if row.known_outcome is not None:
            results[_place(row)] = RowResult(row.known_outcome, detail=row.detail, job=job_cell(job, row))
    for phase in job.facts.phases:
        found, strange = match_phase_results(job, phase, stopped_because)
        results |= found
        foreign += strange
    for row in job.rows:
        if row.same_as is not None:
            sheet, number = row.same_as
            results[_place(row)] = replace(results[sheet, number], job=job_cell(job, row))
    skipped = sum(row.skipped for row in job.rows)
    assert len(results) + skipped == len(job.rows), "the counts must add up"
    restored = {
        _place(row): RowResult(Outcome.SUCCESS, job=job_cell(job, row))
        for row in job.rows
        if row.skipped and row.earlier
    }
    return RowResults(results, skipped, foreign, restored)


def job_cell(job: OpenJob, row: JobRow) -> str:
    """The text of the Job column: the job, and where there is a task its fingerprint; or both of before."""
    return row.earlier or f"{job.facts.job} {row.fingerprint}".rstrip()


def _place(row: JobRow) -> Place:
    return row.sheet, row.row


def match_phase_results(
    job: OpenJob, phase: PhaseFacts, stopped_because: str = ""
) -> tuple[dict[Place, RowResult], int]:
    """What is known of the rows of one phase, and how many results belong to none of them."""
    state = job.phase_state(phase)
    rows = job.rows_of_phase[phase.number]
    found: dict[Place, RowResult] = {}
    for place, why in state.left_out.items():
        found[_place(rows[place])] = _result(job, rows[place], Outcome.NOT_SENT, why)
    rejected = _rejected(job, phase)
    found |= rejected
    if state.results_saved:
        matched, foreign = _matched(job, phase, rejected)
        return found | matched, foreign
    outcome = Outcome.UNKNOWN if job.state.closed and state.may_run else _outcome_without_result(state)
    why = stopped_because if outcome is Outcome.NOT_SENT else _how_to_find_out(job, phase)
    for row in rows:
        found.setdefault(_place(row), _result(job, row, outcome, why))
    return found, 0


def _outcome_without_result(state: PhaseState) -> Outcome:
    if state.undecided is None and state.scheduled_id is not None:
        return Outcome.RUNNING
    return Outcome.UNKNOWN if state.may_run else Outcome.NOT_SENT


def _how_to_find_out(job: OpenJob, phase: PhaseFacts) -> str:
    state, name = job.phase_state(phase), job.facts.job
    if job.state.closed:
        return (
            f"sent with operation {state.operation_id}; job {name} was closed although it is not known if"
            " that took effect: who knows better empties this Result cell, and the row is sent again"
        )
    if state.undecided is not None:
        return (
            f"sent with operation {state.operation_id}, and it cannot be told what became of that:"
            f" look for it in the portal, then {how_to_settle(state, name)}"
        )
    if state.scheduled_id is not None:
        return (
            f"started as run {state.scheduled_id}{on_machine()};"
            f" its result is fetched by: xlsx2opeasy resume {name}"
        )
    return f"sent{on_machine()}, and not known yet whether it was started: xlsx2opeasy resume {name}"


def _result(job: OpenJob, row: JobRow, outcome: Outcome, detail: str) -> RowResult:
    return RowResult(outcome, detail=detail, job=job_cell(job, row))


def _rejected(job: OpenJob, phase: PhaseFacts) -> dict[Place, RowResult]:
    sent = job.sent_rows(phase)
    rejected = {}
    for each in read_rejections(job, phase):
        row = sent[each.type][each.index]
        rejected[_place(row)] = _result(job, row, Outcome.REJECTED, in_cell("; ".join(each.messages)))
    return rejected


def _matched(
    job: OpenJob, phase: PhaseFacts, rejected: Mapping[Place, RowResult]
) -> tuple[dict[Place, RowResult], int]:
    found: dict[Place, RowResult] = {}
    foreign = 0
    sent_tasks = job.sent_tasks(phase)
    for name, rows in job.sent_rows(phase).items():
        kept = [index for index, row in enumerate(rows) if _place(row) not in rejected]
        tasks = [sent_tasks[name][index] for index in kept]
        results = read_saved(job, phase, name)
        matched = match(name, tasks, results, job.facts.wire_names)
        again = further_results(name, tasks, results, matched, job.facts.wire_names)
        foreign += len(matched.foreign) - len(again)
        pairs = [results[index] if index is not None else None for index in matched.pairs]
        # Which rows are alike matters only where their results may differ.
        differ = again or len(set(map(_succeeded, pairs))) > 1
        keys = alike_keys(name, tasks, job.facts.wire_names) if differ else [b""] * len(tasks)
        alike = _told_of_alike(keys, pairs)
        secrets = SecretFields(name, job.facts.wire_names)
        guessed = _differing_in_secrets(keys, tasks) & alike.keys() if alike else ()
        further = ((keys[mine], results[index]) for index, mine in again.items())
        contradicting = _contradicting(keys, pairs, further)
        for index, task, key, result in zip(kept, tasks, keys, pairs, strict=True):
            row_result = _row_result(job, rows[index], result, alike.get(key, ""))
            if key in contradicting:
                why = _which_holds(job, contradicting[key])
                row_result = _result(job, rows[index], Outcome.UNKNOWN, why)
            elif key in guessed:
                row_result = _result(job, rows[index], Outcome.UNKNOWN, _GUESSED)
            hidden = secrets.hidden_in(row_result.detail, task["content"])
            found[_place(rows[index])] = RowResult(
                row_result.outcome, in_cell(row_result.code), in_cell(hidden), row_result.job
            )
    return found, foreign


_GUESSED = (
    "rows that differ only in secret values had different results, and no result shows which is which:"
    " look at the system what became of each, then empty or correct its Result cell"
)


def _differing_in_secrets(keys: Sequence[bytes], tasks: Sequence[Mapping[str, Any]]) -> set[bytes]:
    """The keys of rows that no result can tell apart although they are not the same to the letter."""
    first: dict[bytes, Mapping[str, Any]] = {}
    return {key for key, task in zip(keys, tasks, strict=True) if first.setdefault(key, task) != task}


def _contradicting(
    keys: Sequence[bytes],
    results: Sequence[Mapping[str, Any] | None],
    further: Iterable[tuple[bytes, Mapping[str, Any]]],
) -> dict[bytes, list[str]]:
    """By key, the results of rows for which there are more results than rows, and which differ."""
    more = list(further)
    crowded: dict[bytes, list[str]] = {key: [] for key, _ in more}
    for key, result in [*zip(keys, results, strict=True), *more] if more else ():
        if result is not None and key in crowded:
            crowded[key].append(_shown(result))
    return {key: list(dict.fromkeys(of)) for key, of in crowded.items() if len(set(of)) > 1}


def _shown(result: Mapping[str, Any]) -> str:
    """A result in one line: status, error code and error description as the server gave them."""
    parts = (str(result["status"]).upper(), str(result["errorCode"]), str(result["errorDescription"]))
    return " ".join(part.strip() for part in parts if part.strip())


def _which_holds(job: OpenJob, shown: Sequence[str]) -> str:
    return (
        f"the server gave results for it that differ: {' / '.join(shown)}. Look at the system which of them"
        f" holds; xlsx2opeasy resume {job.facts.job} asks for the results again"
    )


def _row_result(job: OpenJob, row: JobRow, result: Mapping[str, Any] | None, alike: str) -> RowResult:
    if result is None:
        missing = (
            "sent and run, but no result came for this row: look at the system whether it took effect;"
            f" xlsx2opeasy resume {job.facts.job} asks for its result again"
        )
        return _result(job, row, Outcome.UNKNOWN, missing)
    status, code = str(result["status"]).strip(), str(result["errorCode"])
    outcome = outcome_of(status, code)
    if outcome is Outcome.SUCCESS:
        noted = " - ".join(part for part in (str(result["errorDescription"]), alike) if part)
        return RowResult(Outcome.SUCCESS, code, noted, job_cell(job, row))
    if outcome is Outcome.UNKNOWN:
        strange = f"its result is {status!r}, which is neither SUCCESS nor FAILED: look at the system"
        return _result(job, row, Outcome.UNKNOWN, strange)
    parts = [str(result["errorDescription"]), remedy_of(code), alike]
    return RowResult(outcome, code, " - ".join(part for part in parts if part), job_cell(job, row))


def remedy_of(code: str) -> str:
    """What to do about a code of Appendix VII; empty for another."""
    known = ERROR_CODES.get(code)
    return known.remedy if known else ""


def _succeeded(result: Mapping[str, Any] | None) -> bool:
    return result is not None and outcome_of(str(result["status"]), "") is Outcome.SUCCESS


def _told_of_alike(keys: Sequence[bytes], results: Sequence[Mapping[str, Any] | None]) -> dict[bytes, str]:
    """For rows that no result distinguishes it is unknown which one failed: their details say so."""
    alike: dict[bytes, list[bool]] = defaultdict(list)
    for key, result in zip(keys, results, strict=True):
        alike[key].append(_succeeded(result))
    return {
        key: f"{went_well.count(False)} of {len(went_well)} identical rows failed, which cannot be told"
        for key, went_well in alike.items()
        if len(went_well) > 1 and any(went_well) and not all(went_well)
    }
