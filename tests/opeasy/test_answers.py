"""Laws of reading what a server sent: strict JSON, `Retry-After`, evidence, and what may not show."""

import json
import math
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from xlsx2opeasy.display import in_message
from xlsx2opeasy.http.retry import RetryPolicy, retry_after, uniform
from xlsx2opeasy.http.strict_json import BadAnswer, read_json
from xlsx2opeasy.masking import is_secret_name, without_secrets
from xlsx2opeasy.opeasy import reading
from xlsx2opeasy.opeasy.calls import ApiCall, Upload
from xlsx2opeasy.opeasy.failures import evidence_of, server_words
from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.spec.endpoints import BY_ENDPOINT_NAME

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**16), 10**16)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=15,
)


@given(VALUES)
def test_valid_json_is_read_as_it_is(value: Any) -> None:
    assert read_json(json.dumps(value).encode()) == value
    assert read_json(b"\xef\xbb\xbf" + json.dumps(value).encode()) == value


def _read(body: bytes) -> str:
    """The value with its types, or why there is none."""
    try:
        return repr(read_json(body))
    except BadAnswer as problem:
        return str(problem).partition(" at byte")[0]


TOKENS = ["{", "}", "[", "]", ",", ":", '"a":', '"a"', "1", "-0", "1.0", "1e999", "9" * 18, "9" * 19, "NaN"]
ESCAPES = ['"\\u00e9"', '"\\ud800"', '"\\/"', '"é"', '"\x7f"', '"\\u0000"', "9007199254740993", "null"]


@given(st.lists(st.sampled_from([*TOKENS, *ESCAPES]), max_size=12).map("".join))
@example('{"a":1,"a":2}')
@example('{"a":[9007199254740993,9999999999999999999]}')
@example("[" * 60 + "]" * 60)
@example("[" * 3000 + "]" * 3000)
def test_a_space_at_the_end_changes_nothing_that_is_read(text: str) -> None:
    """A body without spaces may be read by another parser, which must be as strict."""
    assert _read(text.encode()) == _read(text.encode() + b" ")


@given(st.binary(max_size=200))
def test_any_bytes_are_json_or_a_bad_answer(body: bytes) -> None:
    try:
        value = read_json(body)
    except BadAnswer:
        return
    assert json.loads(body.decode("utf-8-sig")) == value


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": 1, "a": 2}',
        b'[{"b": {"a": 1, "a": 1}}]',
        b"NaN",
        b"[Infinity]",
        b"-Infinity",
        b"1e999",
        b"[" * 41 + b"]" * 41,
        b"[" * 10**6,
        b'{"a":' * 10**5 + b"1" + b"}" * 10**5,
        b"{} {}",
        b"{",
        b"",
        b'"\x00"',
        b"\xff\xfe{}",
    ],
)
def test_json_that_is_refused(body: bytes) -> None:
    with pytest.raises(BadAnswer):
        read_json(body)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"\ud83d", "\ufffd"),
        (r"cut \uD83D here", "cut \ufffd here"),
        (r"\ude00\ud83d", "\ufffd\ufffd"),
        (r"\ud83d\ude00", "\U0001f600"),
        (r"\ud83d\ud83d\ude00", "\ufffd\U0001f600"),
        (r"\\ud83d", r"\ud83d"),
        (r"\\\ud83d", "\\\ufffd"),
        (r"\ud83dude00", "\ufffdude00"),
    ],
)
def test_half_a_character_is_replaced(written: str, read: str) -> None:
    """What a server cut off in the middle of a surrogate pair could stand in no file and no message."""
    assert read_json(f'{{"a": ["{written}"]}}'.encode()) == {"a": [read]}


def test_json_at_the_limits_is_read() -> None:
    assert read_json(b"[" * 40 + b"]" * 40) is not None
    assert read_json(b"123456789012345678") == 123456789012345678
    assert read_json(b"1234567890123456789") == "1234567890123456789"
    assert read_json(b"1" * 100_000) == "1" * 100_000


READERS = [
    reading.token,
    reading.operation,
    reading.scheduled_operation,
    reading.results_overview,
    reading.validation_error,
    reading.webhook,
    reading.webhooks,
    lambda body: reading.page(body, "Users"),
    lambda body: reading.items(body, "Users"),
]
NAMES = ["authSession", "token", "id", "tasks", "Users", "size", "validationErrors", "scheduledOperation"]
NAMES += ["status", "operation", "results", "webhook", "webhooks", "task", "command", "content", "pageNumber"]
BODIES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from(["users", "1"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=5),
    max_leaves=20,
)


@given(BODIES, st.sampled_from(READERS))
def test_a_body_of_any_shape_is_a_model_or_a_bad_answer(body: Any, read: Any) -> None:
    try:
        found = read(body)
    except BadAnswer:
        return
    assert found is not None


@given(BODIES)
def test_an_error_body_of_any_shape_has_words(body: Any) -> None:
    words = server_words(json.dumps(body).encode(), lambda text: text)
    assert all(isinstance(word, str) for word in (words.code, words.message, words.field))


NOW = datetime(2026, 11, 22, 14, 0, tzinfo=UTC)


@given(st.integers(0, 10**8))
def test_a_date_counts_from_the_servers_own(seconds: int) -> None:
    value = format_datetime(NOW + timedelta(seconds=seconds), usegmt=True)
    assert retry_after(value, format_datetime(NOW, usegmt=True)) == seconds


@example("0\x1f", None)
@given(st.text(max_size=40), st.text(max_size=40) | st.none())
def test_any_retry_after_is_seconds_or_nothing(value: str, date: str | None) -> None:
    seconds = retry_after(value, date)
    assert seconds is None or (math.isfinite(seconds) and seconds >= 0)


@given(st.integers(1, 100))
def test_a_pause_is_within_its_bounds(failures: int) -> None:
    assert 0 <= RetryPolicy().pause(failures, uniform) <= min(60, 2 ** (failures - 1))


SCHEDULE = ApiCall(BY_ENDPOINT_NAME["scheduleOperation"], body={"operation": {"id": "o1"}})
IDS = st.text(alphabet="abcdef0123456789-_", min_size=1, max_size=40)


@given(IDS, IDS, st.integers(0, 400))
def test_evidence_is_a_whole_id_that_is_not_our_own(operation_id: str, run_id: str, at: int) -> None:
    call = ApiCall(SCHEDULE.endpoint, body={"operation": {"id": operation_id}})
    body = {"scheduledOperation": {"id": run_id, "status": "pending", "operation": {"id": operation_id}}}
    found = evidence_of(call, None, json.dumps(body).encode()[:at])
    assert found in (None, run_id)
    assert found != operation_id


def test_a_login_leaves_no_evidence() -> None:
    login = ApiCall(BY_ENDPOINT_NAME["authenticate"], body={})
    assert evidence_of(login, "/v1/operations/x", b'{"id": "y"}') is None


def test_the_secret_fields_are_the_catalogues() -> None:
    secret = [field.name for of in TASK_TYPES for field in of.fields if field.secret]
    assert secret
    assert all(is_secret_name(name) for name in secret)
    assert not is_secret_name("user.userId")


WORDS = st.text(alphabet=st.characters(categories=["L", "N"]), min_size=1, max_size=12)


@given(WORDS, WORDS)
def test_a_secret_is_masked_as_a_word_and_nothing_else_is(secret: str, other: str) -> None:
    content = {"user": {"userPassword": secret, "userId": other}}
    told = without_secrets(f"({secret}) is bad; x{secret}x {other}", content)
    assert told.startswith("(********) is bad; ")
    if other != secret:
        assert told.endswith(other)


@given(st.text())
def test_cleaned_text_is_one_printable_line(text: str) -> None:
    line = in_message(text)
    assert line.isprintable()
    assert len(line) <= 601
    assert in_message(line) == line or len(line) > 600


@pytest.mark.parametrize("request_id", ["", "a b", "a\r\nX: y", "é"])
def test_a_request_id_is_fit_for_a_header(request_id: str) -> None:
    with pytest.raises(ValueError, match="request id"):
        ApiCall(BY_ENDPOINT_NAME["getOperation"], request_id=request_id)


def test_an_upload_is_named_json(tmp_path: Any) -> None:
    with pytest.raises(ValueError, match="json"):
        Upload(tmp_path / "a.txt", "a.txt")
