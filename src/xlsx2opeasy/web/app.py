"""The application: all screens behind the gate."""

import contextlib
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus

import anyio.to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xlsx2opeasy.errors import UsageError, Xlsx2OpeasyError, internal_error
from xlsx2opeasy.ooxml.limits import USUAL
from xlsx2opeasy.web.desk import Desk
from xlsx2opeasy.web.gate import Access, Gate
from xlsx2opeasy.web.pages import connection, jobs, loading, mapping, new_workbook, protected, start, workbook
from xlsx2opeasy.web.pages.requests import Locked, desk_of, go_to
from xlsx2opeasy.web.render import STATIC

TIDY_SECONDS = 3600.0
FORGET_SECONDS = 60.0
"""How often it is looked whether passwords are to be forgotten."""


def create_app(desk: Desk, access: Access, on_entered: Callable[[], None] = lambda: None) -> Starlette:
    """The application. `on_entered` is called when a browser came in with the token."""
    screens = (start, workbook, loading, jobs, connection, new_workbook, protected, mapping)
    app = Starlette(
        routes=[Route("/static/{name}", static), *(route for each in screens for route in each.ROUTES)],
        middleware=[
            Middleware(
                Gate,
                access=access,
                upload_limit=USUAL.file,
                upload_paths=(start.UPLOAD_PATH,),
                on_entered=on_entered,
            )
        ],
        exception_handlers={
            Xlsx2OpeasyError: _stopped,
            HTTPException: _refused,
            Locked: _locked,
            Exception: _unexpected,
        },
        lifespan=_tidying,
    )
    app.state.desk = desk
    return app


def static(request: Request) -> Response:
    """The style and the scripts."""
    name = request.path_params["name"]
    if name not in STATIC:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return Response(desk_of(request).pages.static(name), media_type=STATIC[name])


@contextlib.asynccontextmanager
async def _tidying(app: Starlette) -> AsyncIterator[None]:
    """Removes old uploads and forgets passwords, now and then."""
    desk: Desk = app.state.desk

    async def for_ever(work: Callable[[], None], seconds: float) -> None:
        while True:
            with contextlib.suppress(Xlsx2OpeasyError, OSError):
                await anyio.to_thread.run_sync(work)
            await anyio.sleep(seconds)

    async with anyio.create_task_group() as group:
        group.start_soon(for_ever, desk.tidy, TIDY_SECONDS)
        group.start_soon(for_ever, desk.forget_passwords, FORGET_SECONDS)
        yield
        group.cancel_scope.cancel()


def _stopped(request: Request, error: Exception) -> Response:
    assert isinstance(error, Xlsx2OpeasyError)
    return desk_of(request).pages.failure(error)


def _locked(request: Request, error: Exception) -> Response:  # noqa: ARG001 - Starlette's signature
    assert isinstance(error, Locked)
    return go_to(error.address)


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    words = "there is no such page" if error.detail == phrase else error.detail
    answer = desk_of(request).pages.failure(UsageError(words), status=error.status_code)
    answer.headers.update(error.headers or {})
    return answer


def _unexpected(request: Request, error: Exception) -> Response:
    """An internal error by its kind and place; its message might hold a secret."""
    return desk_of(request).pages.failure(internal_error(error), status=HTTPStatus.INTERNAL_SERVER_ERROR)
