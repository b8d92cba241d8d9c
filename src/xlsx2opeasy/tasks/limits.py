"""How large a chunk file may become; by itself, so that reading the settings imports nothing heavy."""

from dataclasses import dataclass, replace
from typing import Self

CHUNK_TASKS = 1000
CHUNK_BYTES = 900_000
"""Below the 1 MB that web servers commonly allow for an upload by default."""


@dataclass(frozen=True, slots=True)
class ChunkLimits:
    """The most tasks and the most bytes of one file; a single task larger than that goes alone."""

    tasks: int = CHUNK_TASKS
    bytes: int = CHUNK_BYTES

    def but(self, tasks: int | None, bytes_: int | None) -> Self:
        """These limits, but for those that were asked for."""
        return replace(self, tasks=tasks or self.tasks, bytes=bytes_ or self.bytes)
