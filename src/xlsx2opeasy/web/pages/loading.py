"""The plan of a load, *Rehearse* and *Load*."""

from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xlsx2opeasy.errors import UsageError, Xlsx2OpeasyError
from xlsx2opeasy.web.desk import Desk
from xlsx2opeasy.web.pages.requests import apart, desk_of, fields_of, go_to, upload_of
from xlsx2opeasy.web.plan import Choices, plan_of
from xlsx2opeasy.web.runs import Run
from xlsx2opeasy.web.uploads import Upload


def plan(request: Request) -> Response:
    """The plan, with the forms that begin a rehearsal or a load."""
    desk, upload = desk_of(request), upload_of(request)
    try:
        choices = Choices.of(request.query_params)
    except UsageError as problem:
        return _plan(desk, upload, _without_stages(request.query_params), problem)
    return _plan(desk, upload, choices)


def _without_stages(fields: Mapping[str, str]) -> Choices:
    """What was chosen besides stages, where those cannot be understood."""
    return Choices.of({"skip": fields.get("skip", "")})


def _plan(desk: Desk, upload: Upload, choices: Choices, problem: Xlsx2OpeasyError | None = None) -> Response:
    destination, unreachable = desk.reachable()
    try:
        options = desk.load_options(upload, destination, choices, upload.results_place("results"))
        target = destination.target if destination else None
        view = plan_of(desk.store, upload.path, target, options)
    except Xlsx2OpeasyError as error:
        return desk.pages.page(
            "refused.html.j2", upload=upload, error=error, jobs=desk.jobs_in(f"{error.message} {error.hint}")
        )
    purpose = (upload.id, upload.version)
    return desk.pages.page(
        "plan.html.j2",
        HTTPStatus.OK if problem is None else HTTPStatus.UNPROCESSABLE_ENTITY,
        upload=upload,
        view=view,
        destination=destination,
        unreachable=unreachable,
        sandbox=desk.sandbox is not None,
        choices=choices,
        problem=problem,
        refusal_jobs=desk.jobs_in(f"{view.refusal.message} {view.refusal.hint}") if view.refusal else [],
        once_rehearse=desk.once.value("rehearse", *purpose),
        once_load=desk.once.value("load", *purpose),
    )


async def show_stages(request: Request) -> Response:
    """The plan with the stages of what was typed beside *Load*; nothing begins."""
    fields = await fields_of(request)
    typed = {name: fields[name] for name in ("skip", "canary", "stop_after", "ask") if fields.get(name)}
    return go_to(f"/workbooks/{upload_of(request).id}/plan?{urlencode(typed)}#operations")


async def rehearse(request: Request) -> Response:
    """Begins a rehearsal, once for each form."""
    desk, upload = desk_of(request), upload_of(request)
    fields = await fields_of(request)
    choices = _without_stages(fields)
    try:
        choices = Choices.of(fields)

        def begin() -> Run:
            return desk.start_rehearsal(upload, choices)

        run = desk.once.begin(fields.get("once", ""), "rehearse", upload.id, upload.version, begin=begin)
        if run is None:
            raise _STALE
    except Xlsx2OpeasyError as problem:
        return await apart(_plan, desk, upload, choices, problem)
    return go_to(f"/runs/{run.id}")


async def load(request: Request) -> Response:
    """Begins a load, once for each form, where the enterprise's name was typed."""
    desk, upload = desk_of(request), upload_of(request)
    fields = await fields_of(request)
    choices = _without_stages(fields)
    try:
        choices = Choices.of(fields)
        destination = await apart(desk.destination)
        _require_name(fields.get("enterprise", ""), destination.target.enterprise_id)

        def begin() -> Run:
            return desk.start_load(upload, destination, choices)

        purpose = (upload.id, upload.version)
        run = desk.once.begin(fields.get("once", ""), "load", *purpose, begin=begin)
        if run is None:
            raise _STALE
    except Xlsx2OpeasyError as problem:
        return await apart(_plan, desk, upload, choices, problem)
    return go_to(f"/runs/{run.id}")


def _require_name(typed: str, wanted: str) -> None:
    if typed.strip() != wanted:
        raise UsageError(
            "nothing was sent: what was typed is not the enterprise's name", f"type {wanted} to load"
        )


_STALE = UsageError(
    "nothing was sent: since this page was shown the workbook was corrected or the program started again",
    "look at the plan as it is now",
)

ROUTES = [
    Route("/workbooks/{upload}/plan", plan),
    Route("/workbooks/{upload}/stages", show_stages, methods=["POST"]),
    Route("/workbooks/{upload}/rehearse", rehearse, methods=["POST"]),
    Route("/workbooks/{upload}/load", load, methods=["POST"]),
]
