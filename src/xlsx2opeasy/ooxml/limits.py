"""How large a workbook may be, and what the process that reads it may use.

What the process may use is limited as far as the operating system can do it (Windows cannot).
"""

from dataclasses import dataclass

from xlsx2opeasy.errors import WorkbookUnusable

_TRUST = "If you know where the file comes from, add --large; else split the rows over several workbooks."
_SPLIT = "Split the rows over several workbooks."
_MIB = 1024**2
_GIB = 1024**3


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes of the file, of one part of it inflated, and of all parts; then what reading it may use.

    `ratio` is how far XML of more than a MiB may inflate; deflate itself cannot inflate beyond 1,032 times.
    `memory` is bytes of address space, `cpu_seconds` processor time, `wall_seconds` time by the clock.
    """

    file: int
    part: int
    total: int
    ratio: int
    memory: int
    cpu_seconds: int
    wall_seconds: int


USUAL = Limits(
    200 * _MIB, 300 * _MIB, 1 * _GIB, ratio=200, memory=3 * _GIB, cpu_seconds=120, wall_seconds=180
)
"""Some 150,000 rows with 40 filled columns: more is a mistake or an attack, unless a person says not."""

LARGE = Limits(
    1 * _GIB, 3 * _GIB, 4 * _GIB, ratio=1100, memory=12 * _GIB, cpu_seconds=1200, wall_seconds=1800
)
"""As many rows as a sheet of Excel can have (1,048,576): for files whose origin is known (`--large`)."""


def limits_for(*, large: bool) -> Limits:
    """The usual limits, or those of a workbook that a person says is large."""
    return LARGE if large else USUAL


def too_large(name: str, what: str, limits: Limits) -> WorkbookUnusable:
    """The refusal of a workbook that is larger than `limits` allow, and what a person can do about it."""
    return WorkbookUnusable(f'"{name}" is refused: {what}, the limit.', _SPLIT if limits == LARGE else _TRUST)
