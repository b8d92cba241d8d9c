"""The 38 endpoints: which function answers a request, and what each demands of its headers and query.

Strict where the specification is: a header, a part, a query parameter or a field that it requires and that
is missing is refused, and so is one that it does not name.
"""

import re
from collections.abc import Callable

from . import access, drafts, runs
from .appendix import PROCESSING_ORDER
from .messages import Answer, Refused, Request, general_error, validation_error
from .state import State

Handler = Callable[..., Answer]

_JSON, _FILE = "application/json", "application/octet-stream"
_ONE = "([^/]+)"
_TYPE = f"({'|'.join(each.lower() for each in PROCESSING_ORDER)})"
_OPERATION, _RUN = f"/v1/operations/{_ONE}", f"/v1/scheduledoperations/{_ONE}"
_ERRORS = f"{_OPERATION}/{_TYPE}/validationerrors"

ROUTES: list[tuple[str, str, Handler, set[str]]] = [
    ("POST", "/v1/authsessions", access.authenticate, {_JSON}),
    ("POST", "/v1/webhooks", access.register_webhook, {_JSON}),
    ("GET", "/v1/webhooks", access.get_webhooks, {_JSON}),
    ("GET", f"/v1/webhooks/{_ONE}", access.get_webhook, {_JSON}),
    ("DELETE", f"/v1/webhooks/{_ONE}", access.remove_webhook, {_JSON}),
    ("POST", "/v1/operations", drafts.create_operation, {_JSON}),
    ("PATCH", _OPERATION, drafts.append_tasks, {_JSON}),
    ("GET", _OPERATION, drafts.get_operation, {_JSON}),
    ("GET", f"{_OPERATION}/{_TYPE}", drafts.get_tasks, {_JSON, _FILE}),
    ("GET", _ERRORS, drafts.get_errors, {_JSON, _FILE}),
    ("GET", f"{_ERRORS}/{_ONE}", drafts.get_error, {_JSON}),
    ("DELETE", f"{_ERRORS}/{_ONE}", drafts.delete_error, set()),
    ("DELETE", _OPERATION, drafts.delete_operation, set()),
    ("POST", "/v1/scheduledoperations", runs.schedule, {_JSON}),
    ("GET", f"{_RUN}/status", runs.get_status, {_JSON}),
    ("GET", f"{_RUN}/results", runs.get_results, {_JSON}),
    ("GET", f"{_RUN}/results/{_TYPE}", runs.get_results_of_type, {_JSON, _FILE}),
    ("DELETE", _RUN, runs.delete_scheduled, set()),
]
"""Method, path, handler, and the media types of which `Accept` must name one (Required Headers)."""


def answer(state: State, request: Request) -> Answer:
    """Applies the request to the state, or says why not."""
    try:
        handler, variables, accepts = _route(request)
        if handler is not access.authenticate:
            state.use_token(request.header("Authorization"))
        _check_accept(state, request, accepts)
        _check_query(request, is_paged=_FILE in accepts)
        if state.settings.body_limit is not None and len(request.body) > state.settings.body_limit:
            return general_error(413, "Payload Too Large")
        return handler(state, request, *variables)
    except Refused as refused:
        return refused.answer


def _route(request: Request) -> tuple[Handler, tuple[str, ...], set[str]]:
    allowed = set()
    for method, pattern, handler, accepts in ROUTES:
        if (found := re.fullmatch(pattern, request.path)) is not None:
            if method == request.method:
                return handler, found.groups(), accepts
            allowed.add(method)
    if allowed:
        raise Refused(Answer(405, None, {"Allow": ", ".join(sorted(allowed))}))
    raise Refused(general_error(404, "Not Found", original=request.path))


def _check_accept(state: State, request: Request, accepts: set[str]) -> None:
    named = {each.partition(";")[0].strip() for each in request.header("Accept").split(",")}
    if accepts and not accepts & named:
        raise Refused(general_error(406, "Not Acceptable", original=request.header("Accept")))
    if _FILE in accepts & named and not state.settings.downloads:
        raise Refused(general_error(406, "Not Acceptable", "File Download is not available"))


def _check_query(request: Request, *, is_paged: bool) -> None:
    names = [name for name, _ in request.query]
    if not set(names) <= ({"pageSize", "pageNumber"} if is_paged else set()) or len(set(names)) < len(names):
        raise Refused(validation_error("query", "unknown query parameter", request.target))
    if request.method in {"GET", "DELETE"} and request.body:
        raise Refused(validation_error("body", "this request has no body", len(request.body)))
