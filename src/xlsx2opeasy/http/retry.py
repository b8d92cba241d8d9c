"""When a call is tried again, and after how long: one loop for the clients of OpEasy and Webex."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from secrets import SystemRandom
from typing import Final

from xlsx2opeasy.http.clock import Clock

Jitter = Callable[[float, float], float]
"""A random number between two: `random.uniform`."""

uniform: Jitter = SystemRandom().uniform

SILENCE: Final = 4.0
"""Seconds after which a person hears that a server has not been reached, or has never answered."""

FIRST_CONTACT: Final = 30.0
"""Seconds after which a client gives up whose server has never answered anything."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Bounds of trying again; times in seconds.

    `budget` retries may be open over the whole run: each retry takes one, each call that ends well gives
    one back. So a server that is down is not stormed by every call again, and hours of polling do not use the
    budget up. `seconds` bounds all tries of one call; pauses that the server ordered count where
    `counts_ordered` says so.
    """

    tries: int = 8
    seconds: float = 600.0
    longest_pause: float = 60.0
    longest_retry_after: float = 900.0
    budget: int = 40
    first_contact: float = FIRST_CONTACT
    counts_ordered: bool = False

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


@dataclass(frozen=True, slots=True)
class Delay:
    """A pause before the next try: why it is made, its seconds, and how long tries may go on at most.

    `unreached` says that the server could not be reached, or has never answered.
    """

    reason: str
    seconds: float
    left: float
    unreached: bool = False


OnDelay = Callable[[Delay], None]


def no_listener(_: Delay) -> None:
    """Takes a delay in, and does nothing."""


class NoMoreTries(Exception):
    """The call is not tried again; `asked` are the seconds that the server wants, where that is why."""

    def __init__(self, asked: float | None = None) -> None:
        super().__init__("no more tries")
        self.asked = asked


class RetryLoop:
    """What the calls of one client share: bounds, budget, clock, and whether the server ever answered."""

    def __init__(self, policy: RetryPolicy, clock: Clock, jitter: Jitter = uniform) -> None:
        self.policy = policy
        self.clock = clock
        self.jitter = jitter
        self.on_delay: OnDelay = no_listener
        self.budget = RetryBudget(policy.budget)
        self.answered = False
        self._began: float | None = None

    def begin(self) -> "Tries":
        """The tries of one call."""
        if self._began is None:
            self._began = self.clock.monotonic()
        return Tries(self)

    @contextmanager
    def watching(self, silent: Callable[[], str]) -> Iterator[None]:
        """Reports what `silent` returns, if anything, where the block takes longer than `SILENCE`."""

        def report() -> None:
            if reason := silent():
                self.on_delay(
                    Delay(reason, 0.0, self.first_contact_left() if not self.answered else 0.0, True)
                )

        watch = threading.Timer(SILENCE, report)
        watch.daemon = True
        watch.start()
        try:
            yield
        finally:
            watch.cancel()

    def first_contact_left(self) -> float:
        """Seconds until the client gives up whose server has never answered."""
        return self.first_contact_ends() - self.clock.monotonic()

    def first_contact_ends(self) -> float:
        """On the clock's monotonic seconds: when to give up where the server has never answered."""
        began = self.clock.monotonic() if self._began is None else self._began
        return began + self.policy.first_contact


class Tries:
    """How the tries of one call went so far."""

    def __init__(self, loop: RetryLoop) -> None:
        self._loop = loop
        self._started = loop.clock.monotonic()
        self._failures = 0
        self._ordered = 0.0

    def well_ended(self) -> None:
        """The call ended well."""
        self._loop.budget.give_back()

    def wait(self, reason: str, asked: float | None = None, *, unreached: bool = False) -> None:
        """Waits until the next try; raises NoMoreTries where there is none.

        `asked` is the pause in seconds that the server asked for.
        """
        loop, policy = self._loop, self._loop.policy
        self._failures += 1
        if asked is None:
            pause = counted = policy.pause(self._failures, loop.jitter)
        elif asked > policy.longest_retry_after:
            raise NoMoreTries(asked)
        else:
            pause = asked * (1 + loop.jitter(0.0, 0.1))
            counted = pause if policy.counts_ordered else 0.0
        left = self.left()
        if self._failures >= policy.tries or left < counted or not loop.budget.take():
            raise NoMoreTries
        self._ordered += pause - counted
        loop.on_delay(Delay(reason, pause, left, unreached))
        loop.clock.sleep(pause)

    def left(self) -> float:
        """Seconds in which a try may still begin."""
        loop = self._loop
        if not loop.answered:
            return loop.first_contact_left()
        return loop.policy.seconds - (loop.clock.monotonic() - self._started - self._ordered)


_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")


def retry_after(value: str | None, server_date: str | None) -> float | None:
    """What `Retry-After` asks for, in seconds: its number, or its date less the server's own `Date`.

    None where there is none, or where it makes no sense (negative, garbage, a date without a `Date`): the
    local clock is never asked.
    """
    if value is None:
        return None
    if _SECONDS.fullmatch(value.strip()):
        return float(value.strip())
    at, now = _seconds_of(value), _seconds_of(server_date or "")
    return at - now if at is not None and now is not None and at >= now else None


def _seconds_of(date: str) -> float | None:
    try:
        parsed = parsedate_to_datetime(date)
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError, TypeError):
        return None
