"""When a call is tried again, and after how long."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from secrets import SystemRandom

Jitter = Callable[[float, float], float]
"""A number between two, by chance: `random.uniform`."""

uniform: Jitter = SystemRandom().uniform


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Bounds of trying again; times in seconds.

    `budget` retries may stand open over the whole run: each retry takes one, each call that ends well gives
    one back. So a server that is down is not stormed by every call anew, and hours of polling do not use the
    budget up.
    """

    tries: int = 8
    seconds: float = 600.0
    longest_pause: float = 60.0
    longest_retry_after: float = 900.0
    budget: int = 40

    def pause(self, failures: int, jitter: Jitter) -> float:
        """Full jitter: anything up to 1, 2, 4 … seconds after the first, second, third failure."""
        return jitter(0.0, min(self.longest_pause, 2.0 ** (failures - 1)))


class RetryBudget:
    """The run's retries, shared by all threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._left = size
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether one more retry is allowed."""
        with self._lock:
            if self._left == 0:
                return False
            self._left -= 1
            return True

    def give_back(self) -> None:
        """A call ended well."""
        with self._lock:
            self._left = min(self._size, self._left + 1)


_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def retry_after(value: str | None, server_date: str | None) -> float | None:
    """What `Retry-After` asks for, in seconds: its number, or its date less the server's own `Date`.

    None where there is none, or where it makes no sense (negative, garbage, a date without a `Date`): the
    local clock is never asked.
    """
    if value is None:
        return None
    if _SECONDS.fullmatch(value.strip()):
        return float(value)
    at, now = _seconds_of(value), _seconds_of(server_date or "")
    return at - now if at is not None and now is not None and at >= now else None


def _seconds_of(date: str) -> float | None:
    try:
        parsed = parsedate_to_datetime(date)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
