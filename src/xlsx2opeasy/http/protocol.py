"""The protocol of requests, one line each, for `-v` and for logs: no header, no body, no id of the API."""

from collections.abc import Callable
from dataclasses import dataclass

from xlsx2opeasy.display import in_log


@dataclass(frozen=True, slots=True)
class RequestEvent:
    """One request as a log may show it.

    `path` has its variables in braces; `status` is None where no answer came; `milliseconds` is the whole
    time. `server_date` is the answer's `Date`, for whoever compares clocks.
    """

    method: str
    path: str
    status: int | None
    milliseconds: int
    request_id: str
    server_date: str | None = None

    @property
    def line(self) -> str:
        """`GET /v1/operations/{operation-id} 200 35 ms 4f1c…`; `-` for a status that never came."""
        status = "-" if self.status is None else str(self.status)
        return in_log(f"{self.method} {self.path} {status} {self.milliseconds} ms {self.request_id}".rstrip())


OnRequest = Callable[[RequestEvent], None]

_writers: list[Callable[[str], None]] = []


def show_protocol(write: Callable[[str], None]) -> None:
    """From now on `write` gets a line for every request that any client of this process has made.

    It is called in the thread of the request and must not raise.
    """
    _writers.append(write)


def request_ended(event: RequestEvent, listener: OnRequest | None) -> None:
    """Passes a request on to the client's own listener and to those of `show_protocol`."""
    if listener is not None:
        listener(event)
    for write in _writers:
        write(event.line)
