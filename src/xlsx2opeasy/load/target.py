"""Where a workbook is to be loaded."""

from dataclasses import dataclass

REHEARSAL_ORIGIN = "rehearsal"


@dataclass(frozen=True)
class Target:
    """Server and enterprise. A rehearsal's address changes each time, so its origin is a word."""

    origin: str
    enterprise_id: str
    rehearsal: bool = False
