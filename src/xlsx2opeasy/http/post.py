"""One POST to an address of the user's, outside the API: no redirect is followed, the answer is not read."""

from collections.abc import Mapping
from pathlib import Path

import httpx

from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.http.clock import SystemClock
from xlsx2opeasy.http.reach import certificate_error, proxy_to, tls_context
from xlsx2opeasy.http.transport import DeadlineTransport, deadline


def post_once(
    url: str, body: bytes, headers: Mapping[str, str], *, ca_bundle: Path | None, seconds: float
) -> str:
    """Why the body was not taken, or "" where the answer was a 2xx. Takes at most so many seconds."""
    clock = SystemClock()
    try:
        transport = DeadlineTransport(tls_context(ca_bundle), proxy_to(httpx.URL(url).host), clock)
        with (
            httpx.Client(transport=transport, follow_redirects=False) as client,
            deadline(clock.monotonic() + seconds),
            client.stream("POST", url, content=body, headers=dict(headers)) as answer,
        ):
            return "" if answer.is_success else f"the answer was {answer.status_code}"
    except UsageError as error:
        return error.message
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        return certificate_error(error) or type(error).__name__
