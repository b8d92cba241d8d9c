"""The installed command, run as a person or a script runs it, against a server of the tests."""

import json
import os
import subprocess
import time
from dataclasses import dataclass
from typing import Any

import installed


@dataclass(frozen=True)
class Done:
    """How a run of the command ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on standard output."""
        return json.loads(self.out)


def environment(url: str, enterprise_id: str, api_key: str) -> dict[str, str]:
    """What a person sets once."""
    return {"OPEASY_URL": url, "OPEASY_ENTERPRISE_ID": enterprise_id, "OPEASY_API_KEY": api_key}


def _unasked(arguments: tuple[object, ...]) -> tuple[object, ...]:
    return (*arguments, "--yes") if arguments[0] == "load" and "--yes" not in arguments else arguments


def run(*arguments: object, env: dict[str, str], timeout: float = 180, **how: Any) -> Done:
    """Runs it to its end; a load is asked nothing, as there is no terminal. `how` as in `installed.run`."""
    done = installed.run(*_unasked(arguments), env=env, timeout=timeout, **how)
    return Done(done.returncode, done.stdout, done.stderr)


def start(*arguments: object, env: dict[str, str]) -> "subprocess.Popen[str]":
    """Starts it; the caller waits for it."""
    return subprocess.Popen(
        [installed.COMMAND, *map(str, _unasked(arguments))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | env,
    )


def until(condition: Any, seconds: float = 120) -> None:
    """Waits until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)
