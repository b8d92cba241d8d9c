"""A request that did not end well: its class, its reason, what the server said, and what to do next."""

import json
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Final

import httpx

from xlsx2opeasy.display import in_message
from xlsx2opeasy.http.clock import Clock, time_after
from xlsx2opeasy.http.reach import certificate_error
from xlsx2opeasy.http.retry import retry_after
from xlsx2opeasy.http.strict_json import BadAnswer, read_json
from xlsx2opeasy.http.transport import Progress
from xlsx2opeasy.masking import Masker, is_secret_name, without_secrets
from xlsx2opeasy.opeasy.calls import Answer, ApiCall
from xlsx2opeasy.opeasy.connection import Connection
from xlsx2opeasy.opeasy.errors import CallError, CallFailure, Cause, Classification, ServerWords, error_of
from xlsx2opeasy.opeasy.reading import is_usable_id
from xlsx2opeasy.problems import MASK

_REFUSALS: Final = frozenset({400, 401, 403, 404, 405, 406, 408, 409, 411, 413, 415, 422, 425, 429})
"""Statuses that say the call was not applied; with 3xx."""
_SEE_THERE: Final = frozenset({301, 302, 303})
"""Redirects that a start may be answered with because it was applied: its run is there (RFC 9110, 15.4.4)."""


def failure_of(
    call: ApiCall,
    progress: Progress,
    problem: Exception | None,
    proxy: httpx.Proxy | None,
    mask: Masker,
) -> CallFailure:
    """What is known of a request that ended with `problem`, or, where that is None, with no 2xx."""
    cause, reason = _cause(progress, problem, proxy)
    is_2xx = progress.response is not None and progress.response.is_success
    said = ServerWords() if is_2xx else server_words(progress.body, lambda text: _masked(text, mask, call))
    return CallFailure(
        classification=_classified(call, progress),
        method=call.endpoint.method,
        path=call.endpoint.path,
        request_id=call.request_id,
        status=progress.status,
        server=said,
        reason=in_message(mask.whole(reason)),
        cause=cause,
        evidence_id=evidence_of(call, progress.header("Location"), progress.body, mask),
        retry_after=retry_after(progress.header("Retry-After"), progress.header("Date")),
        begun=progress.begun,
    )


def _cause(
    progress: Progress, problem: Exception | None, proxy: httpx.Proxy | None
) -> tuple[Cause | None, str]:
    """What a person must look after, if anything, and the reason in words."""
    if problem is None:
        return None, HTTPStatus(progress.status).phrase if progress.status in set(HTTPStatus) else ""
    if (found := certificate_error(problem)) is not None:
        return Cause.CERTIFICATE, f"the certificate is not trusted: {found}"
    if isinstance(problem, httpx.ProxyError) and proxy is not None:
        refused = str(problem).startswith("4")
        where = f"the proxy {proxy.url} answered {in_message(str(problem))}"
        return (Cause.PROXY if refused else None), where
    if proxy is not None and not progress.begun:
        return None, f"{_reason(problem)}, by the proxy {proxy.url}"
    return None, _reason(problem)


def misunderstood(call: ApiCall, answer: Answer, problem: BadAnswer) -> CallError:
    """A 2xx answer without what it should contain: the call's outcome is unknown."""
    failure = CallFailure(
        classification=Classification.UNKNOWN,
        method=call.endpoint.method,
        path=call.endpoint.path,
        request_id=call.request_id,
        status=answer.status,
        reason=in_message(answer.mask(f"the answer cannot be understood, {problem}")),
        evidence_id=evidence_of(call, answer.location, answer.body, answer.mask),
        retry_after=answer.retry_after,
    )
    return error_of(failure)


def evidence_of(
    call: ApiCall, location: str | None, body: bytes | bytearray, mask: Masker | None = None
) -> str | None:
    """An id that arrived in an answer which is no success by itself, for a call that makes something.

    What holds a credential is none.
    """
    if call.endpoint.success[0] not in (201, 202) or call.endpoint.name == "authenticate":
        return None
    own = {*call.ids.values(), *_IDS.findall(json.dumps(call.body))}
    found = _LOCATION.search(location or "")
    ids = ([found[1]] if found else []) + _IDS.findall(body.decode("utf-8", "replace"))
    fit = (each for each in ids if each not in own and is_usable_id(mask(each) if mask else each))
    return next(fit, None)


_LOCATION = re.compile(r"/(?:scheduledoperations|operations|webhooks)/([A-Za-z0-9_-]+)")
_IDS = re.compile(r'"id"\s*:\s*"([A-Za-z0-9_-]+)"')


def _classified(call: ApiCall, progress: Progress) -> Classification:
    if not progress.begun:
        return Classification.NOT_SENT
    status = progress.status or 0
    began = status in _SEE_THERE and call.endpoint.name == "scheduleOperation"
    refused = not began and (status in _REFUSALS or 300 <= status < 400)
    return Classification.REJECTED if refused else Classification.UNKNOWN


def _reason(problem: Exception) -> str:
    match problem:
        case httpx.ConnectTimeout():
            return "the server did not answer the connection in time"
        case httpx.ConnectError():
            return _no_connection(str(problem))
        case httpx.TimeoutException():
            return "the time was over before the whole answer had come"
        case httpx.LocalProtocolError():
            return f"the file changed while it was sent ({problem})"
        case BadAnswer():
            return f"the answer cannot be understood, {problem}"
        case OSError():
            return f"the file to be sent could not be read to its end ({problem.strerror})"
        case _:
            return f"the connection broke before the whole answer had come ({type(problem).__name__})"


_NO_CONNECTION: Final = (
    ("refused", "nothing answers at this address"),
    ("not known", "there is no server of this name"),
    ("name resolution", "there is no server of this name, or no network"),
    ("getaddrinfo", "there is no server of this name"),
    ("nodename", "there is no server of this name"),
    ("unreachable", "no network leads there"),
    ("ssl", "no secure connection could be made; perhaps it is another port, or no https"),
)


def _no_connection(technical: str) -> str:
    """Why there is no connection, in words; the system's own words follow in parentheses."""
    technical = re.sub(r"^\[[^\]]*\] *", "", technical)
    known = (words for part, words in _NO_CONNECTION if part in technical.casefold())
    return f"{next(known, 'no connection')} ({technical})"


def _masked(text: str, mask: Masker, call: ApiCall) -> str:
    """The server's words without keys and tokens, and without the passwords of the tasks that were sent."""
    text = mask.whole(text)
    if text and call.upload is not None:
        with call.upload.opened() as file:
            sent = file if isinstance(file, bytes) else file.read()
        text = without_secrets(text, json.loads(sent))
    return text


def server_words(body: bytes | bytearray, mask: Callable[[str], str]) -> ServerWords:
    """What an error body says (Appendix VI); a body that says nothing readable is no reason to fail.

    `mask` takes known secrets out. Where the input that caused the error is a secret field, its
    value is masked wherever it shows.
    """
    try:
        error = read_json(body)
    except BadAnswer:
        return ServerWords()
    if not isinstance(error, dict):
        return ServerWords()
    details = (error.get("validationError"), error.get("generalError"))
    inner: dict[str, object] = next((each for each in details if isinstance(each, dict)), {})
    field = _spoken(inner.get("fieldName"))
    message = _spoken(inner.get("message")) or _spoken(error.get("message"))
    entered = _spoken(inner.get("originalInput"))
    if entered and is_secret_name(field):
        message, entered = message.replace(entered, MASK), MASK
    code = _spoken(error.get("errorCode"))
    return ServerWords(*(in_message(mask(text)) for text in (code, message, field, entered)))


def _spoken(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""


def hint_for(failure: CallFailure, connection: Connection, *, login: bool) -> str:
    """One sentence for a person."""
    status = failure.status or 0
    if failure.cause is Cause.CERTIFICATE:
        return "If the server's certificate is from your own authority, give its file with --ca-bundle"
    if failure.cause is Cause.PROXY:
        return "Look at HTTPS_PROXY and NO_PROXY, or ask who runs the proxy"
    if 300 <= status < 400:
        return (
            f"{connection.origin} answers with a redirect, which is not followed; correct OPEASY_URL or --url"
        )
    if login and status in (400, 401, 403):
        return f"Check the API key and the enterprise id {connection.enterprise_id!r}"
    if status in (401, 403):
        return f"The API key may not do this for the enterprise {connection.enterprise_id!r}"
    if failure.classification is Classification.NOT_SENT:
        return f"Check the network and the URL {connection.origin}"
    return ""


def wait_hint(seconds: float, clock: Clock) -> str:
    """When to go on after the server asked for a pause that is too long to sit through."""
    return f"The server asks for a pause: resume after {time_after(seconds, clock)}"
