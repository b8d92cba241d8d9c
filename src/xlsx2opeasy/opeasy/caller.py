"""Calls with a token and with retries: the rules of what may be sent again, for every endpoint alike."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

from xlsx2opeasy.http.clock import Clock
from xlsx2opeasy.http.retry import Jitter, RetryBudget, RetryPolicy
from xlsx2opeasy.http.strict_json import BadAnswer, read_json
from xlsx2opeasy.opeasy import reading
from xlsx2opeasy.opeasy.answers import Answer
from xlsx2opeasy.opeasy.calls import Call
from xlsx2opeasy.opeasy.connection import Connection
from xlsx2opeasy.opeasy.errors import CallError, Classification, error_of
from xlsx2opeasy.opeasy.exchange import Exchange
from xlsx2opeasy.opeasy.failures import misunderstood
from xlsx2opeasy.opeasy.hints import wait_hint
from xlsx2opeasy.opeasy.session import Session
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.spec.endpoints import BY_ENDPOINT_NAME

_T = TypeVar("_T")

_TOO_EARLY: Final = frozenset({404, 409})
_PASSING: Final = frozenset({408, 425})
_ABOUT_ITS_STATE: Final = frozenset({400, 404, 409})


@dataclass(slots=True)
class _Course:
    """How the tries of one call went so far."""

    started: float
    failures: int = 0
    ordered_to_wait: float = 0.0
    token_replaced: bool = False
    unanswered: bool = False


class Caller:
    """Performs calls: each is tried again after NOT_SENT and 429, a repeatable one after UNKNOWN too."""

    def __init__(
        self, connection: Connection, exchange: Exchange, clock: Clock, policy: RetryPolicy, jitter: Jitter
    ) -> None:
        self._connection = connection
        self._exchange = exchange
        self._clock = clock
        self._policy = policy
        self._jitter = jitter
        self._budget = RetryBudget(policy.budget)
        self._session = Session(self._login, clock)

    def authenticate(self) -> float:
        """Log in anew ("Authenticate with API"); the token's life in seconds."""
        return self._session.renew()

    def perform(self, call: Call, read: Callable[[Answer], _T], *, patient: bool = False) -> _T:
        """The answer as `read` understands it (it may raise BadAnswer); raises CallError.

        `patient` tries again on 404 and 409 too: for results that were asked for a moment too early.
        """
        upload = call.upload is not None
        return self._tries(call, lambda: self._session.token(upload=upload), read, patient)

    def _login(self) -> str:
        body = {"apiKey": self._connection.api_key.reveal(), "enterpriseId": self._connection.enterprise_id}
        call = Call(BY_ENDPOINT_NAME["authenticate"], body={"authSession": body})
        try:
            return self._tries(call, lambda: None, lambda answer: reading.token(read_json(answer.body)))
        except CallError as error:
            if error.classification is Classification.UNKNOWN:
                # Without a token nothing was sent of the call that wanted one; a lost session ends by itself.
                raise type(error)(
                    replace(error.failure, classification=Classification.NOT_SENT), error.hint
                ) from None
            raise

    def _tries(
        self,
        call: Call,
        token: Callable[[], Secret | None],
        read: Callable[[Answer], _T],
        patient: bool = False,
    ) -> _T:
        course = _Course(self._clock.monotonic())
        bearer = token()
        while True:
            try:
                answer = self._once(call, bearer, read)
            except CallError as error:
                if bearer is not None and error.http_status == 401 and not course.token_replaced:
                    course.token_replaced = True
                    bearer = self._with_course(partial(self._session.replace, bearer), course)
                    continue
                self._clock.sleep(self._pause(call, error, course, patient))
                bearer = self._with_course(token, course)
            else:
                self._budget.give_back()
                return answer

    def _once(self, call: Call, bearer: Secret | None, read: Callable[[Answer], _T]) -> _T:
        answer = self._exchange.send(call, bearer)
        try:
            return read(answer)
        except BadAnswer as problem:
            raise misunderstood(call, answer, problem) from None

    @staticmethod
    def _with_course(token: Callable[[], _T], course: _Course) -> _T:
        """A token for a further try; where there is none, what the earlier tries left open is told."""
        try:
            return token()
        except CallError as error:
            raise _as_told(error, course) from None

    def _pause(self, call: Call, error: CallError, course: _Course, patient: bool) -> float:
        """Seconds until the next try; raises the error, as it is to be told, where there is none."""
        course.failures += 1
        if not self._is_retryable(call, error, patient):
            raise _as_told(error, course)
        course.unanswered |= error.classification is Classification.UNKNOWN
        asked = error.failure.retry_after
        if asked is not None and asked > self._policy.longest_retry_after:
            told = error_of(error.failure, wait_hint(asked, self._clock))
            raise _as_told(told, course)
        pause = self._policy.pause(course.failures, self._jitter)
        if asked is not None:
            pause = asked * (1 + self._jitter(0.0, 0.1))
            course.ordered_to_wait += pause
        if self._is_over(course, pause) or not self._budget.take():
            raise _as_told(error, course)
        return pause

    def _is_over(self, course: _Course, pause: float) -> bool:
        spent = self._clock.monotonic() - course.started - course.ordered_to_wait
        return course.failures >= self._policy.tries or spent + pause > self._policy.seconds

    @staticmethod
    def _is_retryable(call: Call, error: CallError, patient: bool) -> bool:
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


def _as_told(error: CallError, course: _Course) -> CallError:
    """The error with what earlier tries left open: an unanswered one may have been applied since."""
    if not course.unanswered:
        return error
    failure = replace(error.failure, after_unanswered=True)
    if failure.status not in _ABOUT_ITS_STATE:
        failure = replace(failure, classification=Classification.UNKNOWN)
    return type(error)(failure, error.hint)
