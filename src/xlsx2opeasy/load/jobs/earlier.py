"""Earlier jobs of this machine that a new load must not repeat: unfinished, undecided or done."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from xlsx2opeasy.durable import what_helps, why_refused
from xlsx2opeasy.errors import LoadRefused, LocalFailure
from xlsx2opeasy.load.job.facts import JobFacts, JobRow, read_facts
from xlsx2opeasy.load.job.fold import fold
from xlsx2opeasy.load.job.state import UNKNOWN, JobState
from xlsx2opeasy.load.job.store import OUTCOMES, Store, StoredJob
from xlsx2opeasy.load.results.row_results import Place, Settlement
from xlsx2opeasy.spec.outcomes import Outcome


def peek(stored: StoredJob) -> tuple[JobFacts, JobState]:
    """Facts and state of a job that this process does not work on. Raises LocalFailure where damaged."""
    return read_facts(stored), fold(stored.read_journal())


def real_jobs(store: Store) -> Iterator[tuple[StoredJob, JobFacts, JobState]]:
    """The jobs that are no rehearsals, latest first."""
    known = [(stored, *peek(stored)) for stored in store.jobs()]
    real = [each for each in known if not each[1].rehearsal]
    yield from sorted(real, key=lambda each: each[1].created, reverse=True)


@dataclass(frozen=True)
class Candidate:
    """A workbook that is about to be loaded, as far as it tells which earlier jobs it has to do with.

    `carried` are the fingerprints of the rows whose SUCCESS stands beside them, `jobs` all that its Job cells
    name, `sent` the fingerprints of the rows that are to be sent; `changed`, by job, those of the rows that
    carry the SUCCESS of another task of that job.
    """

    workbook: Path
    origin: str
    enterprise_id: str
    identity: str
    carried: Counter[str]
    jobs: frozenset[str]
    sent: Counter[str] = field(default_factory=Counter)
    changed: Mapping[str, Counter[str]] = field(default_factory=dict)


def refuse_if_done_or_unfinished(store: Store, candidate: Candidate, *, again: bool) -> None:
    """Raises LoadRefused where an earlier job of this machine stands in the way.

    An unfinished or undecided job of the same tasks or workbook does: also where it is to be
    loaded `again`. A done one does not where the rows that succeeded in it carry their results or those of a
    later job, nor `again`.
    """
    told = candidate.carried
    for stored, facts, state in real_jobs(store):
        if (facts.origin, facts.enterprise_id) == (candidate.origin, candidate.enterprise_id):
            same_tasks = facts.identity == candidate.identity
            same = same_tasks or same_workbook(facts, state, candidate)
            if state.finished is None and same and not state.never_came_to_send:
                _refuse_unfinished(facts)
            if state.finished == UNKNOWN and same:
                _refuse_unknown(facts, state, candidate, again=again)
            if same_tasks and not again:
                _refuse_done(stored, facts, state, told)
        if facts.job in candidate.changed:
            told = told + candidate.changed[facts.job]


def same_workbook(facts: JobFacts, state: JobState, candidate: Candidate) -> bool:
    """Whether it is the job's workbook, or carries its results: also where it was changed since."""
    path = str(candidate.workbook.absolute())
    return path in (facts.workbook, facts.output, state.written) or facts.job in candidate.jobs


def _refuse_unfinished(facts: JobFacts) -> None:
    raise LoadRefused(
        f"job {facts.job} of {facts.created[:10]} with this workbook is unfinished",
        f"go on with it: xlsx2opeasy resume {facts.job}; or, where its operation was not started, give it up:"
        f" xlsx2opeasy jobs abandon {facts.job}",
    )


def _refuse_unknown(facts: JobFacts, state: JobState, candidate: Candidate, *, again: bool) -> None:
    """Unless the workbook is the one with the results, and no row of it says UNKNOWN any more.

    Who knows better what became of its rows empties their Result cells: then they count as not succeeded.
    Where only results are missing, `again` says the same.
    """
    undecided = any(each.undecided is not None for each in state.phases.values())
    knows_better = facts.job in candidate.jobs or str(candidate.workbook.absolute()) == state.written
    if not knows_better and (undecided or not again):
        raise LoadRefused(
            f"it is not known what became of job {facts.job} of {facts.created[:10]} with this workbook",
            f"how it is settled is said by: xlsx2opeasy resume {facts.job}",
        )


def _refuse_done(stored: StoredJob, facts: JobFacts, state: JobState, told: Counter[str]) -> None:
    if succeeded_in(stored) - told:
        results = f"; its results are in {state.written}" if state.written else ""
        raise LoadRefused(
            f"the same tasks were loaded by job {facts.job} on {facts.created[:10]}{results}",
            "correct the rows that did not succeed there and load that workbook:"
            f" xlsx2opeasy load {state.written}"
            if state.written
            else f"xlsx2opeasy report {facts.job} shows what became of each row",
        )


def write_outcomes(stored: StoredJob, rows: Iterable[JobRow], settlement: Settlement) -> None:
    """Puts what became of each row beside the job, for later loads and reports. Raises LocalFailure."""
    marks: dict[Place, str] = {(row.sheet, row.row): row.fingerprint for row in rows}
    lines = (
        json.dumps([sheet, row, marks[(sheet, row)], result.outcome, result.code, result.detail])
        for (sheet, row), result in settlement.results.items()
    )
    try:
        stored.write(OUTCOMES, "\n".join(lines).encode())
    except OSError as error:
        raise LocalFailure(
            f"{stored.where(OUTCOMES)} cannot be written: {why_refused(error)}",
            what_helps(error, stored.where()),
        ) from error


def succeeded_in(stored: StoredJob) -> Counter[str]:
    """The fingerprints of the rows that succeeded in a job; empty where it never came so far."""
    if not stored.exists(OUTCOMES):
        return Counter()
    outcomes = (json.loads(line) for line in stored.read(OUTCOMES).decode().splitlines())
    return Counter(mark for _, _, mark, outcome, *_ in outcomes if outcome == Outcome.SUCCESS)
