"""Compares this machine's clock with the server's: nothing depends on it, but times in words mislead."""

from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

from xlsx2opeasy.http.protocol import RequestEvent

TOLERANCE = timedelta(minutes=5)


class ClockWatch:
    """Listens to a client's requests, and warns once where the clocks differ by more than five minutes."""

    def __init__(self, now: Callable[[], datetime], warn: Callable[[str], None]) -> None:
        self._now = now
        self._warn = warn
        self._warned = False

    def __call__(self, event: RequestEvent) -> None:
        """Takes a request in, as `OpEasyClient`'s `on_request` gives it; never raises."""
        if self._warned or event.server_date is None:
            return
        try:
            ahead = self._now() - parsedate_to_datetime(event.server_date)
        except (ValueError, TypeError):
            return  # no date, or one without a zone: nothing can be said
        if abs(ahead) > TOLERANCE:
            self._warned = True
            minutes = round(abs(ahead) / timedelta(minutes=1))
            where = "ahead of" if ahead > timedelta(0) else "behind"
            self._warn(f"warning: this machine's clock is {minutes} minutes {where} the server's")
