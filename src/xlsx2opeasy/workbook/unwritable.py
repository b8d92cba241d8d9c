"""Where a workbook can be read, and nothing can be written into it without harm; not a bad output path.

Then what was to be written goes into a workbook of our own.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from xlsx2opeasy.errors import WorkbookUnusable


class UnwritableWorkbook(WorkbookUnusable):
    """The workbook cannot be changed without harm (a signed package, cells out of order, …)."""


class MarkedCopy(WorkbookUnusable):
    """The workbook is a marked copy: the one that it was made of is to be corrected and marked."""


@contextmanager
def refusing_harm() -> Iterator[None]:
    """Whatever the block finds unusable is the workbook itself, not the place that is written to."""
    try:
        yield
    except MarkedCopy:
        raise
    except WorkbookUnusable as error:
        raise UnwritableWorkbook(error.message, error.hint) from error
