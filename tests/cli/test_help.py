"""`--help` answers at once, because nothing heavy is imported for it; counted in modules, not in seconds."""

import subprocess
import sys

import pytest

import installed
from installed import COMMAND
from xlsx2opeasy.sandbox.serve import serve_in_thread

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


def test_every_help_fits_eighty_columns() -> None:
    done = subprocess.run(
        [COMMAND.with_name("python"), "-c", HELPS],
        capture_output=True,
        text=True,
        check=False,
        env={"COLUMNS": "80"},
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.partition("HEAVY")[0].splitlines()
    assert [line for line in lines if len(line) > 80 and not line.startswith("END OF")] == []


@pytest.mark.parametrize("asked", [("load",), ("jobs", "show"), ()], ids=" ".join)
def test_help_is_the_help_of_the_command(asked: tuple[str, ...]) -> None:
    assert installed.run("help", *asked).stdout == installed.run(*asked, "--help").stdout


@pytest.mark.parametrize("columns", ["", "0", "40", "79", "80", "200", "wide"])
@pytest.mark.parametrize("option", ["--help", "-h"])
def test_the_first_page_is_that_of_click_at_any_width(columns: str, option: str) -> None:
    """It is shown without click where it can be: of the two calls the second cannot, for `-v` is before it."""
    env = {"COLUMNS": columns} if columns else {}
    asked, by_click = (
        subprocess.run([COMMAND, *arguments], capture_output=True, text=True, check=True, env=env).stdout
        for arguments in ((option,), ("-v", option))
    )
    assert asked == by_click, "stale: make docs"


def test_the_first_page_imports_nothing_but_itself() -> None:
    code = (
        "import sys; sys.argv = ['xlsx2opeasy', '--help']; from xlsx2opeasy import start\n"
        "try: start.main()\n"
        "finally: print('click' in sys.modules, file=sys.stderr)"
    )
    python = COMMAND.with_name("python")
    done = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False, env={})
    assert (done.returncode, done.stderr.strip()) == (0, "False")


def test_a_mistyped_option_gets_the_nearest_one() -> None:
    done = installed.run("load", "a.xlsx", "--sandbx")
    assert done.returncode == 2
    assert done.stderr.splitlines()[0] == "error: there is no option --sandbx; did you mean --sandbox?"


def test_the_version_is_cheap() -> None:
    for option in ("-V", "--version"):
        assert installed.run(option).stdout.startswith("xlsx2opeasy ")
    start = "import sys; sys.argv[1:] = ['--version']; from xlsx2opeasy.start import main; main()"
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", start], check=True, capture_output=True, text=True
    )
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    ours = {name for name in imported if name.startswith("xlsx2opeasy")}
    assert ours == {"xlsx2opeasy", "xlsx2opeasy.start", "xlsx2opeasy.streams"}
    assert imported.isdisjoint(HEAVY | {"click", "ast", "json", "signal"})


def test_verbose_shows_the_requests_without_secrets() -> None:
    with serve_in_thread() as sandbox:
        env = {
            "OPEASY_URL": sandbox.url,
            "OPEASY_ENTERPRISE_ID": sandbox.enterprise_id,
            "OPEASY_API_KEY": sandbox.api_key,
        }
        for asked in (("-v", "webhooks", "list"), ("webhooks", "list", "--verbose")):
            done = installed.run(*asked, env=env)
            assert "POST /v1/authsessions 20" in done.stderr, done.stderr
            assert "GET /v1/" in done.stderr
            assert sandbox.api_key not in done.stderr
        assert "POST" not in installed.run("webhooks", "list", env=env).stderr
