"""The command `xlsx2opeasy`: finds a command's module by its path, imports it only when it is called.

So `--help` answers at once: nothing heavy (pandas, httpx) is imported before a command runs.
"""

import importlib
import keyword
import os
import sys
from typing import TYPE_CHECKING, Any, NoReturn

import click

from xlsx2opeasy.cli.words import complain, place_of, say_json
from xlsx2opeasy.collecting import collecting_seldom
from xlsx2opeasy.errors import Interrupted, ServiceFailed, Xlsx2OpeasyError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

COMMANDS = {
    "template": "writes a blank workbook to fill in",
    "check": "checks a workbook offline",
    "plan": "says what a load would do",
    "convert": "turns a workbook into chunk files and a manifest",
    "load": "checks, uploads, runs, and writes the results into the workbook",
    "resume": "goes on with a load that was cut off",
    "jobs": "lists this machine's jobs",
    "report": "writes the report of a job, one HTML file",
    "undo": "writes a workbook that takes back what a job did",
    "import": "makes a workbook of task files",
    "operations": "looks at operations on the server, and cleans them up",
    "scheduled": "starts an operation by hand, looks at runs and their results",
    "webhooks": "lists, registers and removes webhook receivers",
    "webex": "lists Webex Calling's jobs",
    "fields": "explains the fields, their rules and commands",
    "sandbox": "serves a simulated OpEasy to try things on",
    "login": "stores the API key in the operating system's keyring",
    "config": "shows the settings and where each comes from",
    "doctor": "looks for what is wrong with the connection",
    "completion": "prints the script that lets a shell complete words",
}
"""In the order in which help lists them; the module `cli.NAME` (`import_` for `import`) holds `command`."""


COMPLETION_VARIABLE = "_XLSX2OPEASY_COMPLETE"
"""Set by the scripts of `completion`, when TAB is pressed."""


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called; help needs their short words only."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if name not in COMMANDS:
            return None
        module = f"{name}_" if keyword.iskeyword(name) else name
        command: click.Command = importlib.import_module(f"xlsx2opeasy.cli.{module}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called; where there is none of that name, the nearest is told."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            import difflib  # for the mistyped alone

            near = difflib.get_close_matches(name.casefold(), COMMANDS, n=1)
            told = f"did you mean {near[0]}?" if near else "xlsx2opeasy --help lists the commands."
            raise click.UsageError(f'there is no command "{name}"; {told}', ctx)
        return super().resolve_command(ctx, args)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> "list[CompletionItem]":
        """The commands and options that begin so, without importing any command."""
        from click.shell_completion import CompletionItem  # for TAB alone

        commands = [
            CompletionItem(name, help=words)
            for name, words in COMMANDS.items()
            if name.startswith(incomplete)
        ]
        return [*commands, *click.Command.shell_complete(self, ctx, incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="xlsx2opeasy", message="xlsx2opeasy %(version)s")
def cli() -> None:
    """Loads Excel workbooks into the Clearspan OpEasy Provisioning API, every row once.

    \b
    A first load, without a server:
      xlsx2opeasy load branch.xlsx --sandbox
    """


_NO_ROWS = dict.fromkeys(
    ("total", "succeeded", "failed", "rejected", "invalid", "notSent", "unknown", "skipped"), 0
)
_EMPTY_DOCUMENTS: dict[str, dict[str, Any]] = {
    "check": {"workbook": None, "rows": {"total": 0, "valid": 0, "invalid": 0}, "problems": []},
    "convert": {"workbook": None, "sha256": "", "chunks": []},
    "load": {
        "job": None,
        "status": "failed",
        "workbook": None,
        "results": None,
        "rows": _NO_ROWS,
        "operations": [],
    },
    "fields": {"fields": []},
    "jobs": {"items": []},
    "webex": {"items": []},
}
"""What each command's `--json` prints where it was called wrongly, so that nothing could be done."""


def _document_of_wrong_usage(message: str) -> None:
    """A script that asked for JSON gets a document at this exit code too."""
    if "--json" in sys.argv:
        name = next((each for each in sys.argv[1:] if each in COMMANDS), "")
        document = _EMPTY_DOCUMENTS.get("load" if name == "resume" else name, {})
        say_json(document | {"message": message})


def _after_a_mistake() -> str:
    if {"load", "resume"}.isdisjoint(sys.argv):
        return "try once more; if it says so again, send its developers these words"
    return "the load goes on with: xlsx2opeasy resume"


@collecting_seldom()
def main() -> NoReturn:
    """The console script: every end has a sentence and an exit code of the contract."""
    if COMPLETION_VARIABLE in os.environ:
        importlib.import_module("xlsx2opeasy.cli.completion")  # it knows one shell more than click
    try:
        code = cli.main(prog_name="xlsx2opeasy", complete_var=COMPLETION_VARIABLE, standalone_mode=False)
    except click.Abort:
        complain("interrupted")
        code = Interrupted.exit_code
    except click.ClickException as error:
        error.show()
        _document_of_wrong_usage(error.format_message())
        code = error.exit_code
    except Xlsx2OpeasyError as error:
        complain(error.message, error.hint)
        code = error.exit_code
    except KeyboardInterrupt:
        complain("interrupted")
        code = Interrupted.exit_code
    except BrokenPipeError:
        sys.stderr.close()
        code = 0
    except Exception as error:  # noqa: BLE001 - a mistake of ours must not show what it held in its hands
        complain(f"this is a mistake in xlsx2opeasy: {place_of(error)}", _after_a_mistake())
        code = ServiceFailed.exit_code
    sys.exit(code)
