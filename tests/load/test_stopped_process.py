"""A process that is stopped (SIGSTOP) around a call that changes something, for longer than every deadline.

It wakes with the answer in its socket and the deadline passed; whatever it makes of that, nothing is done twice.
`make fuzz-sleeps` plays the installed command with its own deadlines.
"""

import os
import signal
import threading
from pathlib import Path

import pytest

from foreign.messages import Answer, Request

from .books import user_book
from .crash import finish, freeze_job, resuming, thaw
from .rig import PATIENT, SHORT, Rig

LONGER = 2 * SHORT.total
CALLS = [
    ("POST", "/v1/operations"),
    ("PATCH", "/v1/operations/"),
    ("POST", "/v1/scheduledoperations"),
    ("DELETE", "/v1/scheduledoperations/"),
    ("DELETE", "/v1/operations/"),
]


@pytest.mark.parametrize("answered", [False, True], ids=["before the answer", "after the answer"])
@pytest.mark.parametrize(("method", "path"), CALLS, ids=lambda each: each)
def test_a_sleep_around_a_call(tmp_path: Path, rig: Rig, method: str, path: str, *, answered: bool) -> None:
    frozen = freeze_job(tmp_path / "job", user_book(tmp_path / "book.xlsx", 2))
    machine = thaw(frozen, tmp_path / "home", rig.server)
    machine.timeouts = SHORT
    settings = rig.server.settings
    process = resuming(machine, frozen.job)
    slept: list[str] = []

    def sleep(request: Request) -> None:
        if request.method == method and request.path.startswith(path) and not slept and process.pid:
            slept.append(request.call)
            os.kill(process.pid, signal.SIGSTOP)
            timer = threading.Timer(LONGER, os.kill, (process.pid, signal.SIGCONT))
            timer.start()
            if not answered:
                timer.join()

    def before(request: Request) -> None:
        if not answered:
            sleep(request)

    def after(request: Request, _: Answer) -> None:
        if answered:
            sleep(request)

    settings.before, settings.after = before, after
    process.start()
    process.join(90)
    assert process.exitcode == 0
    assert len(slept) == 1
    settings.before, settings.after = (lambda request: None), (lambda request, answer: None)
    machine.timeouts = PATIENT
    finish(machine, frozen)
