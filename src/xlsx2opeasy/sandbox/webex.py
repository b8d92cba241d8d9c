"""Webex Calling's "change device settings" jobs, simulated: list, start, look at one, its errors.

Routes that are served beside OpEasy's (`create_app(extra_routes=…)`). Any bearer token is accepted. The
shapes are those of the developer pages and of the published OpenAPI description; where these differ from
what live servers send (`errorType`, 200 for POST), a setting chooses.
"""

import json
import uuid
from dataclasses import dataclass
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xlsx2opeasy.sandbox.webex_jobs import History, SimulatedJob

PATH: Final = "/v1/telephony/config/jobs/devices/callDeviceSettings"
MOST: Final = 2000
_LARGEST_BODY: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class WebexSettings:
    """How the simulated Webex behaves.

    `page_limit` is the most jobs on one page, whatever `max` asks for. `start_status` is what POST answers
    (the description says 200, Cisco's own collection tests 202). Without `error_types` errors look as the
    pages document them, without `errorType`. `too_many` requests are answered 429 before any other, with
    `retry_after` as its header ("" for none).
    """

    page_limit: int = MOST
    start_status: int = 202
    error_types: bool = True
    too_many: int = 0
    retry_after: str = "1"


class _Refused(Exception):
    def __init__(self, status: int, description: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(description)
        self.status = status
        self.headers = headers or {}


class SimulatedWebex:
    """The four endpoints on one history; `requests` counts what came in."""

    def __init__(self, settings: WebexSettings | None = None, history: History | None = None) -> None:
        self.settings = settings or WebexSettings()
        self.history = history or History.believable()
        self.requests = 0

    def routes(self) -> list[Route]:
        """To be served with OpEasy's."""
        return [
            self._route("", "GET", self._list),
            self._route("", "POST", self._start),
            self._route("/{job_id}", "GET", self._get),
            self._route("/{job_id}/errors", "GET", self._errors),
        ]

    def _route(self, rest: str, method: str, handle: Any) -> Route:  # noqa: ANN401
        async def guarded(request: Request) -> Response:
            tracking = f"ATLAS_{uuid.uuid4()}_0"
            try:
                self._admit(request)
                answer: Response = await handle(request)
            except _Refused as refused:
                answer = _error(refused, tracking)
            answer.headers["TrackingID"] = tracking
            return answer

        return Route(PATH + rest, guarded, methods=[method], include_in_schema=False)

    def _admit(self, request: Request) -> None:
        self.requests += 1
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.casefold() != "bearer" or not token.strip():
            raise _Refused(401, "The request requires a valid access token set in the Authorization header.")
        if self.requests <= self.settings.too_many:
            wait = {"Retry-After": self.settings.retry_after} if self.settings.retry_after else {}
            raise _Refused(429, "Too many requests have been sent in a given amount of time.", wait)

    # -- the endpoints ------------------------------------------------------------------------------------

    async def _list(self, request: Request) -> Response:
        jobs = [job.as_json() for job in self.history.latest_first()]
        return self._page(request, jobs)

    async def _get(self, request: Request) -> Response:
        return _json({**self._job(request).as_json(), "name": "calldevicesettings"})

    async def _errors(self, request: Request) -> Response:
        return self._page(request, self._job(request).errors(with_types=self.settings.error_types))

    async def _start(self, request: Request) -> Response:
        body = await _body(request)
        location = body.get("locationId") or ""
        if not isinstance(location, str):
            raise _Refused(400, "Invalid field: locationId")
        if self.history.running() is not None:
            raise _Refused(
                409, "Another change device settings job is in progress for this customer. Try again later."
            )
        job = self.history.begin(
            location, customized=bool(body.get("locationCustomizationsEnabled") or body.get("customEnabled"))
        )
        return _json({**job.as_json(), "name": "calldevicesettings"}, self.settings.start_status)

    # -- pages --------------------------------------------------------------------------------------------

    def _page(self, request: Request, items: list[dict[str, Any]]) -> Response:
        start, most = _number(request, "start", 0, least=0), _number(request, "max", MOST, least=1)
        size = min(most, self.settings.page_limit)
        answer = _json({"items": items[start : start + size]})
        if start + size < len(items):
            following = request.url.include_query_params(start=start + size, max=most)
            answer.headers["Link"] = f'<{following}>; rel="next"'
        return answer

    def _job(self, request: Request) -> SimulatedJob:
        job = self.history.job(request.path_params["job_id"])
        if job is None:
            raise _Refused(404, "The job could not be found.")
        return job


def _number(request: Request, name: str, default: int, *, least: int) -> int:
    text = request.query_params.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) >= least):
        raise _Refused(400, f"Invalid query parameter: {name}")
    return int(text)


async def _body(request: Request) -> dict[str, Any]:
    raw = bytearray()
    async for piece in request.stream():
        raw += piece
        if len(raw) > _LARGEST_BODY:
            raise _Refused(400, "The body is too large.")
    try:
        body = json.loads(raw) if raw else {}
    except ValueError:
        raise _Refused(400, "The body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise _Refused(400, "The body must be a JSON object.")
    return body


def _json(body: dict[str, Any], status: int = 200) -> Response:
    return Response(json.dumps(body), status, media_type="application/json;charset=UTF-8")


def _error(refused: _Refused, tracking: str) -> Response:
    said = str(refused)
    body = {"message": said, "errors": [{"description": said}], "trackingId": tracking}
    answer = _json(body, refused.status)
    answer.headers.update(refused.headers)
    return answer
