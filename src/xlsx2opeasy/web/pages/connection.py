"""*Connection*: profile, server, enterprise and key, with the checks of `doctor`."""

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xlsx2opeasy.web.pages.requests import desk_of


def connection(request: Request) -> Response:
    """What is set, and where it comes from."""
    desk = desk_of(request)
    destination, unreachable = desk.reachable()
    return desk.pages.page(
        "connection.html.j2",
        destination=destination,
        unreachable=unreachable,
        sandbox=desk.sandbox is not None,
    )


ROUTES = [Route("/connection", connection)]
