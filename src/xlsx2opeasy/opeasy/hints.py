"""What to do next about a call that did not end well."""

from xlsx2opeasy.http.clock import Clock, time_after
from xlsx2opeasy.opeasy.connection import Connection
from xlsx2opeasy.opeasy.errors import CallFailure, Cause, Classification


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
