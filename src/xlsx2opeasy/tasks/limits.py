"""How large a chunk file may become; by itself, so that reading the settings imports nothing heavy."""

from dataclasses import dataclass

CHUNK_TASKS = 1000
CHUNK_BYTES = 900_000
"""Below the 1 MB that web servers commonly allow for an upload by default."""


@dataclass(frozen=True, slots=True)
class ChunkLimits:
    """The most tasks and the most bytes of one file; a single task larger than that goes alone."""

    tasks: int = CHUNK_TASKS
    bytes: int = CHUNK_BYTES
