"""Calls with a token and with retries: what may be sent again, for every endpoint alike; and the token."""

import base64
import binascii
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

from xlsx2opeasy.http.clock import Clock
from xlsx2opeasy.http.retry import NoMoreTries, RetryLoop, Tries
from xlsx2opeasy.http.strict_json import BadAnswer, read_json
from xlsx2opeasy.opeasy import reading
from xlsx2opeasy.opeasy.calls import Answer, ApiCall
from xlsx2opeasy.opeasy.connection import Connection
from xlsx2opeasy.opeasy.errors import CallDenied, CallError, Classification, error_of
from xlsx2opeasy.opeasy.exchange import Exchange
from xlsx2opeasy.opeasy.failures import misunderstood, wait_hint
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.spec.endpoints import BY_ENDPOINT_NAME

_T = TypeVar("_T")

_TOO_EARLY: Final = frozenset({404, 409})
_PASSING: Final = frozenset({408, 425})
_ABOUT_ITS_STATE: Final = frozenset({400, 404, 409})


class Caller:
    """Performs calls: each is tried again after NOT_SENT and 429, a repeatable one after UNKNOWN too."""

    def __init__(self, connection: Connection, exchange: Exchange, loop: RetryLoop) -> None:
        self._connection = connection
        self._exchange = exchange
        self._loop = loop
        self._session = Session(self._login, loop.clock)

    def authenticate(self) -> float:
        """Log in again ("Authenticate with API"); the token's life in seconds."""
        return self._session.renew()

    def perform(self, call: ApiCall, read: Callable[[Answer], _T], *, patient: bool = False) -> _T:
        """The answer as `read` understands it (it may raise BadAnswer); raises CallError.

        `patient` tries again on 404 and 409 too: for results that were asked for a moment too early.
        """
        upload = call.upload is not None
        return self._repeat(call, lambda: self._session.token(upload=upload), read, patient)

    def _login(self) -> str:
        body = {"apiKey": self._connection.api_key.reveal(), "enterpriseId": self._connection.enterprise_id}
        call = ApiCall(BY_ENDPOINT_NAME["authenticate"], body={"authSession": body})
        try:
            return self._repeat(call, lambda: None, lambda answer: reading.token(read_json(answer.body)))
        except CallError as error:
            if error.classification is Classification.UNKNOWN:
                # Without a token nothing was sent of the call that wanted one; a lost session ends by itself.
                raise type(error)(
                    replace(error.failure, classification=Classification.NOT_SENT), error.hint
                ) from None
            raise

    def _repeat(
        self,
        call: ApiCall,
        token: Callable[[], Secret | None],
        read: Callable[[Answer], _T],
        patient: bool = False,
    ) -> _T:
        tries, unanswered, replaced = self._loop.begin(), False, False
        bearer = token()
        while True:
            try:
                answer = self._once(call, bearer, read)
            except CallError as error:
                if bearer is not None and error.http_status == 401 and not replaced:
                    replaced = True
                    bearer = _with_history(partial(self._session.replace, bearer), unanswered=unanswered)
                    continue
                if not _is_retryable(call, error, patient):
                    raise _with_unanswered(error, unanswered=unanswered) from None
                unanswered |= error.classification is Classification.UNKNOWN
                self._wait(tries, error, unanswered=unanswered)
                bearer = _with_history(token, unanswered=unanswered)
            else:
                tries.well_ended()
                return answer

    def _wait(self, tries: Tries, error: CallError, *, unanswered: bool) -> None:
        """Waits until the next try; raises the error where there is none."""
        failure = error.failure
        try:
            tries.wait(
                f"{self._connection.host}: {failure.server.message or failure.reason}",
                failure.retry_after,
                unreached=not failure.begun or not self._loop.answered,
            )
        except NoMoreTries as over:
            if over.asked is not None:
                error = error_of(failure, wait_hint(over.asked, self._loop.clock))
            raise _with_unanswered(error, unanswered=unanswered) from None

    def _once(self, call: ApiCall, bearer: Secret | None, read: Callable[[Answer], _T]) -> _T:
        answer = self._exchange.send(call, bearer)
        try:
            return read(answer)
        except BadAnswer as problem:
            raise misunderstood(call, answer, problem) from None


def _is_retryable(call: ApiCall, error: CallError, patient: bool) -> bool:
    failure = error.failure
    if failure.cause is not None:
        return False
    if failure.classification is Classification.NOT_SENT or failure.status == 429:
        return True
    if failure.classification is Classification.UNKNOWN:
        return call.is_repeatable
    if patient and failure.status in _TOO_EARLY:
        return True
    return call.is_repeatable and failure.status in _PASSING


def _with_history(token: Callable[[], _T], *, unanswered: bool) -> _T:
    """A token for a further try; where there is none, the error says what the earlier tries left open."""
    try:
        return token()
    except CallError as error:
        raise _with_unanswered(error, unanswered=unanswered) from None


def _with_unanswered(error: CallError, *, unanswered: bool) -> CallError:
    """The error with what earlier tries left open: an unanswered one may have been applied since."""
    if not unanswered:
        return error
    failure = replace(error.failure, after_unanswered=True)
    if failure.status not in _ABOUT_ITS_STATE:
        failure = replace(failure, classification=Classification.UNKNOWN)
    return type(error)(failure, error.hint)


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
    """`exp - iat` of a JWT in seconds; an hour where it is an opaque token."""
    try:
        claims = token.split(".")[1]
        read = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
        life = float(read["exp"]) - float(read["iat"])
    except (IndexError, KeyError, TypeError, ValueError, binascii.Error, RecursionError, OverflowError):
        return DEFAULT_LIFE
    return life if 0 < life <= 366 * 86400 else DEFAULT_LIFE
