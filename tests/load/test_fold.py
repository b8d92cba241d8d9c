"""What a journal's records say of a phase where no whole load shows it: also one of an earlier version."""

from typing import Any

from xlsx2opeasy.load.job.fold import fold
from xlsx2opeasy.load.job.journal import INTENT, NOTE, OUTCOME, Call, Fact, Record
from xlsx2opeasy.load.job.state import PhaseState

AT = "2026-11-22T09:00:00.000+00:00"


def folded(*told: tuple[str, str, dict[str, Any]]) -> PhaseState:
    """The state of a phase after these records; an outcome answers the record before it."""
    records = [
        Record(number, AT, kind, 1, call, number - 1 if kind == OUTCOME else None, detail)
        for number, (kind, call, detail) in enumerate(told, 1)
    ]
    return fold(records).phase(1)


STARTED = (
    (INTENT, Call.CREATE, {"file": "a.json"}),
    (OUTCOME, Call.CREATE, {"verdict": "APPLIED", "id": "o1"}),
    (INTENT, Call.SCHEDULE, {"id": "o1"}),
)


def test_a_draft_that_was_not_started_after_all_is_not_to_be_gone_on_with() -> None:
    none = folded(*STARTED, (NOTE, Fact.SETTLED, {"scheduled_id": None}))
    assert (none.scheduled_id, none.stale, none.schedule_in_doubt) == (None, True, None)
    found = folded(*STARTED, (NOTE, Fact.SETTLED, {"scheduled_id": "s1"}))
    assert (found.scheduled_id, found.stale, found.schedule_in_doubt) == ("s1", False, None)
    assert not folded((NOTE, Fact.SETTLED, {"scheduled_id": None})).stale


def test_how_many_results_say_what_is_empty_where_an_earlier_version_saved_them() -> None:
    saved = folded(*STARTED, (NOTE, Fact.RESULTS_SAVED, {}))
    assert (saved.results_saved, saved.results) == (True, {})
    assert folded((NOTE, Fact.RESULTS_SAVED, {"rows": {"SUCCESS": 3}})).results == {"SUCCESS": 3}


def test_what_is_deleted_is_not_deleted_again() -> None:
    deleted = folded(
        *STARTED,
        (OUTCOME, Call.SCHEDULE, {"verdict": "APPLIED", "id": "s1"}),
        (INTENT, Call.DELETE_SCHEDULED, {"id": "s1"}),
        (OUTCOME, Call.DELETE_SCHEDULED, {"verdict": "APPLIED"}),
        (INTENT, Call.DELETE_OPERATION, {"id": "o1"}),
        (OUTCOME, Call.DELETE_OPERATION, {"verdict": "APPLIED"}),
    )
    assert (deleted.scheduled_deleted, deleted.operation_deleted, deleted.known_drafts) == (True, True, [])
