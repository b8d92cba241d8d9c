"""`--help` answers at once, because nothing heavy is imported for it; counted in modules, not in seconds."""

import subprocess

from installed import COMMAND

LIGHT = [
    "completion",
    "config show",
    "doctor",
    "fields",
    "jobs",
    "jobs follow",
    "load",
    "login",
    "report",
    "resume",
    "template",
    "undo",
]
HEAVY = {"pandas", "numpy", "httpx", "pandera", "openpyxl", "starlette", "uvicorn", "keyring", "jinja2"}


def test_help_imports_nothing_heavy_and_shows_an_example() -> None:
    code = f"""
import sys
from xlsx2opeasy.cli.main import cli
for name in {LIGHT!r}:
    cli.main([*name.split(), "--help"], standalone_mode=False)
    print("END OF", name)
print("HEAVY", *({HEAVY!r} & sys.modules.keys()))
"""
    done = subprocess.run(
        [COMMAND.with_name("python"), "-c", code], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    *helps, heavy = done.stdout.split("END OF ")
    assert len(helps) == len(LIGHT)
    assert all("Example" in each for each in helps)
    assert heavy.split("HEAVY")[1].strip() == ""
