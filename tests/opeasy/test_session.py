"""The token: how long it lives, when it is renewed, and that threads share one."""

import base64
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlsx2opeasy.opeasy.caller import DEFAULT_LIFE, life_of
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.errors import CallDenied

from .conftest import SkippingClock
from .wire import Handler, Request, Wire, login, reply

OPERATION = {"id": "o1", "tasks": {}}


def jwt(**claims: object) -> str:
    part = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{part}.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    ("token", "life"),
    [
        (jwt(iat=1000, exp=1600), 600),
        (jwt(iat=1000.5, exp=1600.5), 600),
        (jwt(iat=1000, exp=1000), DEFAULT_LIFE),
        (jwt(iat=2000, exp=1000), DEFAULT_LIFE),
        (jwt(exp=1600), DEFAULT_LIFE),
        (jwt(iat="x", exp=[]), DEFAULT_LIFE),
        (jwt(iat=0, exp=1e300), DEFAULT_LIFE),
        ("opaque", DEFAULT_LIFE),
        ("a.b.c", DEFAULT_LIFE),
        ("eyJh.bnVsbA.x", DEFAULT_LIFE),
    ],
)
def test_the_life_is_the_tokens_own_or_an_hour(token: str, life: float) -> None:
    assert life_of(token) == life


@given(st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126)))
def test_any_token_has_a_life(token: str) -> None:
    assert 0 < life_of(token) <= 366 * 86400


@pytest.fixture
def logins(wire: Wire) -> Callable[[], int]:
    wire.on("GET", "/v1/operations/o1", reply(200, OPERATION))
    wire.on("PATCH", "/v1/operations/o1", reply(200, OPERATION))
    return lambda: len(wire.sent("POST", "/v1/authsessions"))


def test_f37_a_token_is_renewed_at_four_fifths_of_its_life(
    wire: Wire, client: OpEasyClient, clock: SkippingClock, logins: Callable[[], int]
) -> None:
    wire.on("POST", "/v1/authsessions", login(jwt(iat=0, exp=1000)))
    client.get_operation("o1")
    clock.skip(790)
    client.get_operation("o1")
    assert logins() == 1
    clock.skip(11)
    client.get_operation("o1")
    assert logins() == 2


def test_f37_a_token_with_five_minutes_left_is_renewed_before_an_upload(
    wire: Wire, client: OpEasyClient, clock: SkippingClock, logins: Callable[[], int], chunk: Path
) -> None:
    wire.on("POST", "/v1/authsessions", login(jwt(iat=0, exp=1000)))
    client.get_operation("o1")
    clock.skip(690)
    client.append_tasks("o1", chunk)
    assert logins() == 1
    clock.skip(11)
    client.get_operation("o1")
    assert logins() == 1
    client.append_tasks("o1", chunk)
    assert logins() == 2


def test_a_short_life_does_not_mean_a_login_for_each_upload(
    wire: Wire, client: OpEasyClient, logins: Callable[[], int], chunk: Path
) -> None:
    wire.on("POST", "/v1/authsessions", login(jwt(iat=0, exp=200)))
    for _ in range(3):
        client.append_tasks("o1", chunk)
    assert logins() == 1


def at_once(count: int, work: Callable[[], object]) -> list[Exception]:
    start, failures = threading.Barrier(count), list[Exception]()

    def run() -> None:
        start.wait()
        try:
            work()
        except Exception as error:  # noqa: BLE001 - told to the test
            failures.append(error)

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def test_threads_share_one_login(client: OpEasyClient, logins: Callable[[], int]) -> None:
    assert at_once(8, lambda: client.get_operation("o1")) == []
    assert logins() == 1


def test_threads_with_an_expired_token_share_one_new_login(
    wire: Wire, client: OpEasyClient, logins: Callable[[], int]
) -> None:
    client.get_operation("o1")
    wire.on("POST", "/v1/authsessions", login("fresh"))
    wire.on("GET", "/v1/operations/o1", _only("fresh"))
    assert at_once(8, lambda: client.get_operation("o1")) == []
    assert logins() == 2


def _only(token: str) -> Handler:
    def handle(request: Request, sock: object) -> None:
        status = 200 if request.headers["authorization"] == token else 401
        reply(status, OPERATION)(request, sock)  # type: ignore[arg-type]

    return handle


def test_f34_threads_share_a_refused_login_too(
    wire: Wire, client: OpEasyClient, logins: Callable[[], int]
) -> None:
    wire.on("POST", "/v1/authsessions", reply(401))
    failures = at_once(8, lambda: client.get_operation("o1"))
    assert {type(each) for each in failures} == {CallDenied}
    assert (len(failures), logins()) == (8, 1)
