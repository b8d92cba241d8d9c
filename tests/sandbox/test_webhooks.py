"""Webhook receivers: registering, callbacks over TLS, and what a slow or broken receiver cannot hold up."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from foreign.certificate import make_certificate

from .receiver import Receiver
from .session import ONE_OF_EACH, Session

EVENT = "scheduledOperation.statusChanged"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def receive(certificate: tuple[Path, Path]) -> Iterator[Callable[..., Receiver]]:
    with ExitStack() as stack:

        def make(**options: Any) -> Receiver:
            receiver = Receiver(*certificate, **options)
            stack.callback(receiver.close)
            return receiver

        yield make


def register(session: Session, url: str) -> str:
    body = {"enterpriseId": session.enterprise_id, "url": url, "events": [EVENT]}
    answer = session.http.post("/v1/webhooks", json=body)
    assert answer.status_code == 201, answer.text
    webhook = answer.json()["webhook"]
    assert webhook == {"id": webhook["id"], **body}
    identifier: str = webhook["id"]
    return identifier


def deliveries(session: Session, webhook_id: str, count: int) -> list[str]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = [each.outcome for each in session.sandbox.truth.deliveries if each.webhook_id == webhook_id]
        if len(found) >= count:
            return found
        time.sleep(0.01)
    raise AssertionError(f"fewer than {count} deliveries")


def test_receivers_are_listed_found_and_removed(session: Session) -> None:
    ids = [register(session, f"https://127.0.0.1:1/{number}") for number in range(2)]
    listed = session.http.get("/v1/webhooks").json()["webhooks"]
    assert [each["id"] for each in listed] == ids
    assert session.http.get(f"/v1/webhooks/{ids[0]}").json() == {"webhook": listed[0]}
    assert session.http.delete(f"/v1/webhooks/{ids[0]}").status_code == 204
    assert session.http.delete(f"/v1/webhooks/{ids[0]}").status_code == 404
    assert session.http.get("/v1/webhooks").json() == {"webhooks": listed[1:]}


@pytest.mark.parametrize(
    ("change", "field", "status"),
    [
        ({"url": "http://example.com"}, "url", 400),
        ({"url": "https://"}, "url", 400),
        ({"url": "https://[::1"}, "url", 400),
        ({"url": "https://example.com:99999"}, "url", 400),
        ({"url": "example.com"}, "url", 400),
        ({"url": 5}, "url", 400),
        ({"url": None}, "url", 400),
        ({"events": []}, "events", 400),
        ({"events": EVENT}, "events", 400),
        ({"events": [EVENT, "other"]}, "events[1]", 400),
        ({"events": [[]]}, "events[0]", 400),
        ({"enterpriseId": ""}, "enterpriseId", 400),
        ({"enterpriseId": "another"}, None, 403),
    ],
)
def test_what_cannot_be_registered(
    session: Session, change: dict[str, Any], field: str | None, status: int
) -> None:
    good = {"enterpriseId": session.enterprise_id, "url": "https://example.com/hook", "events": [EVENT]}
    answer = session.http.post("/v1/webhooks", json=good | change)
    assert answer.status_code == status
    assert answer.json().get("validationError", {}).get("fieldName") == field
    if change == {"url": "http://example.com"}:  # the example of Appendix VI
        message = "url field must be a valid URL with a 'https://...' scheme"
        assert answer.json() == {
            "errorCode": "400",
            "message": message,
            "validationError": {
                "fieldName": "url",
                "message": message,
                "originalInput": "http://example.com",
            },
        }


def test_an_unknown_enterprise_is_404(start: Any) -> None:
    session = start(state={"enterprises": ["only"]})
    body = {"enterpriseId": "another", "url": "https://example.com", "events": [EVENT]}
    assert session.http.post("/v1/webhooks", json=body).status_code == 404


def test_callbacks_tell_each_change_in_order(session: Session, receive: Callable[..., Receiver]) -> None:
    receiver = receive()
    webhook_id = register(session, receiver.url)
    operation_id = session.new(ONE_OF_EACH)
    scheduled_id = session.schedule(operation_id).json()["scheduledOperation"]["id"]
    final = session.await_end(scheduled_id).json()["scheduledOperation"]
    started, ended = (each["event"] for each in receiver.wait_for(2))
    assert [started["type"], ended["type"]] == [EVENT] * 2
    assert (started["previousStatus"], started["newStatus"]) == ("pending", "processing")
    assert (ended["previousStatus"], ended["newStatus"]) == ("processing", "completed")
    assert ended["scheduledOperation"] == final
    assert started["scheduledOperation"]["operation"] == {
        "id": operation_id,
        "enterpriseId": session.enterprise_id,
    }
    assert deliveries(session, webhook_id, 2) == ["200", "200"]


def test_a_removed_receiver_and_those_of_others_hear_nothing(
    session: Session, receive: Callable[..., Receiver]
) -> None:
    receiver, still_there = receive(), receive()
    removed = register(session, receiver.url)
    session.http.delete(f"/v1/webhooks/{removed}")
    other = Session(session.sandbox, session.enterprise_id + "-other")
    register(other, receiver.url)
    other.http.close()
    kept = register(session, still_there.url)
    session.run(ONE_OF_EACH)
    assert deliveries(session, kept, 2) == ["200", "200"]
    assert receiver.bodies == []


def test_a_slow_or_broken_receiver_holds_nobody_up(
    session: Session, receive: Callable[..., Receiver]
) -> None:
    slow, broken, good = receive(held=True), receive(status=500), receive()
    dead = register(session, "https://127.0.0.1:1/hook")
    ids = [register(session, each.url) for each in (slow, broken, good)]
    session.run(ONE_OF_EACH)
    assert len(good.wait_for(2)) == 2
    assert slow.bodies == []
    slow.free.set()
    assert deliveries(session, ids[1], 2) == ["500", "500"]
    assert deliveries(session, dead, 2)[0].startswith("ConnectError")
    assert deliveries(session, ids[0], 2) == ["200", "200"]


def test_a_certificate_authority_that_is_none_does_not_start(start: Any, tmp_path: Path) -> None:
    empty = tmp_path / "ca.pem"
    with pytest.raises(OSError, match="No such file"):
        start(webhook_ca=empty)
    empty.touch()
    with pytest.raises(OSError, match="NO_CERTIFICATE_OR_CRL_FOUND"):
        start(webhook_ca=empty)


def test_with_a_certificate_authority_others_are_not_trusted(
    start: Any, receive: Callable[..., Receiver], certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    receiver = receive()
    trusting = start(webhook_ca=certificate[0])
    trusted = register(trusting, receiver.url)
    trusting.run(ONE_OF_EACH)
    assert deliveries(trusting, trusted, 2) == ["200", "200"]
    other_certificate, _ = make_certificate(tmp_path)
    wary = start(webhook_ca=other_certificate)
    refused = register(wary, receiver.url)
    wary.run(ONE_OF_EACH)
    assert "CERTIFICATE_VERIFY_FAILED" in deliveries(wary, refused, 2)[0]
