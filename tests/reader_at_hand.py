"""Reading a workbook within the test's own process, where the process that reads it is not the subject."""

import contextlib
import io
from collections.abc import Sequence

import pytest

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.limits import Limits
from xlsx2opeasy.workbook.reading import child, wire


def read_here(data: bytes, name: str, limits: Limits, lists: Sequence[str] = ()) -> wire.RawBook:
    """As `reader_process.read_apart`, but for the process and what it may use."""
    answer = io.BytesIO()
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # where it tells its parent how far it is
            child.read(data, name, limits, answer, lists)
    except WorkbookUnusable as error:
        wire.write_refusal(answer, error.message, error.hint)
    answer.seek(0)
    return wire.read_streams(answer)


def read_at_hand(patch: pytest.MonkeyPatch) -> None:
    """From now on all is read here: a process for each of hundreds of small workbooks takes minutes."""
    patch.setattr("xlsx2opeasy.workbook.read.read_apart", read_here)
    patch.setattr("xlsx2opeasy.workbook.reading.reader_process.reader_started", contextlib.nullcontext)
