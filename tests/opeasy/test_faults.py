"""What goes wrong between client and server, by its number in the fault matrix, over real sockets."""

import os
import socket
import threading
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from xlsx2opeasy.errors import AccessDenied, Interrupted, ServiceFailed, UsageError
from xlsx2opeasy.http.retry import RetryPolicy
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.errors import CallDenied, CallError, CallFailed, CallRedirected, Classification
from xlsx2opeasy.opeasy.exchange import Timeouts
from xlsx2opeasy.opeasy.models import Deletion
from xlsx2opeasy.spec.catalogue import BY_NAME

from .conftest import SkippingClock
from .wire import TOKEN, Handler, Wire, cut, drip, encode, hang, login, raw, reply

NOT_SENT, REJECTED, UNKNOWN = Classification.NOT_SENT, Classification.REJECTED, Classification.UNKNOWN

OPERATION = {"id": "o1", "enterpriseId": "acme", "tasks": {"Users": {"size": 1}}}
RUN = {"scheduledOperation": {"id": "s1", "status": "pending", "operation": {"id": "o1"}}}
GOOD = {
    "create": encode(201, OPERATION),
    "append": encode(200, OPERATION),
    "schedule": encode(202, RUN),
    "get": encode(200, OPERATION),
    "delete": encode(204),
}
PLACES = {
    "create": ("POST", "/v1/operations"),
    "append": ("PATCH", "/v1/operations/o1"),
    "schedule": ("POST", "/v1/scheduledoperations"),
    "get": ("GET", "/v1/operations/o1"),
    "delete": ("DELETE", "/v1/operations/o1"),
}
MUTATIONS = ("create", "append", "schedule")
REPEATABLE = ("get", "delete")


class Bench:
    """The five calls by their names."""

    def __init__(self, wire: Wire, client: OpEasyClient, chunk: Path) -> None:
        self.wire = wire
        self._calls: dict[str, Callable[[], Any]] = {
            "create": lambda: client.create_operation(chunk, request_id="req-1"),
            "append": lambda: client.append_tasks("o1", chunk, request_id="req-1"),
            "schedule": lambda: client.schedule("o1", request_id="req-1"),
            "get": lambda: client.get_operation("o1"),
            "delete": lambda: client.delete_operation("o1", request_id="req-1"),
        }

    def answers(self, name: str, *handlers: Handler) -> None:
        self.wire.on(*PLACES[name], *handlers)

    def call(self, name: str) -> Any:
        return self._calls[name]()

    def fails(self, name: str) -> CallError:
        with pytest.raises(CallError) as caught:
            self.call(name)
        return caught.value

    def sent(self, name: str) -> int:
        return len(self.wire.sent(*PLACES[name]))


@pytest.fixture
def bench(wire: Wire, client: OpEasyClient, chunk: Path) -> Bench:
    return Bench(wire, client, chunk)


def good(name: str) -> Handler:
    return raw(GOOD[name])


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.mark.parametrize("name", PLACES)
def test_f22_a_refused_connection_is_not_sent_and_tried_eight_times(
    bench: Bench, client: OpEasyClient, clock: SkippingClock, name: str
) -> None:
    client.authenticate()
    bench.wire.stop()
    error = bench.fails(name)
    assert error.classification is NOT_SENT
    assert PLACES[name][0] in error.message
    assert error.exit_code == 5
    assert clock.pauses == [1, 2, 4, 8, 16, 32, 60]


def test_f22_an_unknown_host_is_not_sent(connect: Callable[..., OpEasyClient]) -> None:
    client = connect("https://nobody.invalid")
    with pytest.raises(ServiceFailed) as caught:
        client.schedule("o1")
    assert isinstance(caught.value, CallFailed)
    assert caught.value.classification is NOT_SENT


@pytest.mark.parametrize("name", MUTATIONS)
def test_f25_a_reset_while_the_body_is_sent_is_unknown_and_not_repeated(bench: Bench, name: str) -> None:
    bench.wire.break_early = lambda first: not first.startswith("POST /v1/authsessions")
    error = bench.fails(name)
    assert error.classification is UNKNOWN
    assert bench.wire.connections == 2


@pytest.mark.parametrize("name", MUTATIONS)
@pytest.mark.parametrize("broken", [cut(), cut(reset=True), hang()], ids=["closed", "reset", "silent"])
def test_f26_f27_f29_no_answer_to_a_mutation_is_unknown_and_sent_once(
    bench: Bench, clock: SkippingClock, name: str, broken: Handler
) -> None:
    bench.answers(name, broken)
    error = bench.fails(name)
    assert (error.classification, error.http_status, error.request_id) == (UNKNOWN, None, "req-1")
    assert bench.sent(name) == 1
    assert clock.pauses == []


NOT_AN_ANSWER = {
    "html": encode(
        200, b"<html><title>Log in to the hotel's network</title></html>", Content_Type="text/html"
    ),
    "cut json": encode(200, b'{"id": "o1", "tasks": {"Us'),
    "no id": encode(200, {"tasks": {}, "scheduledOperation": {"status": "pending"}}),
    "empty": encode(200),
    "a list": encode(200, []),
    "two values": encode(200, GOOD["create"][-10:]),
    "a key twice": encode(200, b'{"id": "o1", "id": "o1", "tasks": {}}'),
    "not a number": encode(200, b'{"id": "o1", "tasks": {"Users": {"size": NaN}}}'),
    "no size": encode(200, b'{"id": "o1", "tasks": {"Users": {}}}'),
    "negative size": encode(200, b'{"id": "o1", "tasks": {"Users": {"size": -1}}}'),
    "deep": encode(200, b'{"id": "o1", "tasks": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    "not utf-8": encode(200, b'{"id": "o\xff1", "tasks": {}}'),
    "no http": b"220 mail.example.com ESMTP\r\n",
}


@pytest.mark.parametrize("name", MUTATIONS)
@pytest.mark.parametrize("what", NOT_AN_ANSWER)
def test_f30_a_2xx_that_says_not_what_it_should_is_unknown(bench: Bench, name: str, what: str) -> None:
    bench.answers(name, raw(NOT_AN_ANSWER[what]))
    assert bench.fails(name).classification is UNKNOWN
    assert bench.sent(name) == 1


@pytest.mark.parametrize("name", REPEATABLE)
def test_f30_a_page_of_html_is_no_deletion_and_no_answer_and_is_asked_again(bench: Bench, name: str) -> None:
    html = reply(200, b"<html></html>", Content_Type="text/html")
    bench.answers(name, html, html, good(name))
    bench.call(name)
    assert bench.sent(name) == 3


@pytest.mark.parametrize("name", MUTATIONS)
def test_f30_an_answer_cut_short_of_its_length_is_unknown(bench: Bench, name: str) -> None:
    bench.answers(name, cut(GOOD[name][:-4]))
    assert bench.fails(name).classification is UNKNOWN


@pytest.mark.parametrize("name", ["append", "schedule", "get"])
def test_f30_an_answer_about_something_else_is_no_answer(bench: Bench, name: str) -> None:
    other = {"scheduledOperation": {"id": "s9", "status": "pending", "operation": {"id": "o9"}}} | OPERATION
    bench.answers(name, reply(200, other | {"id": "o9"}))
    error = bench.fails(name)
    assert error.classification is UNKNOWN
    assert error.evidence_id == {"schedule": "s9"}.get(name)


def test_f31_a_dripping_answer_ends_at_the_deadline(bench: Bench) -> None:
    bench.answers("create", drip(GOOD["create"], 0.5))
    slow = b"HTTP/1.1 202 Accepted\r\nX-Slow: " + b"x" * 1000
    bench.answers("schedule", drip(slow, 0.2))
    for name in ("create", "schedule"):
        started = time.monotonic()
        assert bench.fails(name).classification is UNKNOWN
        assert time.monotonic() - started < 40, "the whole answers take longer"


def test_f31_a_server_that_does_not_read_the_upload_ends_at_the_write_timeout(
    bench: Bench, chunk: Path
) -> None:
    given_up = threading.Event()

    def stall(first: str) -> bool:
        if first.startswith("PATCH"):
            given_up.wait(120)
        return first.startswith("PATCH")

    chunk.write_bytes(b" " * 50_000_000)
    bench.wire.break_early = stall
    started = time.monotonic()
    assert bench.fails("append").classification is UNKNOWN
    given_up.set()
    assert time.monotonic() - started < 100, "it waited until the server read"


def test_two_answers_to_one_request_are_never_taken_for_the_next_one(bench: Bench) -> None:
    """F32 and F33 on the way back: each request has a connection of its own."""
    bench.answers("get", raw(GOOD["get"] * 2))
    bench.answers("delete", reply(400, {"message": "still scheduled"}))
    bench.call("get")
    assert bench.fails("delete").http_status == 400


@pytest.mark.parametrize("status", [400, 401, 403])
def test_f34_a_refused_login_is_tried_once_whoever_asks(bench: Bench, status: int) -> None:
    bench.wire.on("POST", "/v1/authsessions", reply(status, {"message": "no"}))
    for name in ("create", "get", "delete"):
        error = bench.fails(name)
        assert isinstance(error, AccessDenied)
        assert error.exit_code == 4
        assert error.classification is REJECTED
    assert len(bench.wire.requests) == 1


@pytest.mark.parametrize("name", PLACES)
def test_f35_an_expired_token_is_renewed_once_and_the_same_bytes_go_again(bench: Bench, name: str) -> None:
    bench.wire.on("POST", "/v1/authsessions", login("first"), login("second"))
    bench.answers(name, reply(401, {"message": "expired"}), good(name))
    bench.call(name)
    before, after = bench.wire.sent(*PLACES[name])
    assert (before.headers["authorization"], after.headers["authorization"]) == ("first", "second")
    assert before.raw.replace(b"first", b"second") == after.raw


@pytest.mark.parametrize("name", PLACES)
def test_f36_a_fresh_token_that_is_refused_too_stops(bench: Bench, name: str) -> None:
    bench.answers(name, reply(401, {"errorCode": "401", "message": "no"}))
    error = bench.fails(name)
    assert isinstance(error, CallDenied)
    assert (error.classification, error.exit_code) == (REJECTED, 4)
    assert bench.sent(name) == 2


@pytest.mark.parametrize("name", PLACES)
def test_f38_forbidden_names_the_call_and_the_enterprise(bench: Bench, name: str) -> None:
    bench.answers(name, reply(403))
    error = bench.fails(name)
    assert isinstance(error, AccessDenied)
    assert PLACES[name][0] in error.message
    assert "'acme'" in error.hint
    assert bench.sent(name) == 1


@pytest.mark.parametrize("name", ["append", "schedule", "get"])
def test_f39_f40_not_found_is_told_at_once(bench: Bench, name: str) -> None:
    bench.answers(name, reply(404, {"errorCode": "404", "message": "Operation not found"}))
    error = bench.fails(name)
    assert (error.classification, error.http_status) == (REJECTED, 404)
    assert bench.sent(name) == 1


@pytest.mark.parametrize("name", MUTATIONS)
@pytest.mark.parametrize("status", [400, 404, 405, 406, 408, 409, 411, 413, 415, 422, 425])
def test_f41_f42_f43_a_refusal_was_not_applied_and_says_why(bench: Bench, name: str, status: int) -> None:
    told = {
        "errorCode": str(status),
        "message": "High level",
        "generalError": {"message": "This\x1b[31m and that", "originalInput": "o1"},
    }
    bench.answers(name, reply(status, told))
    error = bench.fails(name)
    assert (error.classification, error.http_status, error.exit_code) == (REJECTED, status, 5)
    assert error.failure.server.message == "This [31m and that"
    assert error.failure.server.original_input == "o1"
    assert "This [31m and that" in error.message
    assert bench.sent(name) == 1


def test_a_validation_error_names_the_field(bench: Bench) -> None:
    inner = {"fieldName": "url", "message": "must be https", "originalInput": "http://a.example"}
    bench.answers("create", reply(400, {"errorCode": 400, "message": "bad", "validationError": inner}))
    words = bench.fails("create").failure.server
    assert (words.code, words.field, words.original_input) == ("400", "url", "http://a.example")


@pytest.mark.parametrize("body", [b"<html>Bad gateway", b"", b"[1]", b'{"message": {"a": 1}}', b"\xff"])
def test_an_error_body_that_is_unreadable_is_no_reason_to_crash(bench: Bench, body: bytes) -> None:
    bench.answers("create", reply(400, body))
    assert (
        bench.fails("create").message
        == "the server refused the request: Bad Request (POST /v1/operations, 400)"
    )


@pytest.mark.parametrize(("status", "tries"), [(413, 1), (401, 2)])
def test_f42_a_refusal_that_comes_before_the_body_was_read_is_understood(
    bench: Bench, chunk: Path, status: int, tries: int
) -> None:
    chunk.write_bytes(b" " * 20_000_000)
    bench.wire.refuse_early = lambda first: encode(status) if first.startswith("PATCH") else None
    error = bench.fails("append")
    assert (error.classification, error.http_status) == (REJECTED, status)
    assert bench.wire.connections == tries + len(bench.wire.sent("POST", "/v1/authsessions"))


def test_a_chunk_that_changes_while_it_is_sent_is_unknown(
    bench: Bench, chunk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.open

    def growing(path: Path, *args: Any, **options: Any) -> Any:
        file = real(path, *args, **options)
        size = os.fstat(file.fileno()).st_size
        monkeypatch.setattr("httpx._multipart.peek_filelike_length", lambda _: size + 10)
        return file

    monkeypatch.setattr(Path, "open", growing)
    assert bench.fails("append").classification is UNKNOWN


@pytest.mark.parametrize("name", PLACES)
@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({"Retry_After": "3"}, 3.3),
        ({"Retry_After": "1.5"}, 1.65),
        ({"Retry_After": "Sun, 22 Nov 2026 10:00:10 GMT", "Date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 11.0),
        ({"Retry_After": "Sun, 22 Nov 2026 10:00:10 GMT"}, 1.0),
        ({"Retry_After": "Sun, 22 Nov 2026 09:00:00 GMT", "Date": "Sun, 22 Nov 2026 10:00:00 GMT"}, 1.0),
        ({"Retry_After": "soon"}, 1.0),
        ({"Retry_After": "-5"}, 1.0),
        ({"Retry_After": "1e9"}, 1.0),
        ({}, 1.0),
    ],
)
def test_f44_too_many_requests_waits_as_it_is_told_and_sends_again(
    bench: Bench, clock: SkippingClock, name: str, header: dict[str, str], seconds: float
) -> None:
    bench.answers(name, reply(429, **header), good(name))
    bench.call(name)
    assert clock.pauses == pytest.approx([seconds])
    assert bench.sent(name) == 2


@pytest.mark.parametrize(
    ("seconds", "words"), [("901", "14:15"), ("864000", "2026-12-02 14:00"), ("999999999", "20")]
)
def test_f44_a_pause_that_is_too_long_stops_and_says_when_to_resume(
    bench: Bench, clock: SkippingClock, seconds: str, words: str
) -> None:
    bench.answers("schedule", reply(429, Retry_After=seconds))
    error = bench.fails("schedule")
    assert (error.classification, error.http_status, error.exit_code) == (REJECTED, 429, 5)
    assert f"resume after {words}" in error.hint
    assert clock.pauses == []
    assert clock.wall() == datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
def test_f45_a_server_error_on_reading_is_asked_again(
    bench: Bench, clock: SkippingClock, status: int
) -> None:
    bench.answers("get", reply(status), reply(status), good("get"))
    assert bench.call("get").id == "o1"
    assert clock.pauses == [1, 2]


@pytest.mark.parametrize("status", [500, 502, 503, 504, 418])
@pytest.mark.parametrize("name", MUTATIONS)
def test_f46_a_server_error_on_a_mutation_is_unknown(bench: Bench, name: str, status: int) -> None:
    bench.answers(name, reply(status, {"errorCode": "503", "message": "Unavailable"}, Retry_After="1"))
    error = bench.fails(name)
    assert (error.classification, error.http_status) == (UNKNOWN, status)
    assert bench.sent(name) == 1


@pytest.mark.parametrize("broken", [reply(503), cut(), cut(reset=True)], ids=["503", "closed", "reset"])
def test_f47_a_delete_in_doubt_is_repeated_until_it_is_gone(bench: Bench, broken: Handler) -> None:
    bench.answers("delete", broken, reply(404))
    assert bench.call("delete") is Deletion.GONE_AFTER_RETRY
    bench.answers("delete", broken, broken, good("delete"))
    assert bench.call("delete") is Deletion.DELETED
    bench.answers("delete", reply(404))
    assert bench.call("delete") is Deletion.NOT_FOUND


def test_f47_a_delete_that_never_got_an_answer_stays_unknown(bench: Bench) -> None:
    bench.answers("delete", reply(503), reply(429))
    error = bench.fails("delete")
    assert error.classification is UNKNOWN
    assert error.failure.after_unanswered
    assert bench.sent("delete") == 8


def test_f65_a_refused_delete_is_definite(bench: Bench) -> None:
    bench.answers("delete", reply(503), reply(400, {"message": "A Scheduled Operation still exists"}))
    error = bench.fails("delete")
    assert (error.classification, error.http_status) == (REJECTED, 400)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("name", PLACES)
def test_f48_a_redirect_is_not_followed(bench: Bench, name: str, status: int) -> None:
    with Wire() as elsewhere:
        bench.answers(name, reply(status, Location=f"{elsewhere.url}/v1/operations/o1"))
        error = bench.fails(name)
        assert elsewhere.connections == 0
    assert isinstance(error, CallRedirected)
    assert isinstance(error, UsageError)
    began = name == "schedule" and status <= 303  # it may say where the run is
    assert (error.classification, error.exit_code) == (UNKNOWN if began else REJECTED, 2)
    assert "redirect" in error.hint
    assert bench.sent(name) == 1


def test_f48_a_redirected_login_is_not_followed_and_the_key_stays_here(bench: Bench) -> None:
    with Wire() as elsewhere:
        bench.wire.on("POST", "/v1/authsessions", reply(307, Location=f"{elsewhere.url}/v1/authsessions"))
        assert isinstance(bench.fails("get"), UsageError)
        assert elsewhere.connections == 0
    assert len(bench.wire.requests) == 1


def test_f49_a_server_that_goes_down_uses_the_runs_budget_up(
    wire: Wire, client: OpEasyClient, clock: SkippingClock
) -> None:
    client.authenticate()
    wire.stop()
    tries = []
    for _ in range(8):
        with pytest.raises(CallFailed):
            client.get_operation("o1")
        tries.append(len(clock.pauses))
    assert tries == [7, 14, 21, 28, 35, 40, 40, 40]


def test_a_call_is_tried_within_its_time_and_ordered_pauses_do_not_count(
    bench: Bench, connect: Callable[..., OpEasyClient], clock: SkippingClock
) -> None:
    client = connect(bench.wire.url, retries=RetryPolicy(seconds=6))
    bench.answers("get", reply(503), reply(503, Retry_After="100"), reply(503), reply(503))
    with pytest.raises(CallFailed):
        client.get_operation("o1")
    assert clock.pauses == pytest.approx([1, 110, 4])


@pytest.mark.parametrize("broken", [reply(502), hang(), cut(encode(201, {"authSession": {}})[:-2])])
def test_a_login_without_an_answer_is_repeated_and_the_call_was_not_sent(
    bench: Bench, connect: Callable[..., OpEasyClient], chunk: Path, broken: Handler
) -> None:
    bench.wire.on("POST", "/v1/authsessions", broken, login())
    client = connect(bench.wire.url, timeouts=Timeouts(read=0.2, total=0.5))
    bench.answers("create", good("create"))
    client.create_operation(chunk)
    bench.wire.on("POST", "/v1/authsessions", broken)
    with pytest.raises(CallFailed) as caught:
        connect(bench.wire.url, timeouts=Timeouts(read=0.05, total=0.5)).create_operation(chunk)
    assert caught.value.classification is NOT_SENT
    assert bench.sent("create") == 1


@pytest.mark.parametrize(
    ("answer", "evidence"),
    [
        (cut(GOOD["schedule"][:-30]), "s1"),
        (reply(202, b"", Location="/v1/scheduledoperations/s7/status"), "s7"),
        (reply(503, b"", Location="/v1/scheduledoperations/s7/status"), "s7"),
        (reply(202, b'{"scheduledOperation": {"operation": {"id": "o1"}, "id": "s'), None),
        (reply(202, b'{"scheduledOperation": {"operation": {"id": "o1"}, "id": "s8", "st'), "s8"),
        (cut(b"HTTP/1.1 202 Accepted\r\nLocation: /v1/scheduledoperations/s7"), None),
    ],
)
def test_f83_an_id_in_what_did_arrive_is_evidence(
    bench: Bench, answer: Handler, evidence: str | None
) -> None:
    bench.answers("schedule", answer)
    error = bench.fails("schedule")
    assert (error.classification, error.evidence_id) == (UNKNOWN, evidence)


@pytest.mark.parametrize("status", [404, 409])
def test_f63_results_that_are_asked_for_too_early_are_waited_for(
    wire: Wire, client: OpEasyClient, clock: SkippingClock, tmp_path: Path, status: int
) -> None:
    path, users = "/v1/scheduledoperations/s1/results/users", BY_NAME["Users"]
    wire.on("GET", path, reply(status))
    with pytest.raises(CallFailed) as caught:
        client.all_results("s1", users)
    assert caught.value.http_status == status
    assert clock.pauses == []
    early = reply(status)
    page = {"pageNumber": 0, "totalPages": 0, "totalItems": 0, "Users": []}
    wire.on("GET", path, early, early, early, reply(200, page))
    assert client.all_results("s1", users, patient=True) == ()
    assert clock.pauses == [1, 2]


def test_a_wait_can_be_interrupted(bench: Bench, connect: Callable[..., OpEasyClient]) -> None:
    class Impatient(SkippingClock):
        def sleep(self, seconds: float) -> None:
            raise Interrupted("Ctrl-C")

    bench.answers("get", reply(503))
    with pytest.raises(Interrupted):
        connect(bench.wire.url, clock=Impatient()).get_operation("o1")
    assert bench.sent("get") == 1


ECHO = {"message": f"{TOKEN} and canary-api-key-7f3a", "generalError": {"originalInput": TOKEN}}
KEY = {"fieldName": "authSession.apiKey", "message": "canary-xyz is bad", "originalInput": "canary-xyz"}
PASSWORD = {"fieldName": "user.userPassword", "message": "canary-pw is weak", "originalInput": "canary-pw"}


@pytest.mark.parametrize(
    "answer",
    [
        reply(400, ECHO),
        reply(503, ECHO),
        reply(401, {"message": "no", "validationError": KEY}),
        reply(400, {"message": "canary-pw is weak", "validationError": PASSWORD}),
        raw(f"HTTP/1.1 {TOKEN}\r\n\r\n".encode()),
        raw(f"{TOKEN}\r\n\r\n".encode()),
        raw(encode(201, {"id": TOKEN[:6] + "x" * 300})),
        reply(302, Location=f"https://elsewhere.example/{TOKEN}"),
    ],
)
def test_no_secret_shows_in_what_is_told(
    bench: Bench, answer: Handler, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    bench.answers("create", answer)
    error = bench.fails("create")
    bench.wire.on("POST", "/v1/authsessions", answer)
    told = "".join(traceback.format_exception(error)) + error.hint + repr(error) + repr(error.failure)
    assert "canary" not in told + caplog.text


def test_a_token_that_no_header_can_hold_never_shows(bench: Bench) -> None:
    bench.wire.on("POST", "/v1/authsessions", login("canary\r\nX-Evil: 1"))
    error = bench.fails("get")
    assert error.classification is NOT_SENT
    assert "canary" not in "".join(traceback.format_exception(error))
    assert bench.sent("get") == 0
