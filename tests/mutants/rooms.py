"""mutmut for another room than that of pyproject.toml: what `make mutants ROOM=load/run` starts.

A room is a folder or a module of the package; without TESTS, all tests of its outermost folder are asked.
Results are kept of the room that was played last: mutmut makes no mutants of files that it has copied before.
"""

import shutil
import sys
from pathlib import Path

from mutmut import configuration
from mutmut.__main__ import cli

KEPT = Path("mutants")
ROOM = KEPT / "room.txt"


def main() -> None:
    """Arguments: the room, the tests in one text ("" for those of the room), mutmut's own command."""
    room, tests, *command = sys.argv[1:]
    config = configuration.config()
    config.only_mutate = [f"src/xlsx2opeasy/{room}.py", f"src/xlsx2opeasy/{room}/*.py"]
    config.pytest_add_cli_args_test_selection = tests.split() or [f"tests/{room.partition('/')[0]}"]
    if command[0] == "run":
        if not ROOM.exists() or ROOM.read_text(encoding="utf-8") != room:
            shutil.rmtree(KEPT, ignore_errors=True)
        KEPT.mkdir(exist_ok=True)
        ROOM.write_text(room, encoding="utf-8")
    cli(command)


if __name__ == "__main__":
    main()
