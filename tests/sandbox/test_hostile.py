"""Bad input gets an error of Appendix VI: never a 500, never a traceback, never half a change."""

import json
from io import BytesIO
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xlsx2opeasy.sandbox.refusals import Refusal
from xlsx2opeasy.sandbox.upload import read_tasks

from .session import ONE_OF_EACH, Session, add_user

BROKEN_JSON = [
    b"",
    b"{",
    b"[]",
    b"nonsense",
    b'{"tasks": {}',
    b'{"tasks": {}} x',
    b'{"tasks": {}}{"tasks": {}}',
    b'{"tasks": {"Users": [{}],}}',
    b'{"tasks": {"Users": [1,]}}',
    b'{"tasks": {"Users": [{"command": "AddUser" "content": {}}]}}',
    b'{"tasks": {}, "tasks": {}}',
    b'{"tasks": {"Users": [], "Users": []}}',
    b'{"tasks": {"Users": [{"command": "a", "command": "b"}]}}',
    b'{"tasks": {"Users": [{"command": "a", "content": {"x": NaN}}]}}',
    b'{"tasks": {"Users": [{"command": "a", "content": {"x": 1e999}}]}}',
    b'{"tasks": {"Users": [{"command": "a", "content": {"x": ' + b"9" * 5000 + b"}}]}}",
    b'{"tasks": {"Users": [{"command": "a", "content": {"x": "\\ud800"}}]}}',
    b'{"tasks": {"Users": [{"command": "a", "content": {"\\udfff": 1}}]}}',
    b'{"tasks": {"Users": [{"command": "\xff"}]}}',
    b'{"tasks": {"Users": [{"command": "a\nb"}]}}',
    b"\xef\xbb\xbf" + b'{"tasks": {}}',
    b'{"tasks": ' + b'{"Users": ' * 1 + b"[" * 100_000,
    b'{"tasks": {"Users": [{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}]}}",
    b'{"tasks": {"Users": [{"a": ' + b'{"a": ' * 900 + b"1" + b"}" * 900 + b"}",
    '{"tasks": {}}'.encode("utf-16"),
]
WRONG_SHAPES = [
    {},
    {"task": {}},
    {"tasks": []},
    {"tasks": None},
    {"tasks": {}, "more": 1},
    {"tasks": {"users": []}},
    {"tasks": {"Users": {}}},
    {"tasks": {"Users": None}},
    {"tasks": {"Users": "AddUser"}},
    {"tasks": {"Users": [None]}},
    {"tasks": {"Users": [[]]}},
    {"tasks": {"\ud800": []}},
]


def is_an_error(answer: httpx.Response, status: int) -> bool:
    body = answer.json()
    kinds = {"validationError", "generalError"} & set(body)
    return answer.status_code == status and body["errorCode"] == str(status) and len(kinds) == 1


@pytest.mark.parametrize("content", BROKEN_JSON, ids=lambda each: each[:60])
def test_a_broken_file_is_400_and_changes_nothing(session: Session, content: bytes) -> None:
    operation_id = session.new(ONE_OF_EACH)
    before = session.http.get(f"/v1/operations/{operation_id}").json()
    answer = session.upload("PATCH", f"/v1/operations/{operation_id}", content)
    assert is_an_error(answer, 400), answer.text
    assert session.http.get(f"/v1/operations/{operation_id}").json() == before


@pytest.mark.parametrize("body", WRONG_SHAPES, ids=str)
def test_a_file_of_the_wrong_shape_is_400(session: Session, body: Any) -> None:
    answer = session.upload("PATCH", f"/v1/operations/{session.new()}", json.dumps(body))
    assert is_an_error(answer, 400), answer.text


def test_a_file_that_breaks_at_its_end_is_not_half_applied(session: Session) -> None:
    tasks = [add_user(f"john.doe{number}@example.com") for number in range(3000)]
    content = json.dumps({"tasks": {"Users": tasks}})[:-2]
    operation_id = session.new()
    assert session.upload("PATCH", f"/v1/operations/{operation_id}", content).status_code == 400
    assert session.http.get(f"/v1/operations/{operation_id}").json()["tasks"]["Users"]["size"] == 0


@pytest.mark.parametrize(
    ("options", "status"),
    [
        ({"filename": "tasks.txt"}, 400),
        ({"filename": "tasks"}, 400),
        ({"filename": ""}, 400),
        ({"media_type": "text/plain"}, 415),
        ({"filename": "TASKS.JSON"}, 200),
        ({"media_type": "application/json; charset=utf-8"}, 200),
    ],
)
def test_the_file_must_be_called_json(session: Session, options: dict[str, str], status: int) -> None:
    answer = session.upload("PATCH", f"/v1/operations/{session.new()}", '{"tasks": {}}', **options)
    assert answer.status_code == status
    assert status == 200 or is_an_error(answer, status)


@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("application/json", b'{"tasks": {}}', 415),
        ("", b"x", 415),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=", b"x", 400),
        ("multipart/form-data; boundary=b", b"", 400),
        ("multipart/form-data; boundary=b", b"--b\r\nnonsense", 400),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--", 400),
        ("multipart/form-data; boundary=" + "b" * 5000, b"x", 400),
    ],
)
def test_the_form_must_be_one(session: Session, content_type: str, body: bytes, status: int) -> None:
    path = f"/v1/operations/{session.new()}"
    answer = session.http.patch(path, content=body, headers={"Content-Type": content_type})
    assert is_an_error(answer, status), answer.text


def test_two_files_are_400(session: Session) -> None:
    part = ("tasks.json", b'{"tasks": {}}', "application/json")
    path = f"/v1/operations/{session.new()}"
    assert is_an_error(session.http.patch(path, files=[("file", part), ("file", part)]), 400)
    assert is_an_error(session.http.patch(path, files=[("other", part)]), 400)


def test_create_answers_errors_without_details(session: Session) -> None:
    answers = [
        session.upload("POST", "/v1/operations", "{", data={"enterpriseId": session.enterprise_id}),
        session.upload("POST", "/v1/operations", '{"tasks": {}}'),
        session.create({}, filename="tasks.txt"),
    ]
    assert [(each.status_code, list(each.json())) for each in answers] == [
        (400, ["errorCode", "message"])
    ] * 3


@pytest.mark.parametrize("path", ["/v1/authsessions", "/v1/webhooks", "/v1/scheduledoperations"])
@pytest.mark.parametrize(
    ("content_type", "body", "status"),
    [
        ("text/plain", b"{}", 415),
        ("application/json", b"", 400),
        ("application/json", b"[]", 400),
        ("application/json", b"null", 400),
        ("application/json", b'{"a": 1, "a": 2}', 400),
        ("application/json", b"[" * 100_000, 400),
        ("application/json", b"\xff", 400),
        ("application/json", b'{"a": "\\ud800"}', 400),
        ("application/json", b"{}", 400),
        ("application/json", b" " * 2_000_000, 413),
    ],
)
def test_json_bodies_must_be_objects(
    session: Session, path: str, content_type: str, body: bytes, status: int
) -> None:
    answer = session.http.post(path, content=body, headers={"Content-Type": content_type})
    assert is_an_error(answer, status), answer.text


@pytest.mark.parametrize("operation", [None, 1, [], {}, {"id": None}, {"id": 5}, {"id": ""}, {"id": {}}])
def test_the_operation_to_schedule_must_be_named(session: Session, operation: Any) -> None:
    answer = session.http.post("/v1/scheduledoperations", json={"operation": operation})
    assert is_an_error(answer, 400)
    assert answer.json()["validationError"]["fieldName"].startswith("operation")


@pytest.mark.parametrize("session_body", [None, {}, {"apiKey": "k"}, {"apiKey": 5, "enterpriseId": "e"}])
def test_credentials_must_be_complete(session: Session, session_body: Any) -> None:
    answer = session.http.post("/v1/authsessions", json={"authSession": session_body})
    assert is_an_error(answer, 400)


def test_a_wrong_key_is_401_and_not_echoed(session: Session) -> None:
    for key in ("wrong-key", "schlüssel-ß", "\x00"):
        answer = session.login(key)
        assert is_an_error(answer, 401)
        assert key not in answer.text


def test_a_body_above_the_limit_is_413(start: Any) -> None:
    session = start(max_upload_bytes=100_000, faults=("PATCH 3 twice",))
    operation_id = session.new(ONE_OF_EACH)
    path = f"/v1/operations/{operation_id}"
    tasks = {"Users": [add_user(f"john.doe{number}@example.com") for number in range(2000)]}
    assert is_an_error(session.append(operation_id, tasks), 413)

    def unannounced() -> Any:
        yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.json"\r\n'
        yield b"Content-Type: application/json\r\n\r\n"
        for _ in range(200):
            yield b" " * 1000

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    for _ in range(2):
        assert is_an_error(session.http.patch(path, content=unannounced(), headers=headers), 413)
    assert session.http.get(path).json()["tasks"]["Users"] == {"size": 1, "href": f"{path}/users"}


def test_a_client_that_leaves_in_the_middle_of_an_upload_leaves_nothing(start: Any) -> None:
    session = start()
    path = f"/v1/operations/{session.new()}"

    def breaking_off() -> Any:
        yield b"--b\r\n"
        raise ConnectionAbortedError

    headers = {"Content-Type": "multipart/form-data; boundary=b"}
    with pytest.raises(ConnectionAbortedError):
        session.http.patch(path, content=breaking_off(), headers=headers)
    assert session.http.get(path).json()["tasks"]["Users"]["size"] == 0


def test_a_client_that_leaves_in_the_middle_of_a_download_disturbs_nobody(start: Any) -> None:
    session = start()
    tasks = [add_user(f"john.doe{number}@example.com", city="x" * 50) for number in range(20_000)]
    path = f"/v1/operations/{session.new({'Users': tasks})}/users"
    with session.http.stream("GET", path, headers={"Accept": "application/octet-stream"}) as answer:
        next(answer.iter_raw())
    assert session.http.get(path).json()["totalItems"] == 20_000


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
TASKISH = st.fixed_dictionaries({
    "tasks": st.dictionaries(
        st.sampled_from([*ONE_OF_EACH, "Other"]),
        st.lists(st.fixed_dictionaries({"command": JSON, "content": JSON}) | JSON, max_size=3) | JSON,
        max_size=3,
    )
})  # fmt: skip


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=JSON | TASKISH)
def test_no_json_makes_the_server_stumble(session: Session, body: Any) -> None:
    answer = session.upload("PATCH", f"/v1/operations/{session.new()}", json.dumps(body))
    assert answer.status_code == 200 or is_an_error(answer, 400)
    assert not session.sandbox.truth.crashes


class InPieces(BytesIO):
    """A file that gives few bytes at a time, so that every value lies across a border."""

    def __init__(self, raw: bytes, size: int) -> None:
        super().__init__(raw)
        self._size = size

    def read(self, size: int | None = -1) -> bytes:
        return super().read(self._size)


TASK_LISTS = st.dictionaries(
    st.sampled_from([*ONE_OF_EACH]),
    st.lists(st.dictionaries(st.text(max_size=8), JSON, max_size=3), max_size=4),
    max_size=3,
)


@settings(max_examples=100)
@given(tasks=TASK_LISTS, data=st.data())
def test_the_reader_agrees_with_the_json_library(tasks: Any, data: st.DataObject) -> None:
    indent = data.draw(st.sampled_from([None, 0, 3]))
    text = json.dumps({"tasks": tasks}, indent=indent, ensure_ascii=data.draw(st.booleans()))
    raw = text.encode(errors="surrogatepass")
    size = data.draw(st.integers(1, 40))
    expected: list[tuple[str, Any]] | None
    try:
        strict = json.loads(raw.decode(), parse_constant=_refuse)
        expected = [(name, task) for name, listed in strict["tasks"].items() for task in listed]
    except ValueError:
        expected = None
    try:
        found = list(read_tasks(InPieces(raw, size)))
    except Refusal:
        assert expected is None
    else:
        assert found == expected


def _refuse(name: str) -> None:
    raise ValueError(name)
