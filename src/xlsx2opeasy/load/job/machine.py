"""The machine's name in the detail of a row whose result is still to come: it must be resumed there."""

import re
import socket

_NAMED = re.compile(r" on machine (\S+?)[;,:.]? ")


def on_machine() -> str:
    """` on machine NAME`, for the detail of a row."""
    return f" on machine {socket.gethostname()}"


def machine_in(detail: str) -> str:
    """The name in a row's detail; empty where there is none."""
    found = _NAMED.search(f"{detail} ")
    return found[1] if found else ""
