"""One GET of the Webex API with its retries, and what an answer that is no 200 means."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Final

import httpx

from xlsx2opeasy.errors import AccessDenied, ServiceFailed, UsageError, Xlsx2OpeasyError
from xlsx2opeasy.http.clock import Clock, time_after
from xlsx2opeasy.http.reach import certificate_error, proxy_to, tls_context, user_agent
from xlsx2opeasy.http.retry import Jitter, RetryPolicy, retry_after, uniform
from xlsx2opeasy.http.strict_json import MAX_BODY_BYTES, BadAnswer, cleaned, read_json
from xlsx2opeasy.http.transport import DeadlineTransport, deadline
from xlsx2opeasy.problems import MASK
from xlsx2opeasy.webex.connection import WebexConnection

POLICY: Final = RetryPolicy(tries=6, seconds=180.0, longest_pause=30.0, longest_retry_after=120.0)
"""A person sits before a list, so it gives up sooner than a load; `seconds` bounds ordered waits too."""
_WORTH_TELLING = 1.0
_CONNECT, _READ, _WHOLE = 10.0, 60.0, 120.0
_PASSING: Final = frozenset({408, 423, 425, 429, 500, 502, 503, 504})
"""Statuses after which a GET may be answered the next time ("Response Codes")."""
_HINTS: Final[Mapping[int, str]] = {
    400: "check --org-id, --start and --max",
    401: "the access token is wrong or no longer valid (those of developer.webex.com live 12 hours):"
    " set WEBEX_ACCESS_TOKEN anew",
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

    def __init__(self, told: Xlsx2OpeasyError, asked: float | None = None) -> None:
        super().__init__(told.message)
        self.told = told
        self.asked = asked


class WebexExchange:
    """GETs with the token, and only to URLs that the caller has found to be of the API's own origin."""

    def __init__(
        self,
        connection: WebexConnection,
        clock: Clock,
        policy: RetryPolicy = POLICY,
        jitter: Jitter = uniform,
        on_pause: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._policy = policy
        self._jitter = jitter
        self._on_pause = on_pause
        proxy = proxy_to(httpx.URL(connection.base_url).host)
        self._http = httpx.Client(
            transport=DeadlineTransport(tls_context(), proxy, clock),
            headers={
                "Accept": "application/json",
                "Accept-Encoding": "identity",
                "Connection": "close",
                "User-Agent": user_agent(),
            },
            timeout=httpx.Timeout(_READ, connect=_CONNECT),
            follow_redirects=False,
            trust_env=False,
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        )

    def close(self) -> None:
        """Lets go of the connections."""
        self._http.close()

    def get(self, url: httpx.URL) -> Page:
        """The page at `url`. Raises AccessDenied, UsageError (a redirect), ServiceFailed."""
        started = self._clock.monotonic()
        failures = 0
        while True:
            try:
                return self._once(url)
            except _Unanswered as failed:
                failures += 1
                pause = self._pause(failed, failures, self._clock.monotonic() - started)
                if pause >= _WORTH_TELLING:
                    self._on_pause(f"{failed.told.message}; trying again in {pause:.0f} s")
                self._clock.sleep(pause)

    def _pause(self, failed: _Unanswered, failures: int, spent: float) -> float:
        """Seconds until the next try; raises what the failure is to be told as where there is none."""
        if failed.asked is None:
            pause = self._policy.pause(failures, self._jitter)
        elif failed.asked > self._policy.longest_retry_after:
            when = time_after(failed.asked, self._clock)
            raise ServiceFailed(
                failed.told.message, f"the server asks for a pause: try again after {when}"
            ) from None
        else:
            pause = failed.asked * (1 + self._jitter(0.0, 0.1))
        if failures >= self._policy.tries or spent + pause > self._policy.seconds:
            raise failed.told from None
        return pause

    def _once(self, url: httpx.URL) -> Page:
        request = self._http.build_request(
            "GET", url, headers={"Authorization": f"Bearer {self._connection.token.reveal()}"}
        )
        try:
            response, body = self._receive(request)
            if response.status_code == HTTPStatus.OK:
                return Page(url, read_json(body), tuple(response.headers.get_list("Link")))
        except (httpx.ConnectError, httpx.ProxyError) as problem:
            if lasting := _lasting(problem):
                raise lasting from None
            raise _Unanswered(self._unreached(f"no connection ({problem})")) from None
        except httpx.TimeoutException:
            raise _Unanswered(self._unreached("no whole answer came in time")) from None
        except (httpx.HTTPError, httpx.StreamError) as problem:
            broke = f"the connection broke before the whole answer had come ({type(problem).__name__})"
            raise _Unanswered(self._unreached(broke)) from None
        except BadAnswer as problem:
            raise _Unanswered(self._unreached(f"the answer cannot be understood, {problem}")) from None
        raise self._refused(response, body)

    def _receive(self, request: httpx.Request) -> tuple[httpx.Response, bytes]:
        body = bytearray()
        with deadline(self._clock.monotonic() + _WHOLE):
            response = self._http.send(request, stream=True)
            try:
                for piece in response.iter_bytes():
                    body += piece
                    if len(body) > MAX_BODY_BYTES:
                        raise BadAnswer("it is too large")
            finally:
                response.close()
        return response, bytes(body)

    def _unreached(self, why: str) -> ServiceFailed:
        return ServiceFailed(
            f"{self._connection.base_url} did not give the list of jobs: {cleaned(self._scrubbed(why))}",
            "check the network and WEBEX_URL, then try again",
        )

    def _refused(self, response: httpx.Response, body: bytes) -> Exception:
        status = response.status_code
        phrase = HTTPStatus(status).phrase if status in set(HTTPStatus) else "no status of HTTP"
        said = cleaned(self._scrubbed(server_words(body)))
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

    def _scrubbed(self, text: str) -> str:
        return text.replace(self._connection.token.reveal(), MASK)


def _lasting(problem: Exception) -> ServiceFailed | None:
    """What no further try can help: a person must put it right."""
    if (told := certificate_error(problem)) is not None:
        return ServiceFailed(
            f"the certificate of the server is not trusted: {told}",
            "is this network's own certificate authority in the operating system's store?",
        )
    if isinstance(problem, httpx.ProxyError) and str(problem).startswith("4"):
        return ServiceFailed(
            f"the proxy answered {cleaned(str(problem))}", "look at HTTPS_PROXY and NO_PROXY"
        )
    return None


def server_words(body: bytes) -> str:
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
