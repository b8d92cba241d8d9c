"""The client over real sockets: pages, retries, hostile answers, and a token that goes nowhere else."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from foreign.certificate import make_certificate, serving
from opeasy.wire import Handler, Request, Wire, cut, encode, raw, reply
from xlsx2opeasy.errors import AccessDenied, ServiceFailed, UsageError
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.webex import DEFAULT_URL, WebexClient, WebexConnection
from xlsx2opeasy.webex.client import MOST_FRUITLESS_PAGES
from xlsx2opeasy.webex.exchange import POLICY

from .conftest import QuickClock
from .items import EXAMPLE, PATH, TOKEN, jobs


def page(items: list[dict[str, Any]], following: str | None = None) -> Handler:
    """A page, with its next link where there is one."""
    return reply(200, {"items": items}, Link=f'<{following}>; rel="next"' if following else "")


def query(request: Request) -> dict[str, list[str]]:
    return parse_qs(urlsplit(request.target).query)


def ids(listed: Any) -> list[str]:
    return [job.id for job in listed.jobs]


# -- requests and pages -----------------------------------------------------------------------------------


def test_the_request_is_the_page_s(wire: Wire, client: WebexClient) -> None:
    wire.on("GET", PATH, page([EXAMPLE]))
    listed = client.list_jobs(org_id="org/1=", start=3, most=7)
    (request,) = wire.requests
    assert query(request) == {"orgId": ["org/1="], "start": ["3"], "max": ["7"]}
    assert request.headers["authorization"] == f"Bearer {TOKEN}"
    assert request.headers["accept"] == "application/json"
    assert request.headers["user-agent"].startswith("xlsx2opeasy/")
    assert [job.as_json() for job in listed.jobs] == [EXAMPLE]
    assert listed.problem is None


def test_the_defaults_are_the_page_s(wire: Wire, client: WebexClient) -> None:
    wire.on("GET", PATH, page([]))
    assert client.list_jobs().jobs == ()
    assert query(wire.requests[0]) == {"start": ["0"], "max": ["2000"]}


def test_pages_are_followed_also_empty_ones(wire: Wire, client: WebexClient) -> None:
    wire.on("GET", PATH, page(jobs(1, 2), f"{wire.url}/v1/second?orgId=o"))
    wire.on("GET", "/v1/second", page([], "/v1/third"))
    wire.on("GET", "/v1/third", page(jobs(3)))
    listed = client.list_jobs()
    assert ids(listed) == ["job-1", "job-2", "job-3"]
    assert listed.problem is None
    assert [request.target for request in wire.requests[1:]] == ["/v1/second?orgId=o", "/v1/third"]


def test_no_more_than_most_are_listed_and_no_page_is_asked_for_in_vain(
    wire: Wire, client: WebexClient
) -> None:
    wire.on("GET", PATH, page(jobs(1, 2), f"{wire.url}/v1/second"))
    wire.on("GET", "/v1/second", page(jobs(3, 4), "https://evil.example/"))
    listed = client.list_jobs(most=3)
    assert ids(listed) == ["job-1", "job-2", "job-3"]
    assert listed.problem is None
    assert query(wire.requests[0])["max"] == ["3"]


def test_a_page_is_never_asked_for_more_than_the_documented_default(wire: Wire, client: WebexClient) -> None:
    wire.on("GET", PATH, page([]))
    client.list_jobs(most=5000)
    assert query(wire.requests[0])["max"] == ["2000"]


def test_unwanted_jobs_do_not_count(wire: Wire, client: WebexClient) -> None:
    wire.on("GET", PATH, page(jobs(1, 2), f"{wire.url}/v1/second"))
    wire.on("GET", "/v1/second", page(jobs(3, latestExecutionStatus="FAILED")))
    listed = client.list_jobs(most=1, wanted=lambda job: job.status == "FAILED")
    assert ids(listed) == ["job-3"]


def test_a_job_that_was_pushed_to_the_next_page_is_listed_once(wire: Wire, client: WebexClient) -> None:
    wire.on("GET", PATH, page(jobs(1, 2), "/v1/second"))
    wire.on("GET", "/v1/second", page(jobs(2, 3)))
    assert ids(client.list_jobs()) == ["job-1", "job-2", "job-3"]


def test_pages_in_a_circle_end(wire: Wire, client: WebexClient) -> None:
    wire.on("GET", PATH, page(jobs(1), "/v1/second"))
    wire.on("GET", "/v1/second", page(jobs(2), "/v1/third"))
    wire.on("GET", "/v1/third", page(jobs(3), "/v1/second"))
    listed = client.list_jobs()
    assert ids(listed) == ["job-1", "job-2", "job-3"]
    assert isinstance(listed.problem, ServiceFailed)
    assert len(wire.requests) == 3


def test_ever_new_pages_without_new_jobs_end(wire: Wire, client: WebexClient) -> None:
    asked = 0

    def another(request: Request, sock: Any) -> None:
        nonlocal asked
        asked += 1
        page(jobs(1), f"{wire.url}{PATH}?page={asked}")(request, sock)

    wire.on("GET", PATH, another)
    listed = client.list_jobs()
    assert ids(listed) == ["job-1"]
    assert isinstance(listed.problem, ServiceFailed)
    assert asked == MOST_FRUITLESS_PAGES + 1


def test_a_next_link_to_another_origin_is_not_followed(wire: Wire, client: WebexClient) -> None:
    with Wire() as other:
        other.on("GET", PATH, page(jobs(9)))
        wire.on("GET", PATH, page(jobs(1), f"{other.url}{PATH}?start=1"))
        listed = client.list_jobs()
        assert other.connections == 0
    assert ids(listed) == ["job-1"]
    assert isinstance(listed.problem, ServiceFailed)
    assert listed.problem.exit_code == 5
    assert "another server" in listed.problem.message


# -- answers that are no list -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "kind", "hint"),
    [
        (400, ServiceFailed, "--org-id"),
        (401, AccessDenied, "WEBEX_ACCESS_TOKEN"),
        (403, AccessDenied, "spark-admin:telephony_config_read"),
        (404, ServiceFailed, "WEBEX_URL"),
        (405, ServiceFailed, ""),
        (409, ServiceFailed, ""),
        (410, ServiceFailed, ""),
        (415, ServiceFailed, ""),
        (428, ServiceFailed, ""),
        (302, UsageError, "WEBEX_URL"),
        (307, UsageError, "WEBEX_URL"),
        (201, ServiceFailed, ""),
        (599, ServiceFailed, ""),
    ],
)
def test_what_cannot_pass_is_told_at_once(
    wire: Wire, client: WebexClient, clock: QuickClock, status: int, kind: type[Exception], hint: str
) -> None:
    body = {"message": "Said the server", "errors": [{"description": "In detail"}], "trackingId": "T-1"}
    wire.on("GET", PATH, reply(status, body, Location="https://evil.example/"))
    problem = client.list_jobs().problem
    assert type(problem) is kind
    assert problem is not None
    assert "Said the server; In detail; trackingId T-1" in problem.message
    assert str(status) in problem.message
    assert hint in problem.hint
    assert len(wire.requests) == 1
    assert clock.slept == []


def test_the_other_shape_of_an_error_is_understood(wire: Wire, client: WebexClient) -> None:
    error = {"error": [{"key": "403", "message": [{"description": "No rights", "code": None}]}]}
    wire.on("GET", PATH, reply(403, error))
    problem = client.list_jobs().problem
    assert problem is not None
    assert "No rights" in problem.message


@pytest.mark.parametrize("status", [408, 423, 425, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(
    wire: Wire, client: WebexClient, clock: QuickClock, status: int
) -> None:
    wire.on("GET", PATH, reply(status), reply(status), page(jobs(1)))
    assert ids(client.list_jobs()) == ["job-1"]
    assert len(clock.slept) == 2


def test_a_server_that_keeps_failing_is_given_up(wire: Wire, client: WebexClient, clock: QuickClock) -> None:
    wire.on("GET", PATH, reply(504))
    problem = client.list_jobs().problem
    assert isinstance(problem, ServiceFailed)
    assert "--max" in problem.hint
    assert len(wire.requests) == POLICY.tries
    assert sum(clock.slept) <= POLICY.seconds


def test_a_failure_in_the_middle_leaves_the_jobs_so_far(wire: Wire, client: WebexClient) -> None:
    wire.on("GET", PATH, page(jobs(1), "/v1/second"))
    wire.on("GET", "/v1/second", reply(502))
    listed = client.list_jobs()
    assert ids(listed) == ["job-1"]
    assert isinstance(listed.problem, ServiceFailed)
    assert len(wire.sent("GET", PATH)) == 1  # the first page is not fetched again


DATE = "Sun, 22 Nov 2026 12:00:00 GMT"


@pytest.mark.parametrize(
    ("value", "date", "least", "longest"),
    [
        ("7", "", 7, 7.7),
        ("1.5", "", 1.5, 1.65),
        ("0", "", 0, 0),
        ("Sun, 22 Nov 2026 12:00:09 GMT", DATE, 9, 9.9),
        ("Sun, 22 Nov 2026 11:00:00 GMT", DATE, 0, 1),
        ("Sun, 22 Nov 2026 12:00:09 GMT", "", 0, 1),
        ("soon", "", 0, 1),
        ("-5", "", 0, 1),
        ("NaN", "", 0, 1),
        ("", "", 0, 1),
    ],
)
def test_retry_after_in_all_its_forms(
    wire: Wire, client: WebexClient, clock: QuickClock, value: str, date: str, least: float, longest: float
) -> None:
    wire.on("GET", PATH, reply(429, Retry_After=value, Date=date), page(jobs(1)))
    assert ids(client.list_jobs()) == ["job-1"]
    (slept,) = clock.slept
    assert least <= slept <= longest


@pytest.mark.parametrize("value", ["121", "99999999"])
def test_an_absurd_pause_is_not_sat_through(
    wire: Wire, client: WebexClient, clock: QuickClock, value: str
) -> None:
    wire.on("GET", PATH, reply(429, Retry_After=value))
    problem = client.list_jobs().problem
    assert isinstance(problem, ServiceFailed)
    assert "try again after" in problem.hint
    assert clock.slept == []


def test_ordered_pauses_are_bounded_in_all(wire: Wire, client: WebexClient, clock: QuickClock) -> None:
    wire.on("GET", PATH, reply(429, Retry_After="100"))
    assert isinstance(client.list_jobs().problem, ServiceFailed)
    assert sum(clock.slept) <= POLICY.seconds


# -- hostile answers --------------------------------------------------------------------------------------

WHOLE = encode(200, {"items": jobs(1)})


@pytest.mark.parametrize(
    "broken",
    [
        cut(WHOLE[:-20]),
        cut(),
        cut(reset=True),
        cut(b"HTTP/1.1 200 OK\r\n\r\n" + b'{"items": [{"id": "ha'),
        raw(b"this is not HTTP\r\n\r\n"),
        reply(200, b"<html>Please sign in</html>"),
        reply(200, b'{"items": [], "items": [{"id": "x"}]}'),
        reply(200, b'{"items": [NaN]}'),
        reply(200, b"[" * 10_000),
        reply(200, b"\xff\xfe"),
        reply(200, b""),
    ],
    ids=lambda handler: "",
)
def test_a_broken_answer_is_asked_for_again_and_never_believed(
    wire: Wire, client: WebexClient, broken: Callable[..., None]
) -> None:
    wire.on("GET", PATH, broken, page(jobs(1)))
    assert ids(client.list_jobs()) == ["job-1"]
    wire.on("GET", PATH, broken)
    listed = client.list_jobs()
    assert listed.jobs == ()
    assert isinstance(listed.problem, ServiceFailed)


@pytest.mark.parametrize("body", [[], {}, {"items": None}, {"items": {}}, {"items": [1]}, "items"])
def test_json_that_is_no_list_is_no_empty_list(wire: Wire, client: WebexClient, body: Any) -> None:
    wire.on("GET", PATH, reply(200, json.dumps(body).encode()))
    assert isinstance(client.list_jobs().problem, ServiceFailed)


def test_nobody_there(wire: Wire, client: WebexClient) -> None:
    wire.stop()
    problem = client.list_jobs().problem
    assert isinstance(problem, ServiceFailed)
    assert "no connection" in problem.message


def test_a_certificate_that_is_not_trusted_is_no_matter_of_trying_again(
    tmp_path: Path, clock: QuickClock
) -> None:
    with Wire(serving(*make_certificate(tmp_path))) as wire:
        connection = WebexConnection(Secret(TOKEN), f"{wire.url}/v1")
        with WebexClient(connection, clock=clock) as client:
            problem = client.list_jobs().problem
        assert isinstance(problem, ServiceFailed)
        assert "certificate" in problem.message
        assert wire.requests == []
        assert clock.slept == []


def test_the_token_shows_in_no_message(wire: Wire, client: WebexClient) -> None:
    body = {"message": f"The token {TOKEN} is bad", "trackingId": TOKEN}
    wire.on("GET", PATH, reply(401, body))
    problem = client.list_jobs().problem
    assert problem is not None
    assert TOKEN not in problem.message + problem.hint + repr(problem)


def test_words_of_the_server_are_one_printable_line(wire: Wire, client: WebexClient) -> None:
    wire.on("GET", PATH, reply(404, {"message": "a\x1b[31m\nb" + "c" * 5000}))
    problem = client.list_jobs().problem
    assert problem is not None
    assert problem.message.isprintable()
    assert len(problem.message) < 1000


# -- the connection ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("url", "base"),
    [
        (DEFAULT_URL, DEFAULT_URL),
        ("https://webexapis.com/v1/", DEFAULT_URL),
        ("https://WebexAPIs.com/v1", DEFAULT_URL),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1"),
        ("https://proxy.example.com/webex/v1", "https://proxy.example.com/webex/v1"),
    ],
)
def test_right_urls(url: str, base: str) -> None:
    assert WebexConnection(Secret(TOKEN), url).base_url == base


@pytest.mark.parametrize(
    "url",
    [
        "https://webexapis.com",
        "http://webexapis.com/v1",
        "https://user:pw@webexapis.com/v1",
        "https://webexapis.com/v1?x=1",
        "ftp://webexapis.com/v1",
        "webexapis.com/v1",
        "https:///v1",
        "",
    ],
)
def test_wrong_urls(url: str) -> None:
    with pytest.raises(UsageError) as raised:
        WebexConnection(Secret(TOKEN), url)
    assert "pw" not in raised.value.message + raised.value.hint


def test_tokens() -> None:
    assert WebexConnection(Secret(f" Bearer {TOKEN}\n")).token.reveal() == TOKEN
    with pytest.raises(AccessDenied):
        WebexConnection(Secret("  "))
    with pytest.raises(UsageError):
        WebexConnection(Secret("two words"))
    with pytest.raises(UsageError):
        WebexConnection(Secret("line\r\nX-Injected: 1"))
    assert TOKEN not in repr(WebexConnection(Secret(TOKEN)))
