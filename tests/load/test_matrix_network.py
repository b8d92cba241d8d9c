"""F22-F49: what the network and the server do to the calls of a load (docs/safety.md), and what is due then."""

from pathlib import Path

import pytest

from foreign.messages import Answer, Cut, Request
from xlsx2opeasy.errors import NeverReached, UsageError
from xlsx2opeasy.load.abandon import abandon
from xlsx2opeasy.load.run.undecided import Settling

from .books import outcomes, read_results, user_book
from .rig import SHORT, Rig, executed, kept_promise, on_call

CREATE, APPEND, SCHEDULE = ("POST", "/operations"), ("PATCH", ""), ("POST", "/scheduledoperations")
HTML = Answer(200, b"<html>Sign in</html>", {"Content-Type": "text/html"})
BAD_GATEWAY = Answer(502, b"<html>Bad Gateway</html>", {"Content-Type": "text/html"})


@pytest.fixture
def book(tmp_path: Path) -> Path:
    return user_book(tmp_path / "five.xlsx", 5)


def test_f22_a_server_that_refuses_connections_leaves_nothing_of_the_load(rig: Rig, book: Path) -> None:
    url = rig.server.url
    rig.server.stop()
    with pytest.raises(NeverReached) as caught:
        rig.load(book)
    assert url in caught.value.hint
    assert caught.value.rows is not None
    assert caught.value.rows["notSent"] == 5
    assert [each.name for each in book.parent.iterdir()] == [book.name]


@pytest.mark.parametrize("answer", [Cut(), Cut(reset=True), BAD_GATEWAY, HTML, Answer(200), Answer(503)])
@pytest.mark.parametrize("applied", [True, False])
def test_f25_f26_f30_f46_a_create_in_doubt_leaves_an_empty_shell_at_the_most(
    rig: Rig, book: Path, answer: Answer | Cut, applied: bool
) -> None:
    hook = on_call(*CREATE, answer)
    if applied:
        rig.server.settings.after = hook
    else:
        rig.server.settings.before = hook
    result = rig.load(book)
    assert (result.status, result.exit_code) == ("completed", 0)
    assert "an empty draft may be left" in rig.notices
    assert len(rig.server.state.operations) == applied
    assert rig.drafts() == []
    kept_promise(rig.server, result)


def test_f26_three_creates_without_an_answer_stop_the_run(rig: Rig, book: Path) -> None:
    rig.server.settings.before = lambda request: Cut() if request.path == "/v1/operations" else None
    result = rig.load(book)
    assert (result.exit_code, rig.server.calls("POST", "/v1/operations")) == (5, 3)
    rig.server.settings.before = lambda request: None
    done = rig.resume(result.job)
    assert done.status == "completed"
    kept_promise(rig.server, done)


def test_f26_a_job_that_is_given_up_tells_which_drafts_may_be_left(rig: Rig, book: Path) -> None:
    rig.server.settings.after = lambda request, _: Cut() if request.path == "/v1/operations" else None
    result = rig.load(book)
    assert [any(each.tasks.values()) for each in rig.server.state.operations.values()] == [False] * 3
    abandon(str(result.job), rig.around())
    names = [
        each.detail["file"] for each in rig.records(result) if (each.kind, each.call) == ("intent", "create")
    ]
    assert len(names) == 3
    for name in names:
        assert f"An empty draft may be left at the server (file {name})." in rig.notices


def test_a_draft_whose_deletion_got_no_answer_is_not_gone_on_with(rig: Rig, book: Path) -> None:
    answers: dict[str, Answer | Cut] = {"PATCH": Answer(409), "DELETE": Cut()}
    rig.server.settings.before = lambda request: answers.get(request.method)
    stopped = rig.load(book)
    assert stopped.exit_code == 5
    rig.server.settings.before = lambda request: None
    done = rig.resume(stopped.job)
    assert done.status == "completed"
    assert "A draft was given up and is built again: it is not to be gone on with." in rig.notices
    kept_promise(rig.server, done)


def test_the_draft_of_a_job_that_is_given_up_is_deleted_and_journalled(rig: Rig, book: Path) -> None:
    rig.server.settings.before = on_call(*SCHEDULE, Answer(403), Answer(403))
    stopped = rig.load(book)
    (draft,) = rig.server.state.operations
    abandon(str(stopped.job), rig.around())
    assert rig.server.state.operations == {}
    deletions = [each for each in rig.records(stopped) if each.kind == "intent" and "delete" in each.call]
    assert [(each.call, each.detail["id"]) for each in deletions] == [("delete-draft", draft)]


@pytest.mark.parametrize("answer", [Cut(), Cut(reset=True), BAD_GATEWAY, HTML, Answer(200, {"id": ""})])
def test_f27_an_append_whose_counts_show_it_is_not_repeated(
    rig: Rig, book: Path, answer: Answer | Cut
) -> None:
    rig.server.settings.after = on_call(*APPEND, answer)
    result = rig.load(book, chunk_tasks=2)
    assert result.status == "completed"
    assert sum(each.method == "PATCH" for each in rig.server.requests) == 3
    kept_promise(rig.server, result)


@pytest.mark.parametrize("answer", [Cut(), Cut(reset=True), BAD_GATEWAY, HTML])
def test_f25_f28_an_append_that_does_not_show_is_fenced_and_a_late_one_meets_404(
    rig: Rig, book: Path, answer: Answer | Cut
) -> None:
    late: list[Request] = []
    delivered: list[int] = []

    def lose(request: Request) -> Answer | Cut | None:
        if request.method == "PATCH" and not late:
            late.append(request)
            return answer
        if request.path == "/v1/scheduledoperations":
            delivered.append(rig.server.apply(late[0]).status)  # a proxy delivers it now
        return None

    rig.server.settings.before = lose
    result = rig.load(book, chunk_tasks=2)
    assert result.status == "completed"
    assert delivered == [404]
    assert rig.server.calls("DELETE", late[0].path) == 1
    assert rig.server.calls("POST", "/v1/operations") == 2
    kept_promise(rig.server, result)


def test_f31_a_dripping_answer_is_in_doubt_like_any_other(rig: Rig, book: Path) -> None:
    rig.timeouts = SHORT
    drip = Answer(200, {"id": "never read to its end"}, seconds_per_byte=0.1)
    rig.server.settings.after = on_call(*APPEND, drip)
    result = rig.load(book)
    assert result.status == "completed"
    kept_promise(rig.server, result)


def test_f32_a_chunk_that_a_proxy_delivers_twice_is_fenced(rig: Rig, book: Path) -> None:
    twice: list[Request] = []

    def deliver_twice(request: Request) -> None:
        if request.method == "PATCH" and not twice:
            twice.append(request)
            rig.server.apply(request)

    rig.server.settings.before = deliver_twice
    result = rig.load(book, chunk_tasks=2)
    assert result.status == "completed"
    assert rig.server.calls("DELETE", twice[0].path) == 1
    kept_promise(rig.server, result)


def test_f32_a_chunk_delivered_twice_before_the_load_was_cut_off_is_fenced(rig: Rig, book: Path) -> None:
    chunk: list[Request] = []

    def deliver_again_and_refuse(request: Request) -> Answer | None:
        if request.method == "PATCH":
            chunk.append(request)
        elif chunk and request.method == "GET":
            rig.server.apply(chunk[0])
            return Answer(403)
        return None

    rig.server.settings.before = deliver_again_and_refuse
    assert rig.load(book).exit_code == 4
    rig.server.settings.before = lambda request: None
    result = rig.resume()
    assert result.status == "completed"
    kept_promise(rig.server, result)


def test_f33_a_create_delivered_twice_leaves_an_empty_shell(rig: Rig, book: Path) -> None:
    rig.server.settings.before = lambda request: (
        rig.server.apply(request) and None if request.path == "/v1/operations" else None
    )
    result = rig.load(book)
    assert result.status == "completed"
    assert rig.drafts() == []
    kept_promise(rig.server, result)


def test_a_start_delivered_twice_is_never_called_not_sent(rig: Rig, book: Path) -> None:
    """The answer of the second delivery is a refusal: it has been scheduled before."""
    rig.server.settings.before = lambda request: (
        rig.server.apply(request) and None if request.path == "/v1/scheduledoperations" else None
    )
    result = rig.load(book)
    assert (result.status, result.exit_code) == ("unknown", 1)
    kept_promise(rig.server, result)


@pytest.mark.parametrize("status", [400, 401, 403])
def test_f34_a_refused_login_is_tried_once(rig: Rig, book: Path, status: int) -> None:
    rig.server.settings.before = on_call("POST", "/authsessions", Answer(status))
    result = rig.load(book)
    assert (result.status, result.exit_code) == ("failed", 4)
    assert rig.server.calls("POST", "/v1/authsessions") == 1
    assert outcomes(Path(result.results or "")) == ["NOT SENT"] * 5
    assert rig.resume(result.job).status == "completed"


@pytest.mark.parametrize("call", [CREATE, APPEND, SCHEDULE, ("GET", "/status"), ("DELETE", "")])
def test_f35_a_token_that_ended_is_renewed_and_nothing_is_done_twice(
    rig: Rig, book: Path, call: tuple[str, str]
) -> None:
    rig.server.settings.before = on_call(*call, Answer(401))
    result = rig.load(book, chunk_tasks=2)
    assert result.status == "completed"
    assert rig.server.calls("POST", "/v1/authsessions") == 2
    assert (rig.server.state.operations, rig.server.state.scheduled) == ({}, {})
    kept_promise(rig.server, result)


def test_f36_f38_a_call_that_stays_forbidden_stops_and_can_be_resumed(rig: Rig, book: Path) -> None:
    for answers in ((Answer(401), Answer(401)), (Answer(403),)):
        rig.server.settings.before = on_call(*APPEND, *answers)
        result = rig.load(book) if answers[0].status == 401 else rig.resume()
        assert (result.status, result.exit_code) == ("failed", 4)
        kept_promise(rig.server, result)
    assert rig.server.settings.enterprise_id in result.message
    assert rig.resume().status == "completed"


def test_f39_a_draft_that_the_server_forgot_is_built_again(rig: Rig, book: Path) -> None:
    def forget(request: Request) -> None:
        if request.method == "PATCH" and rig.server.calls("POST", "/v1/operations") == 1:
            rig.server.state.operations.clear()

    rig.server.settings.before = forget
    result = rig.load(book)
    assert result.status == "completed"
    kept_promise(rig.server, result)


@pytest.mark.parametrize("status", [400, 415, 422])
@pytest.mark.parametrize("call", [CREATE, APPEND])
def test_f41_a_refused_upload_stops_with_the_servers_words(
    rig: Rig, book: Path, call: tuple[str, str], status: int
) -> None:
    words = {"errorCode": str(status), "message": "The moon is not right", "generalError": {"message": "x"}}
    rig.server.settings.before = on_call(*call, Answer(status, words))
    result = rig.load(book)
    assert result.exit_code == 5
    assert "x" in result.message
    assert rig.resume(result.job).status == "completed"
    kept_promise(rig.server, rig.resume(result.job))


def test_f42_chunks_that_are_too_large_are_halved_down_to_one_task(rig: Rig, book: Path) -> None:
    rig.server.settings.body_limit = 450
    result = rig.load(book)
    assert result.status == "completed"
    assert "cut in half" in rig.notices
    kept_promise(rig.server, result)


def test_f42_a_single_task_that_is_too_large_is_said(rig: Rig, book: Path) -> None:
    rig.server.settings.before = lambda request: Answer(413) if request.method == "PATCH" else None
    result = rig.load(book)
    assert result.exit_code == 5
    assert "single task" in result.message
    assert rig.drafts() == []
    kept_promise(rig.server, result)


def test_f43_a_conflict_on_append_is_fenced(rig: Rig, book: Path) -> None:
    rig.server.settings.before = on_call(*APPEND, Answer(409))
    result = rig.load(book)
    assert result.status == "completed"
    assert rig.server.calls("POST", "/v1/operations") == 2
    kept_promise(rig.server, result)


@pytest.mark.parametrize("applied", [True, False])
def test_f43_a_conflict_on_start_is_asked_about(rig: Rig, book: Path, applied: bool) -> None:
    hook = on_call(*SCHEDULE, Answer(409))
    if applied:
        rig.server.settings.after = hook
    else:
        rig.server.settings.before = hook
    result = rig.load(book)
    assert result.status == ("unknown" if applied else "completed")
    kept_promise(rig.server, result)


@pytest.mark.parametrize(
    ("call", "retry_after"),
    [(CREATE, "2"), (APPEND, ""), (APPEND, "soon"), (SCHEDULE, "3"), (SCHEDULE, "-5"), (SCHEDULE, "")],
)
def test_f44_too_many_requests_are_waited_out(
    rig: Rig, book: Path, call: tuple[str, str], retry_after: str
) -> None:
    headers = {"Retry-After": retry_after} if retry_after else {}
    rig.server.settings.before = on_call(*call, Answer(429, None, headers), Answer(429, None, headers))
    result = rig.load(book)
    assert result.status == "completed"
    kept_promise(rig.server, result)


def test_f44_a_pause_of_ten_days_ends_the_run(rig: Rig, book: Path) -> None:
    rig.server.settings.before = on_call(*SCHEDULE, Answer(429, None, {"Retry-After": "864000"}))
    result = rig.load(book)
    assert result.exit_code == 5
    assert "resume after" in result.message
    kept_promise(rig.server, result)
    assert rig.resume(result.job).status == "completed"


def test_f45_errors_on_reading_never_fail_the_load(rig: Rig, book: Path) -> None:
    failed: set[str] = set()

    def fail_once(request: Request) -> Answer | None:
        if request.method == "GET" and request.target not in failed:
            failed.add(request.target)
            return BAD_GATEWAY
        return None

    rig.server.settings.before = fail_once
    result = rig.load(book)
    assert result.status == "completed"
    kept_promise(rig.server, result)


@pytest.mark.parametrize("answer", [Cut(), Cut(reset=True), BAD_GATEWAY, HTML, Answer(503), Answer(200)])
def test_f06_f29_f46_a_start_in_doubt_that_never_came_is_fenced_and_built_again(
    rig: Rig, book: Path, answer: Answer | Cut
) -> None:
    lost: list[Request] = []

    def lose(request: Request) -> Answer | Cut | None:
        if request.path == "/v1/scheduledoperations" and not lost:
            lost.append(request)
            return answer
        return None

    rig.server.settings.before = lose
    result = rig.load(book)
    assert result.status == "completed"
    assert rig.schedules() == 2  # of two operations, the first of which was deleted before
    assert rig.server.apply(lost[0]).status == 404
    kept_promise(rig.server, result)


@pytest.mark.parametrize(
    "answer",
    [
        Cut(),
        Cut(reset=True),
        BAD_GATEWAY,
        HTML,
        Answer(503),
        Answer(202),
        Answer(302),
        Answer(303),
    ],
)
def test_f06_f29_f46_a_start_in_doubt_that_took_effect_is_never_repeated(
    rig: Rig, book: Path, answer: Answer | Cut
) -> None:
    rig.server.settings.after = on_call(*SCHEDULE, answer)
    result = rig.load(book)
    assert (result.status, result.exit_code) == ("unknown", 1)
    assert outcomes(Path(result.results or "")) == ["UNKNOWN"] * 5
    assert rig.schedules() == 1
    assert result.message.startswith("RESULT UNKNOWN")
    again = rig.resume(result.job)
    assert (again.status, again.message, rig.schedules()) == ("unknown", result.message, 1)
    (run,) = rig.server.state.scheduled
    done = rig.resume(result.job, settling=Settling(scheduled_id=run))
    assert (done.status, done.exit_code) == ("completed", 0)
    assert (rig.server.state.operations, rig.server.state.scheduled) == ({}, {})
    kept_promise(rig.server, done)


@pytest.mark.parametrize("status", [302, 303])
def test_a_start_that_is_answered_with_the_place_of_its_run_is_followed_there(
    rig: Rig, book: Path, status: int
) -> None:
    """ "See there" may mean that it began; a redirect of any other call was not applied."""

    def see_there(request: Request, answer: Answer) -> Answer | None:
        if request.path != "/v1/scheduledoperations":
            return None
        (run,) = rig.server.state.scheduled
        return Answer(status, headers={"Location": f"/v1/scheduledoperations/{run}/status"})

    rig.server.settings.after = see_there
    result = rig.load(book)
    assert (result.status, rig.schedules()) == ("completed", 1)
    kept_promise(rig.server, result)


def test_a_cut_answer_that_names_the_run_is_evidence_and_confirmed(rig: Rig, book: Path) -> None:
    """Ladder 0: the id in what did arrive; also F83's seam, an id that somebody else brings."""

    def cut_late(request: Request, answer: Answer) -> Answer | None:
        if request.path != "/v1/scheduledoperations":
            return None
        return Answer(answer.status, answer.body, answer.headers, cut_after=70)

    rig.server.settings.after = cut_late
    result = rig.load(book)
    assert result.status == "completed"
    assert rig.schedules() == 1
    kept_promise(rig.server, result)


def test_evidence_that_names_another_operation_is_not_believed(rig: Rig, book: Path) -> None:
    location = {"Location": "/v1/scheduledoperations/somebody-elses/status"}
    rig.server.settings.after = on_call(*SCHEDULE, Answer(202, b"{", location))
    result = rig.load(book)
    assert result.status == "unknown"
    kept_promise(rig.server, result)


@pytest.mark.parametrize("answer", [BAD_GATEWAY, Cut(), Answer(404)])
def test_f47_deletions_in_doubt_are_repeated_until_it_is_gone(
    rig: Rig, book: Path, answer: Answer | Cut
) -> None:
    rig.server.settings.after = on_call("DELETE", "", answer, answer)
    result = rig.load(book)
    assert result.status == "completed"
    assert (rig.server.state.operations, rig.server.state.scheduled) == ({}, {})


@pytest.mark.parametrize(
    ("call", "status"),
    [(CREATE, 301), (APPEND, 302), (SCHEDULE, 307), (SCHEDULE, 308)],
)
def test_f48_redirects_are_not_followed(rig: Rig, book: Path, call: tuple[str, str], status: int) -> None:
    elsewhere = {"Location": "http://127.0.0.1:9/v1/operations"}
    rig.server.settings.before = on_call(*call, Answer(status, None, elsewhere))
    result = rig.load(book)
    assert result.exit_code == 2
    kept_promise(rig.server, result)
    assert rig.resume(result.job).status == "completed"


def test_f48_a_login_that_is_redirected_leaves_nothing_of_the_load(rig: Rig, book: Path) -> None:
    """The address is another server's: a job would go on there."""
    elsewhere = {"Location": "http://127.0.0.1:9/v1/authsessions"}
    rig.server.settings.before = on_call("POST", "/authsessions", Answer(307, None, elsewhere))
    with pytest.raises(UsageError) as caught:
        rig.load(book)
    assert "redirect" in caught.value.hint
    assert caught.value.rows is not None
    assert caught.value.rows["notSent"] == 5
    assert [each.name for each in book.parent.iterdir()] == [book.name]
    assert list(rig.home.jobs()) == []
    assert rig.load(book).status == "completed"


@pytest.mark.parametrize("calls", range(1, 14, 2))
def test_f49_a_server_that_goes_away_at_any_call_leaves_a_job_that_goes_on(
    rig: Rig, book: Path, calls: int
) -> None:
    rig.server.settings.before = lambda request: Cut() if len(rig.server.requests) > calls else None
    result = rig.load(book, chunk_tasks=2)
    rig.server.settings.before = lambda request: None
    if result.exit_code == 0 and rig.server.state.operations:
        assert "left at the server" in rig.notices
    kept_promise(rig.server, result)
    done = rig.resume(result.job)
    assert done.status == "completed"
    assert executed(rig.server).total() == 5
    assert (rig.drafts(), rig.server.state.scheduled) == ([], {})
    kept_promise(rig.server, done)
    assert {job for *_, job in read_results(Path(done.results or "")).values()} != set()
