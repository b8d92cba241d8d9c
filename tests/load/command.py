"""The installed command, run as a person or a script runs it, against a server of the tests."""

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

COMMAND = Path(sys.executable).with_name("xlsx2opeasy")


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


def run(*arguments: object, env: dict[str, str], timeout: float = 60) -> Done:
    """Runs it to its end."""
    process = start(*arguments, env=env)
    out, err = process.communicate(timeout=timeout)
    return Done(process.returncode, out, err)


def start(*arguments: object, env: dict[str, str]) -> "subprocess.Popen[str]":
    """Starts it; the caller waits for it."""
    return subprocess.Popen(
        [COMMAND, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | env,
    )


def until(condition: Any, seconds: float = 20) -> None:
    """Waits until something is so."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.01)
