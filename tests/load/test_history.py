"""This machine's jobs as Webex's shape: what the journal shows at every moment, and who works on a job."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlsx2opeasy.errors import LoadRefused
from xlsx2opeasy.load.job.chunk_files import ChunkFile
from xlsx2opeasy.load.job.facts import JobFacts, PhaseFacts, write_facts
from xlsx2opeasy.load.job.home import Home, JobFolder
from xlsx2opeasy.load.job.journal import INTENT, NOTE, OUTCOME, Call, Fact, Record, Verdict
from xlsx2opeasy.load.job.state import JOB
from xlsx2opeasy.load.job.store import JOURNAL_BEGUN
from xlsx2opeasy.load.jobs.listing import job_of, list_jobs
from xlsx2opeasy.load.jobs.steps import SHARES, Course

BEGAN = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


def facts_of(job: str = "L20261122-abcd", *, tasks: tuple[int, ...] = (4,), **changes: Any) -> JobFacts:
    """A job of operations with so many tasks, two chunks each."""
    phases = tuple(
        PhaseFacts(number, "", tuple(ChunkFile(f"{number}-{n}", 1, "0", {"Users": each}) for n in (1, 2)))
        for number, each in enumerate(tasks, 1)
    )
    known: dict[str, Any] = {
        "job": job,
        "created": BEGAN.isoformat(timespec="milliseconds"),
        "user": "op",
        "workbook": "/books/branch.xlsx",
        "workbook_sha256": "0",
        "origin": "https://opeasy.example.com",
        "enterprise_id": "acme",
        "identity": "0",
        "rehearsal": False,
        "output": "/books/branch.results.xlsx",
        "drop_rejected": False,
        "keep": False,
        "sheets": {"Users": 1},
        "phases": phases,
        "rows_sha256": "0",
    }
    return JobFacts(**known | changes)


class Tape:
    """Records as a journal would hold them, one a second."""

    def __init__(self) -> None:
        self.records: list[Record] = []

    def _add(self, kind: str, phase: int, call: str, answers: int | None, detail: dict[str, Any]) -> Record:
        number = len(self.records) + 1
        at = (BEGAN + timedelta(seconds=number)).isoformat(timespec="milliseconds")
        self.records.append(Record(number, at, kind, phase, call, answers, detail))
        return self.records[-1]

    def call(self, phase: int, call: Call, verdict: Verdict = Verdict.APPLIED, **detail: Any) -> None:
        about = {"id": f"draft-{phase}", "file": "f", "chunk": 0}
        intent = self._add(INTENT, phase, call, None, about)
        self._add(OUTCOME, phase, call, intent.seq, {"verdict": verdict.value, **detail})

    def note(self, phase: int, fact: Fact, **detail: Any) -> None:
        self._add(NOTE, phase, fact, None, detail)

    def draft(self, phase: int) -> None:
        self.call(phase, Call.CREATE, id=f"draft-{phase}")
        self.call(phase, Call.APPEND)
        self.call(phase, Call.APPEND)
        self.note(phase, Fact.VERIFIED)

    def run(self, phase: int) -> None:
        self.call(phase, Call.SCHEDULE, id=f"run-{phase}")
        self.note(phase, Fact.ENDED, status="completed")
        self.note(phase, Fact.RESULTS_SAVED)

    def finish(self, status: str = "completed") -> None:
        self.note(JOB, Fact.WRITTEN, path="/books/branch.results.xlsx", sha256="0")
        self.note(JOB, Fact.FINISHED, status=status, message="", rows={"total": 4, "succeeded": 4})


def whole(phases: int = 1) -> Tape:
    tape = Tape()
    for phase in range(1, phases + 1):
        tape.draft(phase)
    for phase in range(1, phases + 1):
        tape.run(phase)
    tape.finish()
    return tape


def put(home: Home, facts: JobFacts, tape: Tape) -> JobFolder:
    """The job on disk."""
    folder = JobFolder(home.loads / facts.job)
    folder.path.mkdir(parents=True)
    write_facts(folder, facts)
    journal = folder.open_journal()
    for record in tape.records:
        if record.kind == INTENT:
            intent = journal.intent(record.phase, record.call, **record.detail)
        elif record.kind == OUTCOME:
            detail = dict(record.detail)
            journal.outcome(intent, Verdict(detail.pop("verdict")), **detail)
        else:
            journal.note(record.phase, record.call, **record.detail)
    journal.close()
    return folder


def named(course: Course) -> list[tuple[str, str]]:
    return [(f"{step.name}-{step.phase}", step.exit_code) for step in course.steps]


# -- steps ------------------------------------------------------------------------------------------------


def test_all_steps_of_two_operations_with_their_times() -> None:
    course = Course(facts_of(tasks=(4, 4)), whole(2).records)
    order = [
        *("upload-1", "verify-1", "upload-2", "verify-2"),
        *("schedule-1", "wait-1", "results-1", "schedule-2", "wait-2", "results-2"),
    ]
    assert named(course) == [(name, "COMPLETED") for name in order]
    assert course.percentage == 100
    for step in course.steps:
        assert step.ended is not None
        assert step.began <= step.ended


@given(st.integers(min_value=0, max_value=len(whole(2).records)))
def test_at_every_moment_the_steps_and_the_percentage_are_right(moment: int) -> None:
    records = whole(2).records
    now, before = (Course(facts_of(tasks=(3, 5)), records[:end]) for end in (moment, max(0, moment - 1)))
    assert 0 <= before.percentage <= now.percentage <= 100
    for phase in (1, 2):
        of_phase = [step for step in now.steps if step.phase == phase]
        assert [step.name for step in of_phase] == list(SHARES)[: len(of_phase)]
        assert all(step.ended for step in of_phase[:-1])


def test_half_an_upload_counts_half() -> None:
    tape = Tape()
    tape.call(1, Call.CREATE, id="draft-1")
    tape.call(1, Call.APPEND)
    assert Course(facts_of(), tape.records).percentage == SHARES["upload"] // 2


def test_a_draft_that_is_built_again_starts_over() -> None:
    tape = Tape()
    tape.draft(1)
    began = Course(facts_of(), tape.records).steps[0].began
    tape.call(1, Call.DELETE_DRAFT)
    tape.call(1, Call.CREATE, id="draft-2")
    course = Course(facts_of(), tape.records)
    assert named(course) == [("upload-1", "")]
    assert course.steps[0].began == began
    assert course.percentage == 0


@pytest.mark.parametrize("confirmed", [True, False])
def test_an_append_without_an_answer_ends_the_upload_once_it_is_confirmed(confirmed: bool) -> None:
    tape = Tape()
    tape.call(1, Call.CREATE, id="draft-1")
    tape.call(1, Call.APPEND)
    tape.call(1, Call.APPEND, Verdict.UNKNOWN)
    if confirmed:
        tape.note(1, Fact.CONFIRMED)
    assert named(Course(facts_of(), tape.records))[0] == ("upload-1", "COMPLETED" if confirmed else "")


def test_rejected_rows_show_at_the_verification() -> None:
    tape = Tape()
    tape.call(1, Call.CREATE, id="draft-1")
    tape.call(1, Call.APPEND)
    tape.call(1, Call.APPEND)
    tape.note(1, Fact.REJECTIONS, count=1)
    tape.note(1, Fact.VERIFIED)
    assert named(Course(facts_of(), tape.records))[1] == ("verify-1", "COMPLETED_WITH_ERRORS")


def test_what_became_of_a_request_to_start() -> None:
    for verdict, exit_code in ((Verdict.REJECTED, "FAILED"), (Verdict.UNKNOWN, "")):
        tape = Tape()
        tape.draft(1)
        tape.call(1, Call.SCHEDULE, verdict)
        assert named(Course(facts_of(), tape.records))[-1] == ("schedule-1", exit_code)
    tape.note(1, Fact.UNDECIDED, why="nobody knows")
    assert named(Course(facts_of(), tape.records))[-1] == ("schedule-1", "FAILED")


def test_a_start_that_was_settled_goes_on_waiting() -> None:
    tape = Tape()
    tape.draft(1)
    tape.call(1, Call.SCHEDULE, Verdict.UNKNOWN)
    tape.note(1, Fact.SETTLED, scheduled_id="run-1")
    assert named(Course(facts_of(), tape.records))[-2:] == [("schedule-1", "COMPLETED"), ("wait-1", "")]


def test_an_operation_that_runs_again_is_waited_for_again() -> None:
    tape = Tape()
    tape.draft(1)
    tape.call(1, Call.SCHEDULE, id="run-1")
    tape.note(1, Fact.ENDED, status="completed")
    tape.note(1, Fact.REOPENED)
    assert named(Course(facts_of(), tape.records))[-2:] == [("schedule-1", "COMPLETED"), ("wait-1", "")]


# -- jobs -------------------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path: Path) -> Home:
    return Home(tmp_path / "kept")


@pytest.mark.parametrize(
    ("finished", "status", "exit_code"),
    [
        ("completed", "COMPLETED", "COMPLETED"),
        ("completedWithErrors", "COMPLETED", "COMPLETED_WITH_ERRORS"),
        ("abandoned", "FAILED", "STOPPED"),
        ("invalid", "FAILED", "FAILED"),
        ("rejected", "FAILED", "FAILED"),
        ("unknown", "FAILED", "FAILED"),
    ],
)
def test_every_way_to_finish(place: Home, finished: str, status: str, exit_code: str) -> None:
    tape = Tape()
    tape.finish(finished)
    job = job_of(put(place, facts_of(), tape))
    assert (job.latest_execution_status, job.latest_execution_exit_code) == (status, exit_code)
    assert job.ended
    assert job.succeeded is (finished == "completed")
    assert job.created == BEGAN
    assert job.latest is not None
    assert job.latest.ended_at is not None
    assert job.elapsed == job.latest.ended_at - BEGAN
    assert job.counts == {"total": 4, "succeeded": 4}
    assert job.target_customer_id == "acme"


@pytest.mark.parametrize(
    ("stopped", "ended"),
    [
        ("failed", ("FAILED", "FAILED")),
        ("interrupted", ("FAILED", "STOPPED")),
        ("running", ("STARTED", "UNKNOWN")),
    ],
)
def test_how_the_last_run_stopped_until_something_happens(
    place: Home, stopped: str, ended: tuple[str, str]
) -> None:
    tape = Tape()
    tape.draft(1)
    tape.note(JOB, Fact.STOPPED, status=stopped, message="because")
    job = job_of(put(place, facts_of(), tape))
    assert (job.status, job.exit_code, job.message) == (*ended, "because")
    tape.call(1, Call.SCHEDULE, id="run-1")
    later = job_of(put(place, facts_of("L20261122-bbbb"), tape))
    assert (later.exit_code, later.message) == (
        "STOPPED",
        "interrupted; go on with: xlsx2opeasy resume L20261122-bbbb",
    )


def test_a_job_that_was_reopened_has_not_ended_at_its_former_end(place: Home) -> None:
    tape = Tape()
    tape.draft(1)
    tape.finish("unknown")
    tape.note(JOB, Fact.SETTLED)
    folder = put(place, facts_of(), tape)
    job = job_of(folder)
    assert job.latest is not None
    assert job.latest.end_time == folder.read_journal()[-1].at


def test_a_job_of_an_earlier_version_whose_journal_was_never_begun(place: Home) -> None:
    folder = put(place, facts_of(), Tape())
    folder.journal.unlink()
    (folder.path / JOURNAL_BEGUN).unlink()
    job = job_of(folder)
    assert (job.status, job.exit_code) == ("FAILED", "STOPPED")
    assert not folder.journal.exists()  # looking at it makes nothing
    folder.journal.touch()
    assert job_of(folder).exit_code == "STOPPED"


def test_latest_first_and_a_slice(place: Home) -> None:
    for number in (2, 1, 3):
        created = (BEGAN + timedelta(days=number)).isoformat(timespec="milliseconds")
        put(place, facts_of(f"L20261122-aaa{number}", created=created), whole())
    assert [str(job.id)[-1] for job in list_jobs(place)] == ["3", "2", "1"]
    assert [str(job.id)[-1] for job in list_jobs(place, start=1, most=1)] == ["2"]
    assert list_jobs(Home(place.path / "nowhere")) == []


# -- who works on a job -----------------------------------------------------------------------------------


def test_a_job_is_running_while_somebody_works_on_it(place: Home) -> None:
    tape = Tape()
    tape.draft(1)
    folder = put(place, facts_of(), tape)
    code = (
        "import sys; from pathlib import Path; from xlsx2opeasy.load.job.home import JobFolder;"
        "\nwith JobFolder(Path(sys.argv[1])).working(): print('held', flush=True); sys.stdin.read()"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", code, str(folder.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout is not None
        holder.stdout.readline()
        job = job_of(folder)
        assert (job.status, job.exit_code, job.message) == ("STARTED", "UNKNOWN", "")
        assert not job.ended
        assert job.latest is not None
        assert job.latest.end_time is None
        with pytest.raises(LoadRefused), folder.working():
            pass
    finally:
        holder.kill()
        holder.communicate()
    assert not folder.is_worked_on()
    assert job_of(folder).exit_code == "STOPPED"
    with folder.working():
        pass
