"""Lists of tasks, validation errors and results: page by page, or as a file where the server offers one."""

import contextlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import orjson

from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.http.strict_json import BadAnswer, read_json
from xlsx2opeasy.opeasy import reading
from xlsx2opeasy.opeasy.caller import Caller
from xlsx2opeasy.opeasy.calls import FILE, Call
from xlsx2opeasy.opeasy.errors import CallError, CallFailure, Classification, error_of
from xlsx2opeasy.opeasy.models import Download, Page

PAGE_SIZE: Final = 500
MAX_FILE_BYTES: Final = 2**30

_NO_FILE: Final = frozenset({404, 406, 415})
"""Answers to the request for a file after which the pages are asked for (readings, 30)."""

_Item = Mapping[str, Any]


def pages(caller: Caller, call: Call, type_name: str, *, patient: bool = False) -> Iterator[Page]:
    """Every page of a list, asked for one after the other; page numbers begin from 0.

    Raises CallError where the pages do not belong together: another page than was asked for, totals that
    change, an empty page before the end, more or fewer items than were promised.
    """
    first: Page | None = None
    seen = number = 0
    while first is None or number < first.total_pages:
        page = _page(caller, call, type_name, number, patient)
        first = first or page
        if problem := _disagreement(first, page, number):
            raise _unreliable(call, problem)
        seen += len(page.items)
        yield page
        number += 1
    if seen != first.total_items:
        raise _unreliable(call, f"{seen} items came where {first.total_items} were promised")


def _page(caller: Caller, call: Call, type_name: str, number: int, patient: bool) -> Page:
    query = {"pageSize": str(PAGE_SIZE), "pageNumber": str(number)}
    asking = replace(call, query=query)
    return caller.perform(
        asking, lambda answer: reading.page(read_json(answer.body), type_name), patient=patient
    )


def _disagreement(first: Page, page: Page, number: int) -> str:
    if page.number != number:
        return f"page {number} was asked for and page {page.number} came"
    if (page.total_pages, page.total_items) != (first.total_pages, first.total_items):
        return "the totals changed from one page to the next"
    if not page.items and first.total_items:
        return f"page {number} of {first.total_pages} is empty"
    return ""


def _unreliable(call: Call, problem: str) -> CallError:
    about = (call.endpoint.method, call.endpoint.path, call.request_id)
    reason = f"the pages do not belong together, {problem}"
    return error_of(CallFailure(Classification.UNKNOWN, *about, reason=reason))


def download(caller: Caller, call: Call, type_name: str, target: Path, *, patient: bool = False) -> Download:
    """Save a whole list at `target`: as the file that the server makes of it, else from its pages.

    The file appears at once and complete, synced to the disk, readable by its owner only; a file of that name
    is replaced. Its JSON was read to its end. Raises CallError, and LocalFailure for the disk.
    """
    part = target.with_name(target.name + ".part")
    try:
        count = _as_file(caller, call, type_name, part, patient)
        if count is None:
            count = _from_pages(caller, call, type_name, part, patient)
        with _disk_errors(target):
            _put_in_place(part, target)
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
    return Download(target, count)


def read_list(path: Path, type_name: str) -> tuple[_Item, ...]:
    """The items of a downloaded file; raises BadAnswer where it is not what `download` saves."""
    with _disk_errors(path):
        content = path.read_bytes()
    return reading.items(read_json(content), type_name)


def _as_file(caller: Caller, call: Call, type_name: str, part: Path, patient: bool) -> int | None:
    """The number of items; None where the server has no file of it."""

    def keep(pieces: Iterator[bytes]) -> None:
        _write(part, _limited(pieces))

    try:
        asking = replace(call, accept=FILE)
        count = caller.perform(asking, lambda _: _count_of(part, type_name), sink=keep)
    except CallError as error:
        if error.http_status in _NO_FILE or (patient and error.http_status == 409):
            return None
        raise
    return count


def _count_of(part: Path, type_name: str) -> int | None:
    """The number of items in a file that is complete; None where it is only one page of more."""
    with _disk_errors(part):
        body = read_json(part.read_bytes())
    if not reading.is_paged(body):
        return len(reading.items(body, type_name))
    page = reading.page(body, type_name)
    is_all = page.number == 0 and page.total_pages <= 1 and page.total_items == len(page.items)
    return len(page.items) if is_all else None


def _limited(pieces: Iterator[bytes]) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        size += len(piece)
        if size > MAX_FILE_BYTES:
            raise BadAnswer("the file is too large")
        yield piece


def _from_pages(caller: Caller, call: Call, type_name: str, part: Path, patient: bool) -> int:
    items = [item for page in pages(caller, call, type_name, patient=patient) for item in page.items]
    _write(part, iter([orjson.dumps({type_name: items})]))
    return len(items)


def _write(part: Path, pieces: Iterator[bytes]) -> None:
    """Write a new file and sync it; an older one of that name is thrown away.

    What the network does wrong comes out of `pieces` as httpx's errors, so that an OSError is the disk's.
    """
    with _disk_errors(part):
        part.unlink(missing_ok=True)
        descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.writelines(pieces)
            file.flush()
            os.fsync(file.fileno())


def _put_in_place(part: Path, target: Path) -> None:
    part.replace(target)
    if os.name == "posix":
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


@contextlib.contextmanager
def _disk_errors(path: Path) -> Iterator[None]:
    """A failing disk is no failure of the server; it is never tried again."""
    try:
        yield
    except OSError as problem:
        raise LocalFailure(f"{path} cannot be written or read: {problem.strerror or problem}") from None
