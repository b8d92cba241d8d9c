"""Where the Webex API is; one GET of it with its retries, and what an answer that is no 200 means."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import httpx

from xlsx2opeasy.display import in_message
from xlsx2opeasy.errors import AccessDenied, ServiceFailed, UsageError, Xlsx2OpeasyError
from xlsx2opeasy.http.clock import time_after
from xlsx2opeasy.http.protocol import RequestEvent, request_ended
from xlsx2opeasy.http.reach import (
    certificate_error,
    checked_url,
    proxy_to,
    require_safe_scheme,
    tls_context,
    user_agent,
)
from xlsx2opeasy.http.retry import SILENCE, NoMoreTries, RetryLoop, RetryPolicy, Tries, retry_after
from xlsx2opeasy.http.strict_json import MAX_BODY_BYTES, BadAnswer, read_json
from xlsx2opeasy.http.transport import Progress, http_client, receive
from xlsx2opeasy.masking import Masker
from xlsx2opeasy.secret import Secret

DEFAULT_URL: Final = "https://webexapis.com/v1"
_RIGHT_FORM = f"WEBEX_URL ends in /v1, for example {DEFAULT_URL}"
_SCHEME = "bearer "


def checked_base(url: str) -> str:
    """`url` as `https://host[:port]/v1`, without the slash at its end.

    Only `https`, and `http` to a loopback address; no user name, query or fragment. Raises UsageError.
    """
    parts = checked_url(url, _RIGHT_FORM)
    path = parts.path.rstrip("/")
    if not path.endswith("/v1"):
        raise UsageError("The URL of Webex does not end in /v1", _RIGHT_FORM)
    require_safe_scheme(parts, _RIGHT_FORM)
    return f"{parts.scheme}://{parts.netloc.lower()}{path}"


@dataclass(frozen=True, slots=True)
class WebexConnection:
    """The API's base URL and an access token; checked when it is made (UsageError, AccessDenied)."""

    token: Secret
    base_url: str = DEFAULT_URL

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", checked_base(self.base_url))
        token = self.token.reveal().strip()
        if token.casefold().startswith(_SCHEME):
            token = token[len(_SCHEME) :].strip()
        if not token:
            raise AccessDenied("there is no Webex access token", "set WEBEX_ACCESS_TOKEN")
        if not all("!" <= each <= "~" for each in token):
            raise UsageError(
                "the Webex access token holds a space, a line break or a character that no token has",
                "copy it again, whole and alone",
            )
        object.__setattr__(self, "token", Secret(token))


POLICY: Final = RetryPolicy(
    tries=6, seconds=180.0, longest_pause=30.0, longest_retry_after=120.0, counts_ordered=True
)
"""A person sits before a list, so it gives up sooner than a load; `seconds` bounds ordered waits too."""
_CONNECT, _READ, _WHOLE = 10.0, 60.0, 120.0
_PASSING: Final = frozenset({408, 423, 425, 429, 500, 502, 503, 504})
"""Statuses after which a GET may be answered the next time ("Response Codes")."""
_HINTS: Final[Mapping[int, str]] = {
    400: "check --org-id, --start and --max",
    401: "the access token is wrong or no longer valid (those of developer.webex.com live 12 hours):"
    " set WEBEX_ACCESS_TOKEN again",
    403: "the token must be a full or read-only administrator's, with the scope"
    " spark-admin:telephony_config_read",
    404: "check WEBEX_URL and --org-id",
    423: "the list is locked at the moment; try again later",
    429: "too many requests were made with this token; try again later",
    504: "ask for fewer jobs at a time with a smaller --max",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A whole 200: its JSON, and the `Link` headers."""

    url: httpx.URL
    body: object
    links: tuple[str, ...]


class _Unanswered(Exception):
    """A try that may be repeated; `asked` is the pause in seconds that the server asked for."""

    def __init__(self, error: Xlsx2OpeasyError, asked: float | None = None, *, reached: bool = True) -> None:
        super().__init__(error.message)
        self.error = error
        self.asked = asked
        self.reached = reached


class WebexExchange:
    """GETs with the token, and only to URLs that the caller has found to be of the API's own origin."""

    def __init__(self, connection: WebexConnection, loop: RetryLoop) -> None:
        self._connection = connection
        self._loop = loop
        self._mask = Masker(connection.token)
        self._http = http_client(
            tls_context(),
            proxy_to(httpx.URL(connection.base_url).host),
            loop.clock,
            httpx.Timeout(_READ, connect=_CONNECT),
            {"Accept": "application/json", "User-Agent": user_agent()},
        )

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def get(self, url: httpx.URL) -> Page:
        """The page at `url`. Raises AccessDenied, UsageError (a redirect), ServiceFailed."""
        tries = self._loop.begin()
        while True:
            try:
                page = self._once(url)
            except _Unanswered as failed:
                self._wait(tries, failed)
            else:
                tries.well_ended()
                return page

    def _wait(self, tries: Tries, failed: _Unanswered) -> None:
        """Waits until the next try; raises what the failure is where there is none."""
        try:
            tries.wait(failed.error.message, failed.asked, unreached=not failed.reached)
        except NoMoreTries as over:
            if over.asked is None:
                raise failed.error from None
            when = time_after(over.asked, self._loop.clock)
            raise ServiceFailed(
                failed.error.message, f"the server asks for a pause: try again after {when}"
            ) from None

    def _once(self, url: httpx.URL) -> Page:
        request = self._http.build_request(
            "GET", url, headers={"Authorization": f"Bearer {self._connection.token.reveal()}"}
        )
        progress, started = Progress(), self._loop.clock.monotonic()
        try:
            with self._loop.watching(lambda: self._silent(progress)):
                receive(self._http, request, progress, self._ends_at(started), lambda _: MAX_BODY_BYTES)
            if progress.status == HTTPStatus.OK:
                body = self._mask.tree(read_json(progress.body))
                return Page(url, body, tuple(_response(progress).headers.get_list("Link")))
        except (httpx.ConnectError, httpx.ProxyError) as problem:
            if lasting := _lasting(problem):
                raise lasting from None
            raise self._unreached(f"no connection ({problem})", progress) from None
        except httpx.TimeoutException:
            raise self._unreached("no whole answer came in time", progress) from None
        except (httpx.HTTPError, httpx.StreamError) as problem:
            broke = f"the connection broke before the whole answer had come ({type(problem).__name__})"
            raise self._unreached(broke, progress) from None
        except BadAnswer as problem:
            raise self._unreached(f"the answer cannot be understood, {problem}", progress) from None
        finally:
            self._loop.answered |= progress.response is not None
            took = round(1000 * (self._loop.clock.monotonic() - started))
            request_ended(RequestEvent("GET", url.path, progress.status, took, ""), None)
        raise self._refused(_response(progress), progress.body)

    def _ends_at(self, started: float) -> float:
        ends_at = started + _WHOLE
        return ends_at if self._loop.answered else min(ends_at, self._loop.first_contact_ends())

    def _silent(self, progress: Progress) -> str:
        if progress.response is not None or self._loop.answered:
            return ""
        return f"{self._connection.base_url} has not answered after {SILENCE:.0f} s"

    def _unreached(self, why: str, progress: Progress) -> _Unanswered:
        error = ServiceFailed(
            f"{self._connection.base_url} did not give the list of jobs: {in_message(self._mask(why))}",
            "check the network and WEBEX_URL, then try again",
        )
        return _Unanswered(error, reached=progress.response is not None)

    def _refused(self, response: httpx.Response, body: bytes | bytearray) -> Exception:
        status = response.status_code
        phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "no status of HTTP"
        said = in_message(self._mask(server_words(body)))
        message = f"Webex answered {status} ({phrase}){': ' if said else ''}{said}"
        hint = _HINTS.get(status, "")
        if status in (401, 403):
            return AccessDenied(message, hint)
        if 300 <= status < 400:
            return UsageError(f"{message}; a redirect is not followed", "correct WEBEX_URL")
        failed = ServiceFailed(message, hint)
        if status not in _PASSING:
            return failed
        asked = retry_after(response.headers.get("Retry-After"), response.headers.get("Date"))
        return _Unanswered(failed, asked)


def _response(progress: Progress) -> httpx.Response:
    assert progress.response is not None
    return progress.response


def _lasting(problem: Exception) -> ServiceFailed | None:
    """What no further try can help: a person must put it right."""
    if (trouble := certificate_error(problem)) is not None:
        return ServiceFailed(
            f"the certificate of the server is not trusted: {trouble}",
            "is this network's own certificate authority in the operating system's store?",
        )
    if isinstance(problem, httpx.ProxyError) and str(problem).startswith("4"):
        return ServiceFailed(
            f"the proxy answered {in_message(str(problem))}", "look at HTTPS_PROXY and NO_PROXY"
        )
    return None


def server_words(body: bytes | bytearray) -> str:
    """What an error body says, in either of Webex's two shapes; "" where it says nothing readable."""
    try:
        error = read_json(body)
    except BadAnswer:
        return ""
    if not isinstance(error, dict):
        return ""
    said = [error.get("message"), *_descriptions(error.get("errors")), *_descriptions(error.get("error"))]
    texts = list(dict.fromkeys(each for each in said if isinstance(each, str) and each))
    if isinstance(tracking := error.get("trackingId"), str):
        texts.append(f"trackingId {tracking}")
    return "; ".join(texts)


def _descriptions(errors: object) -> list[object]:
    """`errors: [{description}]`, or `error: [{key, message: [{description, code}]}]`."""
    found: list[object] = []
    for each in errors if isinstance(errors, list) else []:
        if isinstance(each, dict):
            found.append(each.get("description"))
            found += _descriptions(each.get("message"))
    return found
