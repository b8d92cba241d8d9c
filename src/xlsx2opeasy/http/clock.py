"""Time, as the client sees it: passed in, so that a wait can be interrupted and tests need no real time."""

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """What the client asks of time."""

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""

    def sleep(self, seconds: float) -> None:
        """Wait; may raise (`Interrupted`) to end the call that waits."""

    def wall(self) -> datetime:
        """The time of day with its zone, for words only: nothing is decided by it."""


class SystemClock:
    """The machine's own time."""

    def monotonic(self) -> float:
        """See `Clock`."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """See `Clock`."""
        time.sleep(seconds)

    def wall(self) -> datetime:
        """See `Clock`; in the machine's own time zone."""
        return datetime.now(UTC).astimezone()


def time_after(seconds: float, clock: Clock) -> str:
    """The time of day in so many seconds, for words; with its date where that is not today's."""
    at = clock.wall() + timedelta(seconds=min(seconds, 10 * 366 * 86400))
    return f"{at:%H:%M}" if at.date() == clock.wall().date() else f"{at:%Y-%m-%d %H:%M}"
