"""Lists by page and as a file: F54 to F56."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xlsx2opeasy.http.strict_json import MAX_BODY_BYTES
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.errors import CallError, CallFailed, Classification
from xlsx2opeasy.opeasy.models import TaskResult
from xlsx2opeasy.problems import MASK
from xlsx2opeasy.spec.catalogue import BY_NAME

from .conftest import SkippingClock
from .wire import Handler, Request, Wire, cut, encode, raw, reply

USERS = BY_NAME["Users"]
PATH = "/v1/operations/o1/users"
FILE = "application/octet-stream"


def task(number: int) -> dict[str, Any]:
    return {"command": "SuspendUser", "content": {"user": {"userId": f"u{number}@example.com"}}}


def a_page(number: int, pages: int, total: int, items: list[Any], name: str = "Users") -> dict[str, Any]:
    return {"pageSize": 2, "pageNumber": number, "totalPages": pages, "totalItems": total, name: items}


PAGES = [
    a_page(0, 3, 5, [task(0), task(1)]),
    a_page(1, 3, 5, [task(2), task(3)]),
    a_page(2, 3, 5, [task(4)]),
]


def replies(*bodies: Any) -> list[Handler]:
    return [reply(200, body) for body in bodies]


def user_ids(client: OpEasyClient) -> list[str]:
    return [each.content["user"]["userId"] for each in client.tasks("o1", USERS)]


def test_pages_are_asked_for_from_zero_until_the_last(wire: Wire, client: OpEasyClient) -> None:
    wire.on("GET", PATH, *replies(*PAGES))
    assert user_ids(client) == [f"u{number}@example.com" for number in range(5)]
    assert [each.target.partition("?")[2] for each in wire.sent("GET")] == [
        f"pageSize=500&pageNumber={number}" for number in range(3)
    ]


def test_an_empty_list_is_one_page(wire: Wire, client: OpEasyClient) -> None:
    wire.on("GET", PATH, *replies(a_page(0, 0, 0, [])))
    assert user_ids(client) == []
    wire.on("GET", PATH, *replies(a_page(0, 1, 0, [])))
    assert user_ids(client) == []


WRONG_PAGES: dict[str, list[Any]] = {
    "the number is ignored": [PAGES[0], PAGES[0]],
    "the last page is missing": [PAGES[0], PAGES[1], a_page(2, 3, 5, [])],
    "the total changes": [PAGES[0], a_page(1, 3, 6, [task(2), task(3)])],
    "the pages change": [PAGES[0], a_page(1, 4, 5, [task(2), task(3)])],
    "too few": [a_page(0, 1, 2, [task(0)])],
    "too many": [a_page(0, 1, 1, [task(0), task(1)])],
    "none where some were promised": [a_page(0, 0, 3, [])],
    "numbers from one": [a_page(1, 1, 1, [task(0)])],
    "pages without end": [
        a_page(number, 10**9, 10**9, [task(1)] if number < 3 else []) for number in range(4)
    ],
}


@pytest.mark.parametrize("what", WRONG_PAGES)
def test_f55_pages_that_do_not_belong_together_are_an_error(
    wire: Wire, client: OpEasyClient, what: str
) -> None:
    wire.on("GET", PATH, *replies(*WRONG_PAGES[what]))
    with pytest.raises(CallFailed, match="the pages do not belong together"):
        user_ids(client)
    assert len(wire.sent("GET")) == len(WRONG_PAGES[what])


@pytest.mark.parametrize(
    "body",
    [
        {"Users": [task(0)]},
        {"pageNumber": 0, "totalPages": 1, "totalItems": 1, "Others": [task(0)]},
        a_page(0, 1, 1, [7]),
        {**a_page(0, 1, 1, [task(0)]), "users": []},
    ],
)
def test_f55_a_page_without_its_counts_or_its_list_is_asked_for_again_and_then_an_error(
    wire: Wire, client: OpEasyClient, clock: SkippingClock, body: Any
) -> None:
    wire.on("GET", PATH, *replies(body, a_page(0, 1, 1, [task(7)])))
    assert user_ids(client) == ["u7@example.com"]
    wire.on("GET", PATH, *replies(body))
    with pytest.raises(CallFailed, match="cannot be understood"):
        user_ids(client)


def test_an_item_that_is_no_task_is_an_error(wire: Wire, client: OpEasyClient) -> None:
    wire.on("GET", PATH, *replies(a_page(0, 1, 1, [{"content": {}}])))
    with pytest.raises(CallFailed, match="it has no command"):
        user_ids(client)


def test_f55_a_validation_error_that_comes_twice_is_an_error(wire: Wire, client: OpEasyClient) -> None:
    error = {"id": "e1", "validationErrors": ["no"], "task": task(1)}
    wire.on("GET", f"{PATH}/validationerrors", *replies(a_page(0, 2, 2, [error]), a_page(1, 2, 2, [error])))
    with pytest.raises(CallFailed, match="came twice"):
        list(client.validation_errors("o1", USERS))


def test_f54_the_counts_of_an_append_are_told_as_they_came(
    wire: Wire, client: OpEasyClient, chunk: Path
) -> None:
    wire.on("PATCH", "/v1/operations/o1", *replies({"id": "o1", "tasks": {"Users": {"size": 3}}}))
    wire.on("GET", "/v1/operations/o1", *replies({"id": "o1", "tasks": {"Users": {"size": 2}}}))
    assert client.append_tasks("o1", chunk).tasks["Users"].received == 3
    assert client.get_operation("o1").tasks["Users"].received == 2


def by_accept(file: Handler, *paged: Handler) -> Handler:
    left = list(paged)

    def handle(request: Request, sock: Any) -> None:
        as_file = request.headers["accept"] == FILE
        (file if as_file else left.pop(0))(request, sock)

    return handle


def test_a_file_is_asked_for_first(wire: Wire, client: OpEasyClient) -> None:
    content = json.dumps({"Users": [task(0), task(1)]}, indent=1).encode()
    wire.on("GET", PATH, raw(encode(200, content, Content_Type=FILE)))
    found = client.all_tasks("o1", USERS)
    assert [(each.command, each.content) for each in found] == [
        ("SuspendUser", task(number)["content"]) for number in range(2)
    ]
    assert [each.headers["accept"] for each in wire.sent("GET")] == [FILE]


@pytest.mark.parametrize("status", [404, 406, 415])
def test_where_the_file_is_refused_the_pages_are_read(wire: Wire, client: OpEasyClient, status: int) -> None:
    wire.on("GET", PATH, by_accept(reply(status), *replies(*PAGES)))
    assert [each.content for each in client.all_tasks("o1", USERS)] == [task(n)["content"] for n in range(5)]


def test_where_a_page_comes_in_the_place_of_the_file_the_rest_is_read_too(
    wire: Wire, client: OpEasyClient
) -> None:
    wire.on("GET", PATH, by_accept(reply(200, PAGES[0]), *replies(*PAGES)))
    assert len(client.all_tasks("o1", USERS)) == 5


def test_a_page_that_holds_everything_is_the_file(wire: Wire, client: OpEasyClient) -> None:
    wire.on("GET", PATH, by_accept(reply(200, a_page(0, 1, 1, [task(0)]))))
    assert len(client.all_tasks("o1", USERS)) == 1


def test_an_operation_that_is_gone_is_404_after_both_ways(wire: Wire, client: OpEasyClient) -> None:
    wire.on("GET", PATH, reply(404, {"message": "Operation not found"}))
    with pytest.raises(CallFailed, match="Operation not found"):
        client.all_tasks("o1", USERS)


FILE_ANSWER = encode(200, json.dumps({"Users": [task(n) for n in range(50)]}).encode(), Content_Type=FILE)
NO_LENGTH = FILE_ANSWER.replace(b"Content-Length", b"X-Length")


@pytest.mark.parametrize(
    "broken",
    [cut(FILE_ANSWER[:-40]), cut(NO_LENGTH[:-40]), cut(NO_LENGTH[:-1]), raw(NO_LENGTH + b"{}"), reply(503)],
    ids=["short of its length", "cut", "cut at the last brace", "garbage after it", "503"],
)
def test_f56_a_file_that_is_not_complete_is_fetched_again(
    wire: Wire, client: OpEasyClient, broken: Handler
) -> None:
    wire.on("GET", PATH, broken, broken, raw(FILE_ANSWER))
    assert len(client.all_tasks("o1", USERS)) == 50
    assert len(wire.sent("GET")) == 3
    wire.on("GET", PATH, broken)
    with pytest.raises(CallError) as caught:
        client.all_tasks("o1", USERS)
    assert caught.value.classification is Classification.UNKNOWN


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(min_value=0, max_value=len(NO_LENGTH) - 1))
def test_f56_no_cut_anywhere_passes_for_the_whole(
    wire: Wire, connect: Callable[..., OpEasyClient], at: int
) -> None:
    wire.on("GET", PATH, cut(NO_LENGTH[:at]), raw(FILE_ANSWER))
    assert len(connect(wire.url).all_tasks("o1", USERS)) == 50


def nested(depth: int, space: bytes) -> bytes:
    """A task within which so many lists are in one another, written with that space."""
    return b'{"Users":[{"command":"AddUser","content":{"a":%b1%b}}]}' % ((b"[" + space) * depth, b"]" * depth)


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"{", b"[]", b'{"Users": [7]}', b'{"Users": [{}]}', b'{"Other": []}'),
        *(nested(depth, space) for depth in (37, 253, 300, 2000) for space in (b"", b" ")),
    ],
)
@pytest.mark.parametrize("ask", ["all_tasks", "all_results", "all_validation_errors"])
def test_a_file_that_is_no_list_is_no_answer(
    wire: Wire, client: OpEasyClient, content: bytes, ask: str
) -> None:
    for path in (
        PATH,
        "/v1/scheduledoperations/o1/results/users",
        "/v1/operations/o1/validation-errors/users",
    ):
        wire.on("GET", path, raw(encode(200, content, Content_Type=FILE)))
    with pytest.raises(CallError) as caught:
        getattr(client, ask)("o1", USERS)
    assert caught.value.classification is Classification.UNKNOWN


@pytest.mark.parametrize("space", [b"", b" "])
def test_forty_lists_and_objects_may_be_in_one_another(
    wire: Wire, client: OpEasyClient, space: bytes
) -> None:
    wire.on("GET", PATH, raw(encode(200, nested(36, space), Content_Type=FILE)))
    (found,) = client.all_tasks("o1", USERS)
    assert json.dumps(found.content).count("[") == 36


def test_a_list_of_more_than_an_answer_may_have_is_read(wire: Wire, client: OpEasyClient) -> None:
    """Only a file may be so large: a hundred thousand tasks are no attack."""
    content = json.dumps({"Users": [task(0)]}).encode() + b" " * MAX_BODY_BYTES
    wire.on("GET", PATH, raw(encode(200, content, Content_Type=FILE)))
    assert len(client.all_tasks("o1", USERS)) == 1


SENT = [json.dumps(task(number), separators=(",", ":")).encode() for number in range(5)]


def sent() -> list[bytes]:
    return [b",".join(SENT[:3]), b",".join(SENT[3:])]


@pytest.mark.parametrize("form", [b'{"Users":[%b]}', b' {"users" : [ %b ] }\n'])
def test_a_file_of_just_what_was_sent_needs_no_reading(wire: Wire, client: OpEasyClient, form: bytes) -> None:
    wire.on("GET", PATH, raw(encode(200, form % b",".join(SENT), Content_Type=FILE)))
    assert client.tasks_other_than("o1", USERS, sent) is None


@pytest.mark.parametrize(
    "items",
    [
        SENT[:4],
        SENT[:3],
        [],
        [*SENT, SENT[4]],
        [SENT[1], SENT[0], *SENT[2:]],
        [*SENT[:4], SENT[4].replace(b"u4", b"u5")],
        [*SENT[:4], SENT[4].replace(b":", b": ")],
        [*SENT[:4], SENT[4][:-1] + b',"id":"7"}'],
    ],
)
def test_every_other_file_is_read(wire: Wire, client: OpEasyClient, items: list[bytes]) -> None:
    wire.on("GET", PATH, raw(encode(200, b'{"Users":[%b]}' % b",".join(items), Content_Type=FILE)))
    found = client.tasks_other_than("o1", USERS, sent)
    assert found is not None
    assert [each.content for each in found] == [json.loads(each)["content"] for each in items]


def test_what_comes_twice_in_a_file_of_what_was_sent_is_seen(wire: Wire, client: OpEasyClient) -> None:
    twice = b'{"Users":[%b],"Users":[]}' % b",".join(SENT)
    wire.on("GET", PATH, *[raw(encode(200, twice, Content_Type=FILE))] * 9)
    with pytest.raises(CallFailed, match="twice"):
        client.tasks_other_than("o1", USERS, sent)


def test_pages_are_read_where_there_is_no_file_of_what_was_sent(wire: Wire, client: OpEasyClient) -> None:
    wire.on("GET", PATH, by_accept(reply(406), *replies(*PAGES)))
    found = client.tasks_other_than("o1", USERS, sent)
    assert found is not None
    assert len(found) == 5


RESULTS = "/v1/scheduledoperations/s1/results/users"
RUN = [
    ("SuspendUser", json.dumps(task(number)["content"], separators=(",", ":")).encode())
    for number in range(5)
]
_GOOD = b'{"command":"SuspendUser","status":"SUCCESS","content":%b}'
_BAD = (
    b'{"command":"SuspendUser","status":"FAILED","errorCode":"102","errorDescription":"no %b","content":%b}'
)


def results_as_sent() -> list[bytes]:
    return [_BAD % (b"user", content) if at == 3 else _GOOD % content for at, (_, content) in enumerate(RUN)]


def kept(client: OpEasyClient, sent: list[tuple[str, bytes]] = RUN) -> list[tuple[list[TaskResult], bool]]:
    return client.keep_results("s1", USERS, lambda: lambda some, as_sent: (list(some), as_sent), lambda: sent)


def in_file(wire: Wire, items: list[bytes], times: int = 1) -> None:
    file = raw(encode(200, b'{"Users":[%b]}' % b",".join(items), Content_Type=FILE))
    wire.on("GET", RESULTS, *[file] * times)


@pytest.mark.parametrize("order", [["command", "status"], ["status", "command"], ["status", "", "command"]])
def test_results_whose_tasks_are_as_sent_need_no_reading_of_these(
    wire: Wire, client: OpEasyClient, order: list[str]
) -> None:
    members = {"command": b'"command":"SuspendUser"', "status": b'"status":"SUCCESS"'}

    def item(content: bytes) -> bytes:
        return (
            b"{"
            + b",".join(members.get(each, b'"content":' + content) for each in dict.fromkeys([*order, ""]))
            + b"}"
        )

    in_file(wire, [item(content) for _, content in RUN])
    [(results, as_sent)] = kept(client)
    assert as_sent
    assert [(each.command, each.status) for each in results] == [("SuspendUser", "SUCCESS")] * 5


def test_what_is_said_of_a_task_that_is_as_sent_has_its_secrets_masked(
    wire: Wire, client: OpEasyClient
) -> None:
    secret = b'{"user":{"userId":"u1@example.com","userPassword":"Blue-Heron-7"}}'
    in_file(wire, [_BAD % (b"Blue-Heron-7 is too short", secret), _GOOD % secret])
    [(results, as_sent)] = kept(client, [("SuspendUser", secret)] * 2)
    assert as_sent
    assert [each.error_description for each in results] == [f"no {MASK} is too short", ""]


@pytest.mark.parametrize(
    "items",
    [
        results_as_sent()[:4],
        [*results_as_sent(), results_as_sent()[4]],
        [results_as_sent()[1], results_as_sent()[0], *results_as_sent()[2:]],
        [each.replace(b"SuspendUser", b"ResumeUser") for each in results_as_sent()],
        [each.replace(b"u4@", b"u5@") for each in results_as_sent()],
        [each.replace(b":", b": ") for each in results_as_sent()],
        [*results_as_sent()[:4], b'{"command":"SuspendUser","status":"SUCCESS"}'],
        [_GOOD % (b'null,"was":{"content":%b}' % content) for _, content in RUN],
        [
            (_GOOD % content).replace(b'"content"', b'"was":{"content" :null},"of\\"content"')
            for _, content in RUN
        ],
        [
            (_GOOD % (b'null,"was":{"content":%b}' % content)).replace(b'"content":n', b'"content" :n')
            for _, content in RUN
        ],
        [*results_as_sent()[:4], _GOOD % b"{}", _GOOD % RUN[4][1]],
        [
            *results_as_sent()[:3],
            (_GOOD % RUN[3][1])[:-1] + b',"also":[{"content":%b}]}' % RUN[4][1],
            _GOOD % b"{}",
        ],
    ],
)
def test_all_other_results_are_read_whole(wire: Wire, client: OpEasyClient, items: list[bytes]) -> None:
    in_file(wire, items, 2)
    found = kept(client)
    assert not any(as_sent for _, as_sent in found)
    assert [each for results, _ in found for each in results] == list(client.all_results("s1", USERS))


@pytest.mark.parametrize(
    "twice", [b'"content":%b,"content":%b', b'"status":"SUCCESS","content":%b,"c\\u006fntent":%b']
)
def test_a_result_that_says_something_twice_is_no_answer(
    wire: Wire, client: OpEasyClient, twice: bytes
) -> None:
    items = [
        b'{"command":"SuspendUser","status":"SUCCESS",' + twice % (content, content) + b"}"
        for _, content in RUN
    ]
    in_file(wire, items, 9)
    with pytest.raises(CallFailed, match="cannot be understood"):
        kept(client)


_PIECES = st.sampled_from(
    [
        *results_as_sent(),
        _GOOD % b"{}",
        *[
            b'{"status":"FAILED","x":"\\"content\\":%b' % b'{}","command":"SuspendUser","content":%b}' % each
            for _, each in RUN[:2]
        ],
        *[b'{"command":"SuspendUser","status":"SUCCESS","y":[{"content":%b}]}' % each for _, each in RUN[:2]],
        *[(_GOOD % each)[:-1] + b',"content":%b}' % each for _, each in RUN[:2]],
    ]
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(items=st.lists(_PIECES, max_size=7), tasks=st.lists(st.sampled_from(RUN), max_size=7))
def test_results_are_those_of_the_file_however_they_are_read(
    wire: Wire, client: OpEasyClient, items: list[bytes], tasks: list[tuple[str, bytes]]
) -> None:
    in_file(wire, items, 99)
    try:
        whole = list(client.all_results("s1", USERS))
    except CallError:
        with pytest.raises(CallError):
            kept(client, tasks)
        return
    results: list[TaskResult] = []
    for some, as_sent in kept(client, tasks):
        contents = [json.loads(content) for _, content in tasks[len(results) :]]
        whole_ones = [replace(each, content=of) for each, of in zip(some, contents, strict=False)]
        results += whole_ones if as_sent else some
    assert results == whole
