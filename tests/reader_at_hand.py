"""Reading a workbook within the test's own process, where the process that reads it is not the subject."""

import io
from collections.abc import Sequence

from xlsx2opeasy.errors import WorkbookUnusable
from xlsx2opeasy.ooxml.limits import Limits
from xlsx2opeasy.workbook.reading import child, wire


def read_here(data: bytes, name: str, limits: Limits, lists: Sequence[str] = ()) -> wire.RawBook:
    """As `reader_process.read_apart`, but for the process and what it may use."""
    answer = io.BytesIO()
    try:
        child.read(data, name, limits, answer, lists)
    except WorkbookUnusable as error:
        wire.write_refusal(answer, error.message, error.hint)
    return wire.read_streams(answer.getvalue())
