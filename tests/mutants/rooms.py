"""mutmut for another room than that of pyproject.toml: what `make mutants ROOM=load/run` starts.

A room is a folder or a module of the package; without TESTS, all tests of its outermost folder are asked.
Results are those of the room that was played last: tests that change make the others void.
"""

import sys

from mutmut import configuration
from mutmut.__main__ import cli


def main() -> None:
    """Arguments: the room, the tests in one text ("" for those of the room), mutmut's own command."""
    room, tests, *command = sys.argv[1:]
    config = configuration.config()
    config.only_mutate = [f"src/xlsx2opeasy/{room}.py", f"src/xlsx2opeasy/{room}/*.py"]
    config.pytest_add_cli_args_test_selection = tests.split() or [f"tests/{room.partition('/')[0]}"]
    cli(command)


if __name__ == "__main__":
    main()
