"""The start page: choose a workbook; what runs, is unfinished or undecided."""

import shutil
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import IO

from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xlsx2opeasy.durable import what_helps, why_refused
from xlsx2opeasy.errors import LocalFailure, UsageError, WorkbookUnusable, Xlsx2OpeasyError
from xlsx2opeasy.web.desk import Desk
from xlsx2opeasy.web.pages.requests import apart, desk_of, go_to
from xlsx2opeasy.web.uploads import Upload
from xlsx2opeasy.workbook.protection import opens

UPLOAD_PATH = "/workbooks"
_LOOKED_AT = 50
"""Of the latest jobs, those that the start page looks through for unfinished ones."""


def start(request: Request) -> Response:
    """The start page."""
    return _start(desk_of(request))


def _start(desk: Desk, problem: Xlsx2OpeasyError | None = None) -> Response:
    jobs = desk.jobs(most=_LOOKED_AT)
    working = {each.job for each in desk.runs.active() if each.job}
    running = [each for each in jobs if each.load_status == "running" and not each.message]
    undecided = [each for each in jobs if each.load_status == "unknown" and not each.rehearsal]
    resumable = [
        each for each in jobs if each.can_be_resumed and each not in undecided and each.id not in working
    ]
    starting = [each for each in desk.runs.active() if each.job is None]
    return desk.pages.page(
        "start.html.j2",
        HTTPStatus.OK if problem is None else HTTPStatus.UNPROCESSABLE_ENTITY,
        problem=problem,
        starting=starting,
        running=running,
        undecided=undecided,
        resumable=resumable,
        asking={each.job for each in desk.runs.active() if each.question is not None},
        name_of=lambda job: Path(job.workbook or "").name,
    )


async def upload(request: Request) -> Response:
    """Takes a workbook in and checks it; what cannot be read is not kept."""
    desk = desk_of(request)
    try:
        async with request.form(max_files=1, max_fields=4) as form:
            given = next((each for _, each in form.multi_items() if isinstance(each, UploadFile)), None)
            if given is None or not given.filename:
                raise UsageError("no workbook was chosen", "choose a workbook, then press Check")
            taken = await apart(_taken, desk, given.filename, given.file)
        return go_to(f"/workbooks/{taken.id}")
    except OSError as error:
        failure = LocalFailure(
            f"the workbook could not be received: {why_refused(error)}",
            what_helps(error, desk.uploads.scratch()),
        )
        return await apart(_start, desk, failure)
    except Xlsx2OpeasyError as error:
        return await apart(_start, desk, error)


def _taken(desk: Desk, name: str, file: IO[bytes]) -> Upload:
    def write(place: Path) -> None:
        with place.open("wb") as target:
            shutil.copyfileobj(file, target, 1 << 20)

    taken = desk.uploads.add(name, write)
    try:
        if opens(taken.path, taken.name):
            desk.checked(taken)
    except WorkbookUnusable:
        with suppress(OSError):
            shutil.rmtree(taken.folder)
        raise
    return taken


ROUTES = [Route("/", start), Route(UPLOAD_PATH, upload, methods=["POST"])]
