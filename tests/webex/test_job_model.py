"""The model of a job: every field of the page and of the three shapes, and nothing lost of what came."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlsx2opeasy.job_model import Job, duration_text, parse_duration, parse_time

from .items import EXAMPLE, JUST_STARTED, NUMBER_MOVE, USER_MOVE

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = [*EXAMPLE, *NUMBER_MOVE, *USER_MOVE, "anythingNew"]


def test_the_page_s_example_is_read_whole() -> None:
    job = Job.from_json(EXAMPLE)
    assert (job.job_type, job.instance_id, job.target, job.location_id) == (
        "calldevicesettings",
        235690,
        "CUSTOMER",
        "",
    )
    assert (job.percentage_complete, job.device_count, job.location_customizations_enabled) == (
        100,
        23,
        False,
    )
    assert job.name is None
    (execution,) = job.executions
    (step,) = execution.steps
    assert execution.id == "236410"
    assert execution.created == datetime(2022, 8, 15, 12, 54, 50, 350_000, UTC)
    assert (step.name, step.elapsed) == ("calldevicesettingsOverrideProcess", timedelta(seconds=11.393))
    assert job.elapsed == timedelta(seconds=11.393)
    assert job.ended
    assert job.succeeded


def test_a_job_that_just_began_has_no_times_and_no_devices() -> None:
    job = Job.from_json(JUST_STARTED)
    assert not job.ended
    assert not job.succeeded
    assert job.device_count is None
    assert job.executions[0].started is None
    assert job.executions[0].steps == ()
    assert job.elapsed == timedelta(0)


def test_moves_are_read_too() -> None:
    numbers, users = Job.from_json(NUMBER_MOVE), Job.from_json(USER_MOVE)
    assert numbers.operation_type == "MOVE"
    assert numbers.counts == NUMBER_MOVE["counts"]
    assert (numbers.source_location_id, numbers.target_location_id) == ("location-1", "location-2")
    assert (users.csv_file, users.file_format) == ("https://example.com/x.csv", "CSV")
    assert users.ended
    assert not users.succeeded
    assert numbers.ended
    assert not numbers.succeeded


@pytest.mark.parametrize(
    ("status", "exit_code", "ended", "succeeded"),
    [
        ("STARTED", "UNKNOWN", False, False),
        ("COMPLETED", "COMPLETED", True, True),
        ("COMPLETED", "COMPLETED_WITH_ERRORS", True, False),
        ("COMPLETED", "COMPLETED_WITH_PENDING_ORDERS", True, False),
        ("FAILED", "STOPPED", True, False),
        ("ABANDONED", None, True, False),
        ("UNKNOWN", "UNKNOWN", False, False),
        ("PAUSED_OR_SO", "UNKNOWN", False, False),
        ("FINISHED_OR_SO", "COMPLETED", True, True),
        ("completed", "completed", True, True),
        (None, None, False, False),
    ],
)
def test_only_the_exit_code_tells_success(
    status: str | None, exit_code: str | None, ended: bool, succeeded: bool
) -> None:
    job = Job.from_json({"latestExecutionStatus": status, "latestExecutionExitCode": exit_code})
    assert (job.ended, job.succeeded) == (ended, succeeded)


@given(st.dictionaries(st.sampled_from(NAMES), ANYTHING))
def test_nothing_is_lost_and_nothing_fails(item: dict[str, object]) -> None:
    job = Job.from_json(item)
    assert job.as_json() == item
    assert job.created is None or job.created.tzinfo is not None
    assert job.elapsed is None or isinstance(job.elapsed, timedelta)
    assert isinstance(job.ended, bool)


def test_the_latest_execution_is_the_one_created_last() -> None:
    executions = [{"id": n, "createdTime": f"2022-08-{n:02}T00:00:00Z"} for n in (3, 9, 5)]
    job = Job.from_json({"jobExecutionStatus": executions})
    assert job.latest is not None
    assert job.latest.id == "9"


@pytest.mark.parametrize("text", ["", "yesterday", None, "2022-13-01T00:00:00Z", "12:00"])
def test_what_is_no_time_is_none(text: str | None) -> None:
    assert parse_time(text) is None


def test_times_are_utc() -> None:
    assert parse_time("2022-08-15T12:00:00+02:00") == datetime(2022, 8, 15, 10, tzinfo=UTC)
    assert parse_time("2022-08-15T12:00:00") == datetime(2022, 8, 15, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("PT11.393S", 11.393),
        ("PT1H2M3S", 3723),
        ("P1DT1S", 86401),
        ("P2W", 1209600),
        ("PT0,5S", 0.5),
        ("-PT1S", -1),
    ],
)
def test_durations(text: str, seconds: float) -> None:
    assert parse_duration(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["P", "PT", "1 hour", "P1Y", "", None, "PT1S and more"])
def test_what_is_no_duration_is_none(text: str | None) -> None:
    assert parse_duration(text) is None


@given(st.integers(min_value=0, max_value=10**12))
def test_durations_come_back(milliseconds: int) -> None:
    duration = timedelta(milliseconds=milliseconds)
    assert parse_duration(duration_text(duration)) == duration
