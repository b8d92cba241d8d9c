"""The installed command on machines that share a store."""

import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import installed


class Machine:
    """A machine with a home of its own: commands there see the store that the environment names."""

    def __init__(self, home: Path, environment: dict[str, str]) -> None:
        home.mkdir(exist_ok=True)
        self.env = os.environ | environment | {"XLSX2OPEASY_HOME": str(home)}

    def run(
        self, *arguments: object, timeout: float = 600, code: int | None = 0
    ) -> "subprocess.CompletedProcess[str]":
        """A command to its end, in a process that has its libraries already."""
        return _checked(installed.run(*arguments, env=self.env, timeout=timeout), code)

    def run_script(self, *arguments: object, code: int | None = 0) -> "subprocess.CompletedProcess[str]":
        """The same as the script itself, which looks for its libraries anew."""
        process = self.start(*arguments)
        out, said = process.communicate(timeout=600)
        return _checked(subprocess.CompletedProcess(process.args, process.returncode, out, said), code)

    def json(self, *arguments: object, code: int | None = 0) -> Any:
        return json.loads(self.run(*arguments, "--json", code=code).stdout)

    def start(self, *arguments: object, **how: Any) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [installed.COMMAND, *map(str, arguments)],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **how,
        )

    @contextlib.contextmanager
    def working(self, *options: object) -> "Iterator[subprocess.Popen[str]]":
        """A worker while the block runs, which may end it; where it does not, it stops in good order."""
        worker = self.start("worker", *options)
        try:
            yield worker
            if worker.poll() is None:
                assert ended(worker) == 0
        finally:
            worker.kill()
            worker.communicate()

    def state(self, job: str) -> str:
        return str(self.json("queue", "show", job)["items"][0]["state"])


def _checked(
    done: "subprocess.CompletedProcess[str]", code: int | None
) -> "subprocess.CompletedProcess[str]":
    assert "Traceback" not in done.stderr, done.stderr
    assert code is None or done.returncode == code, (done.returncode, done.stdout, done.stderr)
    return done


def ended(process: "subprocess.Popen[str]", timeout: float = 300) -> int:
    """Asks a worker to stop; its exit code."""
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=timeout)
    assert "Traceback" not in said, said
    return process.returncode


def until(condition: Callable[[], object], seconds: float = 300) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.2)
