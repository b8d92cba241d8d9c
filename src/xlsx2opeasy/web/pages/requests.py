"""What the screens share: the desk, a form's fields, files as answers, work apart from the event loop."""

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path
from typing import ParamSpec, TypeVar

from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, RedirectResponse, Response

from xlsx2opeasy.web.desk import Desk
from xlsx2opeasy.web.uploads import Upload
from xlsx2opeasy.workbook.protection import opens

MOST_FIELDS = 5_000
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
XLSM = "application/vnd.ms-excel.sheet.macroEnabled.12"

P = ParamSpec("P")
T = TypeVar("T")


def desk_of(request: Request) -> Desk:
    """What all screens share."""
    desk: Desk = request.app.state.desk
    return desk


async def fields_of(request: Request) -> Mapping[str, str]:
    """The fields of a form that has no files; of a field that is sent twice the last."""
    async with request.form(max_files=0, max_fields=MOST_FIELDS) as form:
        return {name: value for name, value in form.multi_items() if isinstance(value, str)}


async def apart(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Does the work in a thread, so that no other page waits for it."""
    return await run_in_threadpool(work, *args, **kwargs)


class Locked(Exception):
    """A workbook whose password must be typed first, on the page of this address."""

    def __init__(self, address: str) -> None:
        super().__init__(address)
        self.address = address


def upload_of(request: Request) -> Upload:
    """The upload that the address names. 404 where there is none, Locked where its password is not known."""
    upload = any_upload_of(request)
    upload.used = time.monotonic()
    if upload.checked is None and not opens(upload.path, upload.name):
        raise Locked(f"/workbooks/{upload.id}/password")
    return upload


def any_upload_of(request: Request) -> Upload:
    """The upload that the address names. 404 where there is none."""
    upload = desk_of(request).uploads.get(request.path_params["upload"])
    if upload is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, "This workbook is not here any more. Choose it again.")
    return upload


def go_to(address: str) -> Response:
    """Sends the browser on with GET, so that a reload sends no form again."""
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


def number_in(request: Request, name: str, otherwise: int = 0) -> int:
    """A whole number of the address's query, `otherwise` where it is none."""
    text = request.query_params.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else otherwise


def download(path: Path, name: str, done: Callable[[], None] | None = None) -> Response:
    """A workbook to save."""
    media_type = XLSM if path.suffix.casefold() == ".xlsm" else XLSX
    background = BackgroundTask(done) if done else None
    return FileResponse(path, media_type=media_type, filename=name, background=background)


def made_download(folder: Path, name: str, make: Callable[[Path], tuple[Path, str] | None]) -> Response:
    """A file that is made for one download and then removed; `make` may choose another file and name."""
    place = Path(tempfile.mkdtemp(prefix="made-", dir=folder))

    def remove() -> None:
        with suppress(OSError):
            shutil.rmtree(place)

    try:
        path, shown = make(place / name) or (place / name, name)
    except BaseException:
        remove()
        raise
    return download(path, shown, remove)
