"""How a call can fail, in the three classes that decide what may be done next.

    Xlsx2OpeasyError
    +-- CallError            any call that did not end well; `failure` holds what is known
        +-- CallRedirected   is a UsageError (2): the server answered with a redirect
        +-- CallDenied       is an AccessDenied (4): 401, 403, or a refused login
        +-- CallFailed       is a ServiceFailed (5): everything else

Neither the messages nor the values hold a secret, a header or the dump of a body.
"""

from dataclasses import dataclass
from enum import StrEnum

from xlsx2opeasy.errors import AccessDenied, ServiceFailed, UsageError, Xlsx2OpeasyError


class Classification(StrEnum):
    """Whether the server can have acted on the call."""

    NOT_SENT = "NOT_SENT"
    """No byte of the call left: it was certainly not applied."""
    REJECTED = "REJECTED"
    """The server answered that it did not do it: certainly not applied."""
    UNKNOWN = "UNKNOWN"
    """It may have been applied, may be applied later, or never."""


class Cause(StrEnum):
    """What must be put right by a person, so that trying again cannot help."""

    CERTIFICATE = "certificate"
    PROXY = "proxy"


@dataclass(frozen=True, slots=True)
class ServerWords:
    """The server's own account of an error (Appendix VI); what it did not say is "".

    `field` and `original_input` name the input that caused it; the value of a secret field is masked.
    """

    code: str = ""
    message: str = ""
    field: str = ""
    original_input: str = ""


@dataclass(frozen=True, slots=True)
class CallFailure:
    """What is known of a call that did not end well.

    `path` is the endpoint's path with its variables in braces; `request_id` was sent as `X-Request-Id`.
    `reason` is this program's account where the server gave none. `evidence_id` is an id that arrived all the
    same (`Location`, a cut body): to be confirmed, never to be trusted. `retry_after` is in seconds.
    `cause` is set where trying again cannot help. `after_unanswered` says that an earlier try of the same
    call got no answer, so that it may have been applied by then.
    `begun` says that the request had left this machine.
    """

    classification: Classification
    method: str
    path: str
    request_id: str
    status: int | None = None
    server: ServerWords = ServerWords()
    reason: str = ""
    evidence_id: str | None = None
    retry_after: float | None = None
    cause: Cause | None = None
    after_unanswered: bool = False
    begun: bool = True


class CallError(Xlsx2OpeasyError):
    """A call to the API that did not end well."""

    def __init__(self, failure: CallFailure, hint: str = "") -> None:
        super().__init__(_sentence(failure), hint)
        self.failure = failure

    @property
    def classification(self) -> Classification:
        """Whether the server can have acted on the call."""
        return self.failure.classification

    @property
    def http_status(self) -> int | None:
        """The status code, where one arrived."""
        return self.failure.status

    @property
    def request_id(self) -> str:
        """The `X-Request-Id` of the call, for the vendor's support."""
        return self.failure.request_id

    @property
    def evidence_id(self) -> str | None:
        """An id that arrived in a broken answer: to be confirmed."""
        return self.failure.evidence_id


class CallRedirected(CallError, UsageError):
    """The server answered with a redirect, which is never followed: the URL is wrong."""


class CallDenied(CallError, AccessDenied):
    """The API key, the enterprise or the permission is wrong."""


class CallFailed(CallError, ServiceFailed):
    """The server could not be reached, kept failing, refused the call, or gave no answer to rely on."""


def error_of(failure: CallFailure, hint: str = "", *, login: bool = False) -> CallError:
    """The exception that belongs to a failure; a refused login (400 too) is a matter of access."""
    status = failure.status or 0
    if 300 <= status < 400:
        return CallRedirected(failure, hint)
    if status in (401, 403) or (login and status == 400):
        return CallDenied(failure, hint)
    return CallFailed(failure, hint)


def _sentence(failure: CallFailure) -> str:
    """What happened in plain words; which call it was, and its status, in parentheses at the end."""
    reason = failure.server.message or failure.reason
    about = f" [{failure.server.field}]" if failure.server.field else ""
    status = f", {failure.status}" if failure.status is not None else ""
    start = _what_happened(failure)
    call = f"({failure.method} {failure.path}{status})"
    return f"{start}: {reason}{about} {call}" if reason else f"{start} {call}"


def _what_happened(failure: CallFailure) -> str:
    request = "the login" if failure.path.endswith("/authsessions") else "the request"
    if failure.classification is Classification.REJECTED:
        return f"the server refused {request}"
    if failure.classification is Classification.NOT_SENT and not failure.begun:
        return "the server could not be reached"
    return f"{request} got no answer that can be relied on"
