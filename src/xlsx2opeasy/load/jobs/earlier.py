"""Earlier jobs of this machine that a new load must not repeat: unfinished, undecided or done."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from xlsx2opeasy.errors import LoadRefused, LocalFailure, UsageError
from xlsx2opeasy.load.job.facts import JobFacts, planned_fingerprints, read_facts, read_records
from xlsx2opeasy.load.job.fingerprint import key_of, read_cell, without_secrets
from xlsx2opeasy.load.job.fold import fold
from xlsx2opeasy.load.job.state import UNKNOWN, JobState
from xlsx2opeasy.load.job.store import Store, StoredJob
from xlsx2opeasy.load.results.outcomes import fingerprints_kept
from xlsx2opeasy.load.results.row_results import Place
from xlsx2opeasy.load.results.status import load_command
from xlsx2opeasy.paths import is_there
from xlsx2opeasy.spec.outcomes import Outcome

_SETTLED = (Outcome.SUCCESS, Outcome.FAILED, Outcome.REJECTED)


def peek(stored: StoredJob) -> tuple[JobFacts, JobState]:
    """Facts and state of a job that this process does not work on. Raises LocalFailure where damaged."""
    facts = read_facts(stored)
    return facts, fold(read_records(stored, facts))


def state_of(store: Store, job_id: str) -> JobState | None:
    """The state of a job; None where it is not known here."""
    try:
        return peek(store.job(job_id))[1]
    except UsageError:
        return None


def real_jobs(store: Store, *, unfinished: bool = False) -> Iterator[tuple[StoredJob, JobFacts, JobState]]:
    """The jobs that are no rehearsals, latest first; a large store gives those alone that are looked for."""
    known = [(stored, *_peek_real(stored)) for stored in _not_rehearsed(store.jobs(unfinished=unfinished))]
    real = [each for each in known if not each[1].rehearsal]
    yield from sorted(real, key=lambda each: each[1].created, reverse=True)


def _not_rehearsed(jobs: Iterable[StoredJob]) -> Iterator[StoredJob]:
    """Rehearsals are not even read: a damaged one prevents no load."""
    for stored in jobs:
        named = read_cell(stored.job_id)
        if named is None or not named.rehearsal:
            yield stored


def _peek_real(stored: StoredJob) -> tuple[JobFacts, JobState]:
    with _standing_in_the_way(stored):
        return peek(stored)


@contextmanager
def _standing_in_the_way(stored: StoredJob) -> Iterator[None]:
    """A job that cannot be read may have sent the same rows: no load begins, and what to do is said."""
    try:
        yield
    except LocalFailure as damage:
        hint = "; ".join(each for each in (damage.hint, stored.way_out) if each)
        raise LocalFailure(damage.message, hint) from damage


@dataclass(frozen=True)
class Earlier:
    """A job that is no rehearsal, with the fingerprints of those of its rows that a candidate can ask for."""

    stored: StoredJob
    facts: JobFacts
    state: JobState
    wanted: Set[str]

    @property
    def has_ended(self) -> bool:
        """Whether it came to an end that nothing changes any more."""
        return self.state.finished not in (None, UNKNOWN)

    @property
    def planned(self) -> Counter[str]:
        """The fingerprints of the rows that it sends. Raises LocalFailure."""
        wanted = self._asked_for
        with _standing_in_the_way(self.stored):
            marks = planned_fingerprints(self.stored, self.facts)
            return Counter(mark for mark in marks if wanted is None or without_secrets(mark) in wanted)

    @cached_property
    def kept(self) -> Mapping[str, Counter[str]]:
        """The fingerprints by what became of the rows. Raises LocalFailure."""
        with _standing_in_the_way(self.stored):
            return fingerprints_kept(self.stored, self._asked_for)

    @property
    def _asked_for(self) -> Set[str] | None:
        """None asks for all: an earlier version made its fingerprints otherwise."""
        return self.wanted if self.facts.is_keyed else None


@dataclass(frozen=True)
class Candidate:
    """A workbook that is about to be loaded, as far as it tells which earlier jobs it has to do with.

    `marks` are the fingerprints of its tasks, `jobs` all jobs that its Job cells name, `sent` the rows that
    are to be sent, `kept` those with a SUCCESS beside them; `changed`, by job, those that carry the
    SUCCESS of another task of that job; `emptied` those whose Result a person emptied, each with its job.
    `earlier` gives identity and fingerprints as an earlier version would have written them for an origin and
    an enterprise in its spelling.
    """

    workbook: Path
    origin: str
    enterprise_id: str
    identity: str
    marks: Mapping[Place, str]
    jobs: frozenset[str] = frozenset()
    sent: frozenset[Place] = frozenset()
    kept: frozenset[Place] = frozenset()
    changed: Mapping[str, set[Place]] = field(default_factory=dict)
    emptied: Mapping[Place, str] = field(default_factory=dict)
    earlier: Callable[[str, str], tuple[str, Mapping[Place, str]]] = lambda *_: ("", {})
    _ended: dict[str, Earlier] = field(default_factory=dict)

    def earlier_jobs(self, store: Store, *, unfinished: bool = False) -> list[Earlier]:
        """The jobs at its enterprise, or the `unfinished` ones at whatever server; the latest first.

        Those that have ended are read once, however often they are asked for. Raises LocalFailure.
        """
        enterprise = None if unfinished else self.enterprise
        known = []
        for stored in _not_rehearsed(store.jobs(enterprise=enterprise, unfinished=unfinished)):
            job = self._ended.get(stored.job_id)
            if job is None:
                job = Earlier(stored, *_peek_real(stored), self._bare)
                if job.has_ended:
                    self._ended[stored.job_id] = job
            if not job.facts.rehearsal and (unfinished or self.is_at(job.facts)):
                known.append(job)
        return sorted(known, key=lambda job: job.facts.created, reverse=True)

    @property
    def enterprise(self) -> tuple[str, str]:
        """The server's origin, and the enterprise there."""
        return self.origin, self.enterprise_id

    def is_at(self, facts: JobFacts) -> bool:
        """Whether the job is of the same enterprise at the same server."""
        return (facts.origin, facts.enterprise_id) == (self.origin, self.enterprise_id)

    def has_tasks_of(self, facts: JobFacts) -> bool:
        """Whether the workbook becomes the tasks of the job, as far as keys let passwords be compared."""
        if not facts.is_keyed:
            return facts.identity == self.earlier(*facts.spelt)[0]
        return same_identity(facts.identity, self.identity)

    def compared_with(self, facts: JobFacts, kept: Counter[str]) -> "Compared":
        """The rows of the workbook and those of a job in a form in which they can be compared."""
        if not facts.is_keyed:
            return Compared(self.earlier(*facts.spelt)[1], kept)
        if self._keys.issuperset(map(key_of, kept)):
            return Compared(self.marks, kept)
        ours = {place: without_secrets(mark) for place, mark in self.marks.items()}
        theirs: Counter[str] = Counter()
        for mark, number in kept.items():
            theirs[without_secrets(mark)] += number
        return Compared(ours, theirs)

    @cached_property
    def _bare(self) -> set[str]:
        return set(map(without_secrets, self.marks.values()))

    @cached_property
    def _keys(self) -> set[str]:
        return {"", *map(key_of, self.marks.values())}


@dataclass(frozen=True)
class Compared:
    """The fingerprints of a workbook's rows, and how often each fingerprint is among those kept of a job."""

    marks: Mapping[Place, str]
    kept: Counter[str]

    def among(self, places: Iterable[Place]) -> list[Place]:
        """Those of the places whose tasks were kept, each as often as it was kept."""
        left, found = Counter(self.kept), []
        for place in places:
            mark = self.marks.get(place, "")
            if left[mark] > 0:
                left[mark] -= 1
                found.append(place)
        return found

    def without(self, places: Iterable[Place]) -> Counter[str]:
        """What was kept, without the tasks of these places."""
        return self.kept - Counter(self.marks[place] for place in places if place in self.marks)


def same_identity(one: str, other: str) -> bool:
    """Whether two workbooks become the same tasks, as far as their keys let passwords be compared."""
    (tasks, *keyed), (other_tasks, *other_keyed) = one.split("-"), other.split("-")
    if tasks != other_tasks:
        return False
    return keyed[:1] != other_keyed[:1] or keyed == other_keyed


def refuse_if_done_or_unfinished(store: Store, candidate: Candidate, *, again: bool) -> None:
    """Raises LoadRefused where an earlier job that is known here conflicts.

    An unfinished or undecided job of the same tasks, workbook or rows does: also where it is to be loaded
    `again`, and whatever a cell says. A done one does not where the rows that succeeded in it carry their
    results or those of a later job, nor `again`.
    """
    reported: list[Place] = list(candidate.kept)
    settled = _Settled()
    for job in candidate.earlier_jobs(store):
        facts, state = job.facts, job.state
        same_tasks = candidate.has_tasks_of(facts)
        same = same_tasks or same_workbook(facts, state, candidate)
        if state.finished is None and not state.never_came_to_send:
            if same or _sends(candidate, facts, job.planned):
                _refuse_unfinished(facts)
        elif state.finished == UNKNOWN:
            if same or _sends(candidate, facts, job.kept[Outcome.UNKNOWN]):
                _refuse_unknown(facts)
        else:
            _refuse_closed(facts, state, candidate, job.kept[Outcome.UNKNOWN], settled)
        if same_tasks and not again:
            _refuse_done(facts, state, candidate, job.kept[Outcome.SUCCESS], reported)
        settled.later.append(job.kept)
        reported += candidate.changed.get(facts.job, ())


def same_workbook(facts: JobFacts, state: JobState, candidate: Candidate) -> bool:
    """Whether it is the job's workbook, or carries its results: also where it was changed since.

    A path tells that only on the machine of the job; another one has another file there.
    """
    if facts.job in candidate.jobs:
        return True
    path = str(candidate.workbook.absolute())
    return facts.is_of_this_machine and path in (facts.workbook, facts.output, state.written)


def _sends(candidate: Candidate, facts: JobFacts, kept: Counter[str]) -> bool:
    """Whether one of these tasks of a job is to be sent."""
    return bool(candidate.compared_with(facts, kept).among(candidate.sent)) if kept else False


def _refuse_unfinished(facts: JobFacts) -> None:
    # rare: load of an unfinished job's workbook
    raise LoadRefused(
        f"job {facts.job} of {facts.created[:10]} with this workbook is unfinished",
        f"go on with it: xlsx2opeasy resume {facts.job}; or, where its operation was not started, give it up:"
        f" xlsx2opeasy jobs abandon {facts.job}",
    )


def _refuse_unknown(facts: JobFacts) -> None:
    # rare: load of an undecided job's workbook
    raise LoadRefused(
        f"it is not known what became of job {facts.job} of {facts.created[:10]} with this workbook",
        f"how it is settled is said by: xlsx2opeasy resume {facts.job}; where nothing can settle it any more:"
        f" xlsx2opeasy jobs abandon {facts.job} --undecided",
    )


class _Settled:
    """The tasks that later jobs settled; each settles one row. Counted only where a row asks."""

    def __init__(self) -> None:
        self.later: list[Mapping[str, Counter[str]]] = []
        self._counted: Counter[str] = Counter()

    def settles(self, mark: str) -> bool:
        """Whether one is left for the row with this fingerprint, which takes it."""
        for kept in self.later:
            for each in _SETTLED:
                for settled, number in kept[each].items():
                    self._counted[without_secrets(settled)] += number
        self.later.clear()
        mark = without_secrets(mark)
        is_left = self._counted[mark] > 0
        self._counted[mark] -= is_left
        return is_left


def _refuse_closed(
    facts: JobFacts, state: JobState, candidate: Candidate, unknown: Counter[str], settled: _Settled
) -> None:
    """Rows that are UNKNOWN for good are sent only where a person emptied their Result in these results."""
    if not unknown:
        return
    compared = candidate.compared_with(facts, unknown)
    chosen = {place for place, job in candidate.emptied.items() if job == facts.job}
    for place in compared.among(sorted(candidate.sent - chosen)):
        if settled.settles(candidate.marks[place]):
            continue
        results = f" in {results_place(facts, state)}" if state.written else ""
        # rare: load of a row closed undecided
        raise LoadRefused(
            f"{place[0]} row {place[1]} is UNKNOWN since job {facts.job} of {facts.created[:10]}, which was"
            " closed undecided: it may have been provisioned",
            f"who knows better what became of it empties its Result cell{results}, and loads that workbook",
        )


def is_here(facts: JobFacts, written: str) -> bool:
    """Whether the place where the results were written is one of this machine; else the store has them."""
    return not facts.machine or (facts.is_of_this_machine and is_there(Path(written)))


def holds_results(candidate: Candidate, facts: JobFacts, state: JobState) -> bool:
    """Whether the workbook is the one that the job wrote its results into."""
    return facts.is_of_this_machine and str(candidate.workbook.absolute()) == state.written


def results_place(facts: JobFacts, state: JobState) -> str:
    """Where the job's results were written, with the machine where it is not this one."""
    elsewhere = "" if facts.is_of_this_machine else f" on {facts.machine}"
    return f"{state.written}{elsewhere}"


def _refuse_done(
    facts: JobFacts,
    state: JobState,
    candidate: Candidate,
    succeeded: Counter[str],
    reported: Sequence[Place],
) -> None:
    if succeeded and candidate.compared_with(facts, succeeded).without(reported):
        # rare: load of what was loaded before
        loaded = f"the same tasks were loaded by job {facts.job} on {facts.created[:10]}"
        if state.written is None:
            raise LoadRefused(loaded, f"xlsx2opeasy report {facts.job} shows what became of each row")
        if holds_results(candidate, facts, state):
            raise LoadRefused(
                f"{loaded}; its results were in this workbook, and not all of them are recognised there now",
                "undo what was changed in the columns Result and Job and in their headers, or take an earlier"
                f" copy of it; what became of each row is shown by: xlsx2opeasy report {facts.job}",
            )
        raise LoadRefused(
            f"{loaded}; its results are in {results_place(facts, state)}",
            "correct the rows that did not succeed there and load that workbook:"
            f" {load_command(facts, state.written)}"
            if is_here(facts, state.written)
            else "bring its results here, correct the rows that did not succeed, and load that workbook:"
            f" xlsx2opeasy queue fetch {facts.job} --output FILE",
        )
