"""How many requests to the server a load takes, at the least: more where the server takes long."""

from collections.abc import Sequence

from xlsx2opeasy.load.plan.phases import Phase
from xlsx2opeasy.tasks.chunks import cut
from xlsx2opeasy.tasks.limits import ChunkLimits

REQUESTS_ONCE = 1
"""Logging in."""
REQUESTS_EACH_OPERATION = 6
"""Create, read the counts, schedule, one look at the status, and the two deletions."""
REQUESTS_EACH_TYPE = 2
"""The download of the tasks for verifying, and the download of the results."""


def requests_of(phase: Phase, chunks: int) -> int:
    """Those of one operation."""
    return REQUESTS_EACH_OPERATION + chunks + REQUESTS_EACH_TYPE * len({task.type for task in phase.tasks})


def requests_in_all(phases: Sequence[Phase], limits: ChunkLimits) -> int:
    """Those of a whole load."""
    return REQUESTS_ONCE + sum(requests_of(each, sum(1 for _ in cut(each.tasks, limits))) for each in phases)
