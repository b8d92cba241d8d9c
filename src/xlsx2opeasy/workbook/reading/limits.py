"""What the reading process may use (S03), as far as the operating system can limit it (Windows cannot)."""

import sys

MEMORY_LIMIT = 3 * 1024**3
"""Bytes of address space."""
CPU_SECONDS = 120
WALL_SECONDS = 180


def limit_this_process() -> None:
    """Limit memory, processor time and the size of core files of this process."""
    if sys.platform == "win32":
        return
    import resource

    for kind, limit in ((resource.RLIMIT_CPU, CPU_SECONDS), (resource.RLIMIT_CORE, 0)):
        _lower(kind, limit)
    if sys.platform != "darwin":  # there, address space is reserved by the terabyte
        _lower(resource.RLIMIT_AS, MEMORY_LIMIT)


def _lower(kind: int, limit: int) -> None:
    import resource

    _, hard = resource.getrlimit(kind)
    allowed = limit if hard == resource.RLIM_INFINITY else min(limit, hard)
    resource.setrlimit(kind, (allowed, allowed))
