"""The status of a load's end, its message, and the next step."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from xlsx2opeasy.errors import Interrupted, StillRunning, Xlsx2OpeasyError
from xlsx2opeasy.load.job.facts import JobFacts
from xlsx2opeasy.load.job.known_job import KnownJob
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.state import COMPLETED, INVALID, REJECTED, UNKNOWN, WITH_ERRORS
from xlsx2opeasy.load.results.load_result import EXIT_CODES
from xlsx2opeasy.load.results.row_results import RowResults
from xlsx2opeasy.load.run.undecided import UndecidedError
from xlsx2opeasy.shell import quoted

ALL_WELL = "every row succeeded"


@dataclass(frozen=True)
class JobEnd:
    """The contract's status and exit code, with a sentence that ends with the command to run next."""

    status: str
    exit_code: int
    message: str


def why_not_sent(job: KnownJob, stopped: Xlsx2OpeasyError | None) -> str:
    """The detail of the rows that were not sent."""
    if job.state.halted is not None:
        return f"not sent: {job.state.halted}, so nothing further was started"
    if stopped is None:
        return "not sent: the server rejected other rows of the workbook, so they were not run"
    if isinstance(stopped, UndecidedError):
        return "not sent: it cannot be told what became of the operation before"
    return f"not sent yet: {stopped.message}; {resume_command(job.facts)} goes on"


def verdict_of(
    job: OpenJob, row_results: RowResults, stopped: Xlsx2OpeasyError | None, results: str | None
) -> JobEnd:
    """How the load ended; `stopped` is what ended it early, `results` where the results workbook is."""
    counts = row_results.counts()
    if isinstance(stopped, StillRunning) and counts["unknown"]:
        said = f"what became of {_rows(counts['unknown'])} is not known, and {stopped.message}"
        return _verdict(UNKNOWN, f"{said}. Go on with: {resume_command(job.facts)}")
    if stopped is not None:
        return verdict_of_stop(job, stopped)
    none_in_a_row = bool(job.facts.stopped) and not counts["invalid"]
    what = "what is wrong" if none_in_a_row else "the rows that did not succeed"
    correct = _next(job.facts, results, what)
    if job.facts.stopped:
        return _verdict(INVALID, f"{job.facts.stopped}; {correct}")
    if counts["rejected"] and not job.facts.drop_rejected:
        ran = any(state.may_run for state in job.state.phases.values())
        what = "the operation was not run" if ran else "nothing was run"
        return _verdict(REJECTED, f"the server rejected {_rows(counts['rejected'])}, so {what}; {correct}")
    if counts["unknown"]:
        said = f"what became of {_rows(counts['unknown'])} is not known{_foreign(row_results)}"
        return _verdict(UNKNOWN, f"{said}; ask for the results again: {resume_command(job.facts)}")
    if row_results.foreign:
        said = _foreign(row_results).removeprefix(", and ")
        return _verdict(
            WITH_ERRORS, f"{said}; look in the portal who sent them; xlsx2opeasy jobs show {job.facts.job}"
        )
    if counts["succeeded"] + counts["skipped"] == counts["total"]:
        return _verdict(COMPLETED, _all_well(job.facts))
    if job.state.halted is not None:
        return _verdict(WITH_ERRORS, _halted(job, counts, results))
    wrong = counts["total"] - counts["succeeded"] - counts["skipped"]
    it = "it" if wrong == 1 else "them"
    return _verdict(WITH_ERRORS, f"{_rows(wrong)} did not succeed; {_next(job.facts, results, it)}")


def _halted(job: OpenJob, counts: Mapping[str, int], results: str | None) -> str:
    left = _rows(counts["notSent"])
    said = f"{job.state.halted}, so nothing further was started; {left} not sent"
    return f"{said}; {_next(job.facts, results, 'what is wrong')}"


def _all_well(facts: JobFacts) -> str:
    if not facts.rehearsal:
        return ALL_WELL
    options = "".join(f" {each}" for each in facts.called_with if not each.startswith("--sandbox-state"))
    command = f"xlsx2opeasy load {quoted(facts.workbook)}{options}"
    return f"{ALL_WELL} in the rehearsal; nothing was sent to a real server. To load it: {command}"


def verdict_of_stop(job: OpenJob, stopped: Xlsx2OpeasyError) -> JobEnd:
    """How a load ended that something stopped."""
    if isinstance(stopped, UndecidedError):
        return _verdict(UNKNOWN, stopped.message)
    hint = f" {as_sentence(stopped.hint)}" if stopped.hint else ""
    message = (
        f"{stopped.message.removesuffix('.')}.{hint} {_go_on(job, stopped)}: {resume_command(job.facts)}"
    )
    return JobEnd(stopped.status, stopped.exit_code, message)


def as_sentence(hint: str) -> str:
    """A hint as a sentence among others; a command that it begins with stays as it is typed."""
    begun = hint if hint.startswith("xlsx2opeasy") else hint[:1].upper() + hint[1:]
    return f"{begun.removesuffix('.')}."


def _go_on(job: OpenJob, stopped: Xlsx2OpeasyError) -> str:
    if isinstance(stopped, StillRunning | Interrupted):
        return "Go on with"
    if job.facts.rehearsal or any(each.may_be_at_server for each in job.state.phases.values()):
        return "Then"
    return "Nothing was sent. Once that is fixed, load the workbook again, or go on with"


def resume_command(facts: JobFacts) -> str:
    """What goes on with the job; a rehearsal's sandbox is gone, so it is begun again."""
    return load_command(facts, None) if facts.rehearsal else f"xlsx2opeasy resume {facts.job}"


def load_command(facts: JobFacts, results: str | None) -> str:
    """What loads the corrected workbook: the one with the results, but for a rehearsal."""
    options = "".join(f" {each}" for each in facts.called_with)
    if facts.rehearsal:
        return f"xlsx2opeasy load {quoted(facts.workbook)} --sandbox{options}"
    return f"xlsx2opeasy load {quoted(results or facts.workbook)}{options}"


def _next(facts: JobFacts, results: str | None, what: str) -> str:
    """What a person corrects, where (not in the results of a rehearsal: in its workbook), and loads then."""
    command = load_command(facts, results)
    if not facts.rehearsal:
        return f"correct {what}, then: {command}"
    said = f" (the results are in {Path(results).name})" if results else ""
    return f"correct {what} in {Path(facts.workbook).name}{said}, then: {command}"


def _verdict(status: str, message: str) -> JobEnd:
    return JobEnd(status, EXIT_CODES[status], message)


def _rows(number: int) -> str:
    return f"{number:,} row" if number == 1 else f"{number:,} rows"


def _foreign(row_results: RowResults) -> str:
    if not row_results.foreign:
        return ""
    return f", and the server gave {row_results.foreign:,} results that belong to no row of this workbook"
