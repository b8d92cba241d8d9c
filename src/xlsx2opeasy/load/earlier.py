"""Earlier jobs of this machine that a new load must not repeat: unfinished, undecided or done."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from xlsx2opeasy.durable import write_file
from xlsx2opeasy.errors import LoadRefused
from xlsx2opeasy.load.home import Home, JobFolder
from xlsx2opeasy.load.job import JobFacts, JobRow, read_facts
from xlsx2opeasy.load.journal import Journal
from xlsx2opeasy.load.settle import Place, Settlement
from xlsx2opeasy.load.state import UNKNOWN, JobState, fold
from xlsx2opeasy.spec.outcomes import Outcome


def peek(folder: JobFolder) -> tuple[JobFacts, JobState]:
    """Facts and state of a job that this process does not work on. Raises LocalFailure where damaged."""
    return read_facts(folder), fold(Journal.read(folder.journal))


def real_jobs(home: Home) -> Iterator[tuple[JobFolder, JobFacts, JobState]]:
    """The jobs that are no rehearsals, latest first."""
    known = [(folder, *peek(folder)) for folder in home.jobs()]
    real = [each for each in known if not each[1].rehearsal]
    yield from sorted(real, key=lambda each: each[1].created, reverse=True)


def refuse_if_done_or_unfinished(home: Home, workbook: Path, identity: str, rows: Sequence[JobRow]) -> None:
    """Raises LoadRefused where a job of the same tasks, or of the same workbook, stands in the way.

    A done one does not where the rows that succeeded in it carry their results (they are skipped here).
    """
    for folder, facts, state in real_jobs(home):
        same_tasks = facts.identity == identity
        if state.finished is None and (same_tasks or facts.workbook == str(workbook.absolute())):
            raise LoadRefused(
                f"job {facts.job} of {facts.created[:10]} with this workbook is unfinished",
                f"xlsx2opeasy resume {facts.job} goes on with it;"
                f" xlsx2opeasy jobs abandon {facts.job} gives it up",
            )
        if same_tasks and state.finished == UNKNOWN:
            raise LoadRefused(
                f"job {facts.job} of {facts.created[:10]} with the same tasks is undecided",
                f"xlsx2opeasy resume {facts.job} says how it is settled",
            )
        if same_tasks and succeeded_in(folder) - Counter(row.fingerprint for row in rows if row.skipped):
            results = f"; its results are in {state.written}" if state.written else ""
            raise LoadRefused(
                f"the same tasks were loaded by job {facts.job} on {facts.created[:10]}{results}",
                "correct the red rows in that workbook and load it;"
                " or --again, if every row is to be sent again",
            )


def write_outcomes(folder: JobFolder, rows: Iterable[JobRow], settlement: Settlement) -> None:
    """Puts what became of each row beside the job, for later loads and reports."""
    marks: dict[Place, str] = {(row.sheet, row.row): row.fingerprint for row in rows}
    lines = (
        json.dumps([sheet, row, marks[(sheet, row)], result.outcome, result.code, result.detail])
        for (sheet, row), result in settlement.results.items()
    )
    write_file(folder.outcomes, "\n".join(lines).encode())


def succeeded_in(folder: JobFolder) -> Counter[str]:
    """The fingerprints of the rows that succeeded in a job; empty where it never came so far."""
    if not folder.outcomes.exists():
        return Counter()
    outcomes = (json.loads(line) for line in folder.outcomes.read_text().splitlines())
    return Counter(mark for _, _, mark, outcome, *_ in outcomes if outcome == Outcome.SUCCESS)
