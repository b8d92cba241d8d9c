"""What became of a request that did not end well: its class, its reason, and what arrived all the same."""

import json
import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import httpx

from xlsx2opeasy.http.reach import certificate_error
from xlsx2opeasy.http.retry import retry_after
from xlsx2opeasy.http.strict_json import BadAnswer, cleaned
from xlsx2opeasy.opeasy.answers import Answer, server_words
from xlsx2opeasy.opeasy.calls import Call
from xlsx2opeasy.opeasy.errors import CallError, CallFailure, Cause, Classification, ServerWords, error_of
from xlsx2opeasy.opeasy.masking import without_secrets
from xlsx2opeasy.opeasy.reading import is_usable_id
from xlsx2opeasy.problems import MASK
from xlsx2opeasy.secret import Secret

_REFUSALS: Final = frozenset({400, 401, 403, 404, 405, 406, 408, 409, 411, 413, 415, 422, 425, 429})
"""Statuses that say the call was not applied; with 3xx."""


class Progress:
    """How far one request got."""

    def __init__(self) -> None:
        self.begun = False
        self.body = bytearray()
        self.response: httpx.Response | None = None

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """httpcore's trace: a CONNECT to a proxy is not yet the request."""
        if event == "http11.send_request_headers.started" and info["request"].method != b"CONNECT":
            self.begun = True

    def header(self, name: str) -> str | None:
        """A header of the answer, where there is one."""
        return None if self.response is None else self.response.headers.get(name)

    @property
    def status(self) -> int | None:
        """The answer's status code, where one arrived."""
        return None if self.response is None else self.response.status_code


def failure_of(
    call: Call,
    progress: Progress,
    problem: Exception | None,
    proxy: httpx.Proxy | None,
    known: list[Secret],
    hidden: Callable[[str], str],
) -> CallFailure:
    """What is known of a request that ended with `problem`, or with a status that is no 2xx where it is None.

    `known` are secrets that are taken out of the server's words; `hidden` takes others out of a text.
    """
    cause, reason = _cause(progress, problem, proxy)
    is_2xx = progress.response is not None and progress.response.is_success
    said = (
        ServerWords()
        if is_2xx
        else server_words(progress.body, lambda text: hidden(_scrubbed(text, known, call)))
    )
    return CallFailure(
        classification=_classified(progress),
        method=call.endpoint.method,
        path=call.endpoint.path,
        request_id=call.request_id,
        status=progress.status,
        server=said,
        reason=reason,
        cause=cause,
        evidence_id=evidence_of(call, progress.header("Location"), progress.body),
        retry_after=retry_after(progress.header("Retry-After"), progress.header("Date")),
        begun=progress.begun,
    )


def _cause(
    progress: Progress, problem: Exception | None, proxy: httpx.Proxy | None
) -> tuple[Cause | None, str]:
    """What a person must look after, if anything, and the reason in words."""
    if problem is None:
        return None, HTTPStatus(progress.status).phrase if progress.status in set(HTTPStatus) else ""
    if (told := certificate_error(problem)) is not None:
        return Cause.CERTIFICATE, f"the certificate is not trusted: {told}"
    if isinstance(problem, httpx.ProxyError) and proxy is not None:
        refused = str(problem).startswith("4")
        where = f"the proxy {proxy.url} answered {cleaned(str(problem))}"
        return (Cause.PROXY if refused else None), where
    if proxy is not None and not progress.begun:
        return None, f"{_reason(problem)}, by the proxy {proxy.url}"
    return None, _reason(problem)


def misunderstood(call: Call, answer: Answer, problem: BadAnswer) -> CallError:
    """A 2xx answer that says not what it should: nobody knows what became of the call."""
    failure = CallFailure(
        classification=Classification.UNKNOWN,
        method=call.endpoint.method,
        path=call.endpoint.path,
        request_id=call.request_id,
        status=answer.status,
        reason=f"the answer cannot be understood, {problem}",
        evidence_id=evidence_of(call, answer.location, answer.body),
        retry_after=answer.retry_after,
    )
    return error_of(failure)


def evidence_of(call: Call, location: str | None, body: bytes | bytearray) -> str | None:
    """An id that arrived in an answer which is no success by itself, for a call that makes something."""
    if call.endpoint.success[0] not in (201, 202) or call.endpoint.name == "authenticate":
        return None
    own = {*call.ids.values(), *_IDS.findall(json.dumps(call.body))}
    told = _LOCATION.search(location or "")
    ids = ([told[1]] if told else []) + _IDS.findall(body.decode("utf-8", "replace"))
    return next((each for each in ids if each not in own and is_usable_id(each)), None)


_LOCATION = re.compile(r"/(?:scheduledoperations|operations|webhooks)/([A-Za-z0-9_-]+)")
_IDS = re.compile(r'"id"\s*:\s*"([A-Za-z0-9_-]+)"')


def _classified(progress: Progress) -> Classification:
    if not progress.begun:
        return Classification.NOT_SENT
    status = progress.status or 0
    refused = status in _REFUSALS or 300 <= status < 400
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


def _scrubbed(text: str, known: list[Secret], call: Call) -> str:
    """The server's words without keys and tokens, and without the passwords of the tasks that were sent."""
    for secret in known:
        text = text.replace(secret.reveal(), MASK)
    if text and call.upload is not None:
        with call.upload.opened() as file:
            text = without_secrets(text, json.load(file))
    return text
