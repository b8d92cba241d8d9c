"""The authentication session: one token for all threads, renewed before it ends, never on disk."""

import base64
import binascii
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from xlsx2opeasy.http.clock import Clock
from xlsx2opeasy.opeasy.errors import CallDenied
from xlsx2opeasy.secret import Secret

DEFAULT_LIFE: Final = 3600.0
"""Seconds a token lives where it does not tell ("Authenticate with API")."""

_USED_UP = 0.8
_UPLOAD_MARGIN = 300.0


@dataclass(frozen=True, slots=True)
class _Token:
    secret: Secret
    received: float
    life: float

    def is_fresh(self, now: float, *, upload: bool) -> bool:
        """Under 80 % of its life; before an upload with five minutes left, or half of a shorter life."""
        age = now - self.received
        margin = min(_UPLOAD_MARGIN, self.life / 2) if upload else 0.0
        return age < _USED_UP * self.life and self.life - age >= margin


class Session:
    """Holds the token. `login` asks the server for a new one and is called by one thread at a time.

    A login that was refused is not tried again, whoever asks: the account might be locked.
    """

    def __init__(self, login: Callable[[], str], clock: Clock) -> None:
        self._login = login
        self._clock = clock
        self._lock = threading.Lock()
        self._token: _Token | None = None
        self._denied: CallDenied | None = None

    def token(self, *, upload: bool = False) -> Secret:
        """A token that is good for the next call; raises what `login` raises."""
        with self._lock:
            if self._token is None or not self._token.is_fresh(self._clock.monotonic(), upload=upload):
                self._renew()
            return self._current().secret

    def replace(self, refused: Secret) -> Secret:
        """A token in the place of one that the server refused, which another thread may have replaced."""
        with self._lock:
            if self._token is None or self._token.secret.reveal() == refused.reveal():
                self._renew()
            return self._current().secret

    def renew(self) -> float:
        """A new token in any case; returns its life in seconds."""
        with self._lock:
            self._renew()
            return self._current().life

    def _current(self) -> _Token:
        assert self._token is not None
        return self._token

    def _renew(self) -> None:
        if self._denied is not None:
            raise CallDenied(self._denied.failure, self._denied.hint)
        asked = self._clock.monotonic()
        try:
            text = self._login()
        except CallDenied as denied:
            self._denied = denied
            raise
        self._token = _Token(Secret(text), asked, life_of(text))


def life_of(token: str) -> float:
    """`exp - iat` of a JWT in seconds; an hour where the token is no readable one (readings, 27)."""
    try:
        claims = token.split(".")[1]
        read = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        life = float(read["exp"]) - float(read["iat"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error, RecursionError, OverflowError):
        return DEFAULT_LIFE
    return life if 0 < life <= 366 * 86400 else DEFAULT_LIFE
