"""The password of a protected workbook: asked for on the page, three times at most, and stored nowhere."""

import shutil
import time
from http import HTTPStatus
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from xlsx2opeasy.errors import UsageError, WorkbookUnusable, Xlsx2OpeasyError
from xlsx2opeasy.load.job.facts import read_facts
from xlsx2opeasy.load.job.store import WORKBOOK
from xlsx2opeasy.web.desk import Desk
from xlsx2opeasy.web.pages.requests import any_upload_of, apart, desk_of, fields_of, go_to
from xlsx2opeasy.web.uploads import Upload
from xlsx2opeasy.workbook.protection import ATTEMPTS, opens

_WRONG = UsageError("that is not the password of the workbook", "type the one that Excel asks for")


def ask(request: Request) -> Response:
    """Asks for the password of an upload."""
    upload = any_upload_of(request)
    if upload.wrong_passwords >= ATTEMPTS:
        raise _another_password(upload.name, "choose it again, with the right one")
    return _asked(desk_of(request), upload.name, f"/workbooks/{upload.id}/password", "Open")


def _asked(
    desk: Desk, name: str, address: str, button: str, problem: Xlsx2OpeasyError | None = None
) -> Response:
    status = HTTPStatus.OK if problem is None else HTTPStatus.UNPROCESSABLE_ENTITY
    return desk.pages.page(
        "password.html.j2", status, name=name, address=address, button=button, problem=problem
    )


def _another_password(name: str, hint: str) -> WorkbookUnusable:
    return WorkbookUnusable(f'"{name}" is protected with another password', hint)


async def unlock(request: Request) -> Response:
    """Opens an upload; after three wrong passwords it is removed, unless there are results of it."""
    fields = await fields_of(request)
    return await apart(_unlock, desk_of(request), any_upload_of(request), fields.get("password", ""))


def _unlock(desk: Desk, upload: Upload, password: str) -> Response:
    with upload.lock:
        if upload.wrong_passwords < ATTEMPTS:
            with desk.unlocking:
                upload.used = time.monotonic()
                is_open = opens(upload.path, upload.name, password)
            if is_open:
                upload.wrong_passwords = 0
                desk.checked(upload)
                return go_to(f"/workbooks/{upload.id}")
            upload.wrong_passwords += 1
        if upload.wrong_passwords < ATTEMPTS:
            return _asked(desk, upload.name, f"/workbooks/{upload.id}/password", "Open", _WRONG)
        if not upload.has_results():
            shutil.rmtree(upload.folder, ignore_errors=True)
    raise _another_password(upload.name, "choose it again, with the right one")


def ask_for_job(request: Request) -> Response:
    """Asks for the password of the workbook of a job that is to go on."""
    desk, job_id = desk_of(request), request.path_params["job"]
    if job_id not in desk.waiting:
        return go_to(f"/jobs/{job_id}")
    name = Path(read_facts(desk.store.job(job_id)).workbook).name
    return _asked(desk, name, f"/jobs/{job_id}/password", "Resume")


async def unlock_job(request: Request) -> Response:
    """Goes on with a job that waits for the password of its workbook; three wrong ones end that."""
    fields = await fields_of(request)
    return await apart(_unlock_job, desk_of(request), request.path_params["job"], fields.get("password", ""))


def _unlock_job(desk: Desk, job_id: str, password: str) -> Response:
    stored = desk.store.job(job_id)
    name = Path(read_facts(stored).workbook).name
    with desk.unlocking:
        waiting = desk.waiting.get(job_id)
        if waiting is None:
            return go_to(f"/jobs/{job_id}")
        with stored.as_path(WORKBOOK) as path:
            if opens(path, name, password):
                del desk.waiting[job_id]
                desk.start_resume(stored, waiting.settling)
                return go_to(f"/jobs/{job_id}")
        waiting.wrong_passwords += 1
        if waiting.wrong_passwords < ATTEMPTS:
            return _asked(desk, name, f"/jobs/{job_id}/password", "Resume", _WRONG)
        del desk.waiting[job_id]
    raise _another_password(name, "the load is as it was: resume it once you know the right one")


ROUTES = [
    Route("/workbooks/{upload}/password", ask),
    Route("/workbooks/{upload}/password", unlock, methods=["POST"]),
    Route("/jobs/{job}/password", ask_for_job),
    Route("/jobs/{job}/password", unlock_job, methods=["POST"]),
]
