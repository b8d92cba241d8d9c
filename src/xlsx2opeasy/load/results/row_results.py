"""What became of each row: the server's results brought back to the rows they belong to.

Results carry no row number and may come in any order. What fits no row, or a row for which nothing came, is
reported and never guessed; the counts over all rows always add up.
"""

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any

import orjson

from xlsx2opeasy.display import in_cell
from xlsx2opeasy.load.job.facts import JobFacts, JobRow, PhaseFacts, read_rows
from xlsx2opeasy.load.job.fingerprint import on_machine
from xlsx2opeasy.load.job.known_job import KnownJob
from xlsx2opeasy.load.job.state import JobState, PhaseState
from xlsx2opeasy.load.job.store import StoredJob
from xlsx2opeasy.load.run.fetch import SavedResults, read_rejections, run_texts
from xlsx2opeasy.load.run.match import alike_keys, corresponds, further_results, match
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


def counts_so_far(stored: StoredJob, facts: JobFacts, state: JobState) -> dict[str, int]:
    """The counts of a job that is being worked on, by what the server has said until now; they add up.

    Raises LocalFailure where its rows are damaged.
    """
    sent, others, skipped = _numbers_of_rows(stored, facts)
    known = Counter(others)
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


_NumbersOfRows = tuple[Counter[int], Counter[Outcome], int]
_KNOWN_NUMBERS: dict[str, _NumbersOfRows] = {}
"""By the SHA-256 of a job's rows."""
_MOST_KNOWN_NUMBERS = 100


def _numbers_of_rows(stored: StoredJob, facts: JobFacts) -> _NumbersOfRows:
    """How many rows each phase sends, how many others have which outcome, and how many are skipped.

    They never change, so the rows are read once, however often somebody looks how far the job is.
    """
    if (found := _KNOWN_NUMBERS.get(facts.rows_sha256)) is not None:
        return found
    sent, others, skipped = Counter[int](), Counter[Outcome](), 0
    for row in read_rows(stored, facts):
        if row.skipped:
            skipped += 1
        elif row.phase:
            sent[row.phase] += 1
        else:
            others[row.known_outcome or Outcome.NOT_SENT] += 1
    if len(_KNOWN_NUMBERS) >= _MOST_KNOWN_NUMBERS:
        _KNOWN_NUMBERS.clear()
    _KNOWN_NUMBERS[facts.rows_sha256] = sent, others, skipped
    return sent, others, skipped


def match_results(job: KnownJob, stopped_because: str = "") -> RowResults:
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


def job_cell(job: KnownJob, row: JobRow) -> str:
    """The text of the Job column: the job, and where there is a task its fingerprint; or both of before."""
    return row.earlier or f"{job.facts.job} {row.fingerprint}".rstrip()


def _place(row: JobRow) -> Place:
    return row.sheet, row.row


def match_phase_results(
    job: KnownJob, phase: PhaseFacts, stopped_because: str = ""
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


def _how_to_find_out(job: KnownJob, phase: PhaseFacts) -> str:
    state, name = job.phase_state(phase), job.facts.job
    if job.facts.rehearsal:
        return "the rehearsal was broken off before this was known: rehearse again"
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


def _result(job: KnownJob, row: JobRow, outcome: Outcome, detail: str) -> RowResult:
    return RowResult(outcome, detail=detail, job=job_cell(job, row))


def _rejected(job: KnownJob, phase: PhaseFacts) -> dict[Place, RowResult]:
    sent = job.sent_rows(phase)
    rejected = {}
    for each in read_rejections(job, phase):
        row = sent[each.type][each.index]
        rejected[_place(row)] = _result(job, row, Outcome.REJECTED, in_cell("; ".join(each.messages)))
    return rejected


def _matched(
    job: KnownJob, phase: PhaseFacts, rejected: Mapping[Place, RowResult]
) -> tuple[dict[Place, RowResult], int]:
    found: dict[Place, RowResult] = {}
    foreign = 0
    wire_names = job.facts.wire_names
    for name, rows in job.sent_rows(phase).items():
        kept = [row for row in rows if _place(row) not in rejected]
        sent = _Sent(job, phase, name, len(kept))
        foreign += sent.foreign - len(sent.again)
        # Which rows are alike matters only where their results may differ.
        outcomes = [_succeeded(result) for result in sent.results]
        differ = sent.again or len(set(outcomes)) > 1
        keys = alike_keys(name, sent.tasks(), wire_names) if differ else [b""] * len(kept)
        alike = _told_of_alike(keys, outcomes)
        guessed = _differing_in_secrets(keys, sent.tasks(), alike) if alike else ()
        further = ((keys[mine], result) for result, mine in sent.again)
        contradicting = _contradicting(keys, sent.results, further)
        made, said = [], dict[tuple[int, str], tuple[Outcome, str, str]]()
        for row, key, result in zip(kept, keys, sent.results, strict=True):
            if key in contradicting:
                made.append(_result(job, row, Outcome.UNKNOWN, _which_holds(job, contradicting[key])))
            elif key in guessed:
                made.append(_result(job, row, Outcome.UNKNOWN, _GUESSED))
            else:
                known = (id(result), alike.get(key, ""))
                if known not in said:
                    said[known] = _said_of(job, result, known[1])
                made.append(RowResult(*said[known], job_cell(job, row)))
        if any(each.code or each.detail for each in made):
            secrets = SecretFields(name, wire_names)
            made = [_shown_in_cells(*each, secrets) for each in zip(made, sent.tasks(), strict=True)]
        found |= dict(zip(map(_place, kept), made, strict=True))
    return found, foreign


def _shown_in_cells(result: RowResult, task: Mapping[str, Any], secrets: SecretFields) -> RowResult:
    if not (result.code or result.detail):
        return result
    hidden = secrets.hidden_in(result.detail, task["content"])
    return RowResult(result.outcome, in_cell(result.code), in_cell(hidden), result.job)


class _Sent:
    """The tasks of one type that were not rejected, so `many`, and their `results`, None where there is none.

    Results nearly always come in the order of the tasks: then tasks and results are looked at one after the
    other, and of each result only what it says is kept, once. `again` are further results of tasks that have
    one, each with the place of its task; `foreign` is how many are left, those of `again` among them.
    """

    def __init__(self, job: KnownJob, phase: PhaseFacts, name: str, many: int) -> None:
        self._job, self._phase, self._name = job, phase, name
        self.results: list[Mapping[str, Any] | None] = []
        self.again: list[tuple[Mapping[str, Any], int]] = []
        self.foreign = 0
        saved, wire_names = SavedResults(job, phase, name), job.facts.wire_names
        if self._are_in_order(saved, SecretFields(name, wire_names)) and len(self.results) == many:
            return
        tasks = list(self.tasks())
        results = [
            result if "content" in result else {**tasks[place], **result}
            for place, result in enumerate(saved)
        ]
        matched = match(name, tasks, results, wire_names)
        again = further_results(name, tasks, results, matched, wire_names)
        self.again = [(results[index], mine) for index, mine in again.items()]
        self.foreign = len(matched.foreign)
        self.results = [None if index is None else results[index] for index in matched.pairs]

    def tasks(self) -> Iterator[Mapping[str, Any]]:
        """Each task as it was sent, from its file."""
        return map(orjson.loads, run_texts(self._job, self._phase, self._name))

    def _are_in_order(self, saved: SavedResults, secrets: SecretFields) -> bool:
        """Whether each result is of the task in its place; what it says is kept, each once."""
        known: dict[tuple[Any, ...], Mapping[str, Any]] = {}
        texts = enumerate(run_texts(self._job, self._phase, self._name))
        for place, result in enumerate(saved):
            if "content" in result:  # else it was seen to be when it was saved
                text = next((text for at, text in texts if at == place), None)
                if text is None or not corresponds(orjson.loads(text), result, secrets):
                    return False
            said = _said(result)
            if said not in known:
                known[said] = dict(zip(_SAID, said, strict=True))
            self.results.append(known[said])
        return True


_SAID = ("status", "errorCode", "errorDescription")
"""What a result says of its task."""
_said = itemgetter(*_SAID)


_GUESSED = (
    "rows that differ only in secret values had different results, and no result shows which is which:"
    " look at the system what became of each, then empty or correct its Result cell"
)


def _differing_in_secrets(
    keys: Sequence[bytes], tasks: Iterable[Mapping[str, Any]], alike: Container[bytes]
) -> set[bytes]:
    """Those of the keys `alike` whose rows are not the same to the letter."""
    first: dict[bytes, Mapping[str, Any]] = {}
    known = ((key, task) for key, task in zip(keys, tasks, strict=True) if key in alike)
    return {key for key, task in known if first.setdefault(key, task) != task}


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


def _which_holds(job: KnownJob, shown: Sequence[str]) -> str:
    return (
        f"the server gave results for it that differ: {' / '.join(shown)}. Look at the system which of them"
        f" holds; xlsx2opeasy resume {job.facts.job} asks for the results again"
    )


def _said_of(job: KnownJob, result: Mapping[str, Any] | None, alike: str) -> tuple[Outcome, str, str]:
    """Outcome, code and detail of a row with this result."""
    again = f"xlsx2opeasy resume {job.facts.job} asks for its result again"
    if result is None:
        missing = "sent and run, but no result came for this row: look at the system whether it took effect"
        return Outcome.UNKNOWN, "", f"{missing}; {again}"
    status, code = str(result["status"]).strip(), str(result["errorCode"])
    outcome = outcome_of(status, code)
    if outcome is Outcome.UNKNOWN:
        strange = f"its result is {status!r}, which is neither SUCCESS nor FAILED: look at the system"
        return outcome, "", f"{strange}; {again}"
    remedy = "" if outcome is Outcome.SUCCESS else remedy_of(code)
    return outcome, code, " - ".join(filter(None, (str(result["errorDescription"]), remedy, alike)))


def remedy_of(code: str) -> str:
    """What to do about a code of Appendix VII; empty for another."""
    known = ERROR_CODES.get(code)
    return known.remedy if known else ""


def _succeeded(result: Mapping[str, Any] | None) -> bool:
    return result is not None and outcome_of(str(result["status"]), "") is Outcome.SUCCESS


def _told_of_alike(keys: Sequence[bytes], outcomes: Sequence[bool]) -> dict[bytes, str]:
    """For rows that no result distinguishes it is unknown which one failed: their details say so."""
    alike: dict[bytes, list[bool]] = defaultdict(list)
    for key, went_well in zip(keys, outcomes, strict=True):
        alike[key].append(went_well)
    return {
        key: f"{went_well.count(False)} of {len(went_well)} identical rows failed, which cannot be told"
        for key, went_well in alike.items()
        if len(went_well) > 1 and any(went_well) and not all(went_well)
    }
