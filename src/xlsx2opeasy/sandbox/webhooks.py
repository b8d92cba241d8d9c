"""Webhook receivers, and the callbacks to them ("Webhook Callback Support").

Each receiver has its own thread and queue, so that callbacks arrive in order and none waits for a slow one.
Each is tried once: a lost callback is lost, and the status endpoint stays the truth.
"""

import ipaddress
import queue
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import httpx

from xlsx2opeasy.sandbox.store import new_id
from xlsx2opeasy.sandbox.truth import Delivery, Truth

EVENTS: Final = ("scheduledOperation.statusChanged",)
_TIMEOUT: Final = 5.0


@dataclass(slots=True)
class _Receiver:
    id: str
    enterprise_id: str
    url: str
    events: list[str]
    queue: "queue.SimpleQueue[dict[str, Any] | None]" = field(default_factory=queue.SimpleQueue)

    def shown(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "enterpriseId": self.enterprise_id,
            "url": self.url,
            "events": list(self.events),
        }


class Webhooks:
    """The receivers of all enterprises."""

    def __init__(self, truth: Truth, ca_file: Path | None) -> None:
        """`ca_file` (PEM) verifies receivers; without it, receivers on loopback are not verified."""
        if ca_file is not None:
            ssl.create_default_context(cafile=ca_file)  # a file that is none is refused here, not in a thread
        self._truth = truth
        self._ca_file = ca_file
        self._lock = threading.Lock()
        self._receivers: dict[str, _Receiver] = {}

    def register(self, enterprise_id: str, url: str, events: list[str]) -> dict[str, Any]:
        """A new receiver, as JSON shows it."""
        receiver = _Receiver(new_id(), enterprise_id, url, events)
        with self._lock:
            self._receivers[receiver.id] = receiver
        threading.Thread(target=self._deliver, args=(receiver,), daemon=True, name="webhook").start()
        return receiver.shown()

    def all_of(self, enterprise_id: str) -> list[dict[str, Any]]:
        """The receivers of an enterprise, oldest first."""
        return [each.shown() for each in self._of(enterprise_id)]

    def find(self, enterprise_id: str, webhook_id: str) -> dict[str, Any] | None:
        """One receiver of an enterprise, or None."""
        return next((each for each in self.all_of(enterprise_id) if each["id"] == webhook_id), None)

    def remove(self, enterprise_id: str, webhook_id: str) -> bool:
        """Removes a receiver; False where the enterprise has none with this id."""
        with self._lock:
            receiver = self._receivers.get(webhook_id)
            if receiver is None or receiver.enterprise_id != enterprise_id:
                return False
            del self._receivers[webhook_id]
        receiver.queue.put(None)
        return True

    def status_changed(self, enterprise_id: str, previous: str, scheduled: dict[str, Any]) -> None:
        """Queues a callback to every receiver of the enterprise; returns at once."""
        event = {
            "type": EVENTS[0],
            "previousStatus": previous,
            "newStatus": scheduled["status"],
            "scheduledOperation": scheduled,
        }
        for receiver in self._of(enterprise_id):
            if EVENTS[0] in receiver.events:
                receiver.queue.put({"event": event})

    def close(self) -> None:
        """Ends the threads once what is queued is out."""
        with self._lock:
            receivers = list(self._receivers.values())
        for receiver in receivers:
            receiver.queue.put(None)

    def _of(self, enterprise_id: str) -> list[_Receiver]:
        with self._lock:
            return [each for each in self._receivers.values() if each.enterprise_id == enterprise_id]

    def _deliver(self, receiver: _Receiver) -> None:
        with httpx.Client(
            verify=self._verification(receiver.url), timeout=_TIMEOUT, trust_env=False
        ) as client:
            while (body := receiver.queue.get()) is not None:
                outcome = _post(client, receiver.url, body)
                self._truth.deliveries.append(Delivery(receiver.id, receiver.url, body, outcome))

    def _verification(self, url: str) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=self._ca_file)
        if self._ca_file is None and _is_loopback(url):
            # A rehearsal's receiver on this machine has a certificate that it made itself.
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


def _post(client: httpx.Client, url: str, body: dict[str, Any]) -> str:
    try:
        return str(client.post(url, json=body).status_code)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return f"{type(error).__name__}: {error}"


def _is_loopback(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
