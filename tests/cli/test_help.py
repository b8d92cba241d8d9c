"""`--help` answers at once, because nothing heavy is imported for it; counted in modules, not in seconds."""

import subprocess

from installed import COMMAND

HEAVY = {
    *("pandas", "numpy", "pyarrow", "pandera", "openpyxl", "httpx", "starlette", "uvicorn"),
    *("keyring", "jinja2"),
}
HELPS = f"""
import sys
import click
from xlsx2opeasy.cli.main import cli

def help_of(command, *names):
    cli.main([*names, "--help"], standalone_mode=False)
    print("END OF", *names)
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            help_of(command.get_command(context, name), *names, name)

help_of(cli)
print("HEAVY", *({HEAVY!r} & sys.modules.keys()))
"""


def test_no_help_imports_anything_heavy_and_each_shows_an_example() -> None:
    done = subprocess.run(
        [COMMAND.with_name("python"), "-c", HELPS], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    *helps, heavy = done.stdout.split("END OF")
    assert len(helps) > 35
    assert [each[-2000:] for each in helps[1:] if "Example" not in each] == []
    assert heavy.split("HEAVY")[1].strip() == ""
