"""The command `xlsx2opeasy`: finds a command's module by its path, imports it only when it is called.

So `--help` answers at once: nothing heavy (pandas, httpx) is imported before a command runs.
"""

import importlib
import keyword
import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING

import click

from xlsx2opeasy import __version__
from xlsx2opeasy.cli.documents import empty_document
from xlsx2opeasy.cli.output import complain, json_was_printed, prepare_streams, say_json, tell
from xlsx2opeasy.errors import GO_ON, Interrupted, Xlsx2OpeasyError, internal_error
from xlsx2opeasy.reduced_gc import reduced_gc

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

GROUPS = {
    "Every day": {
        "template": "writes a blank workbook to fill in",
        "check": "checks a workbook offline",
        "plan": "says what a load would do",
        "load": "checks, uploads, runs, and writes the results into the workbook",
        "resume": "goes on with a load that was cut off",
        "web": "serves a page that does all this in a browser",
    },
    "Looking back": {
        "jobs": "lists this machine's jobs",
        "report": "writes the report of a job, one HTML file",
        "undo": "writes a workbook that takes back what a job did",
        "support": "writes an archive of a job for whoever helps, without secrets",
    },
    "Several machines": {
        "queue": "lists loads that workers take up, adds and cancels them",
        "worker": "takes loads from the queue",
        "store": "looks after the store that several machines share",
    },
    "Fields and files": {
        "rules": "explains the rules of the check, and which of them can be allowed",
        "fields": "explains the fields, their rules and commands",
        "convert": "turns a workbook into chunk files and a manifest",
        "import": "makes a workbook of task files, or of a list (.csv, .tsv)",
        "map": "writes which field each header of a list means",
    },
    "The API, one call at a time": {
        "operations": "looks at operations on the server, and cleans them up",
        "scheduled": "starts an operation by hand, looks at runs and their results",
        "webhooks": "lists, registers and removes webhook receivers",
        "webex": "lists Webex Calling's jobs",
    },
    "Setting up": {
        "init": "asks for server, enterprise and API key, tries and keeps them",
        "login": "stores the API key in the operating system's keyring",
        "config": "shows the settings and where each comes from; changes one",
        "doctor": "looks for what is wrong with the connection",
        "sandbox": "serves a simulated OpEasy to try things on",
        "completion": "prints the script that lets a shell complete words",
        "help": "explains a command, as COMMAND --help does",
    },
}
"""As help lists them. The module `cli.NAME` (`import_` for `import`) holds `command`."""
COMMANDS = {name: words for commands in GROUPS.values() for name, words in commands.items()}


COMPLETION_VARIABLE = "_XLSX2OPEASY_COMPLETE"
"""Set by the scripts of `completion`, when TAB is pressed."""


def _module(name: str) -> ModuleType:
    module = f"{name}_" if keyword.iskeyword(name) else name
    return importlib.import_module(f"xlsx2opeasy.cli.{module}")


class LazyGroup(click.Group):
    """A group whose commands are imported when they are called; help needs their short words only."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command of that name, imported now."""
        if name not in COMMANDS:
            return None
        from xlsx2opeasy.operating_system import leave_no_core_file  # ctypes: not for --help

        leave_no_core_file()
        command: click.Command = _module(name).command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that is called; where there is none of that name, the nearest is suggested."""
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            import difflib  # for the mistyped alone

            near = difflib.get_close_matches(name.casefold(), COMMANDS, n=1)
            hint = f"did you mean {near[0]}?" if near else "xlsx2opeasy --help lists the commands."
            raise click.UsageError(f'there is no command "{name}"; {hint}', ctx)
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
        width = max(map(len, COMMANDS))
        for title, commands in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name.ljust(width), words) for name, words in commands.items()])


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, "-V", "--version", message="xlsx2opeasy %(version)s")
@click.option(
    "-v", "--verbose", is_flag=True, help="Show each request to the server on standard error, masked."
)
def cli(*, verbose: bool) -> None:
    """Loads Excel workbooks into the Clearspan OpEasy Provisioning API, every row once.

    \b
    A first load, without a server:
      xlsx2opeasy load branch.xlsx --sandbox
    """
    if verbose:
        from xlsx2opeasy.http.protocol import show_protocol

        show_protocol(tell)


def _print_document(message: str, status: str = Xlsx2OpeasyError.status) -> None:
    """A script that asked for JSON gets one document at every exit code."""
    if "--json" in sys.argv and not json_was_printed():
        say_json({**empty_document(sys.argv, status), "message": message})


def _misused(error: click.ClickException) -> int:
    """Wrong usage, in the form of all other errors."""
    message = error.format_message()
    if isinstance(error, click.NoSuchOption):
        message = f"there is no option {error.option_name}"
        if near := _nearest_option(error):
            message += f"; did you mean {near}?"
    context = error.ctx if isinstance(error, click.UsageError) else None
    complain(
        message[:1].lower() + message[1:].removesuffix("."),
        f"{context.command_path} --help" if context else "",
    )
    _print_document(message)
    return error.exit_code


def _nearest_option(error: click.NoSuchOption) -> str | None:
    if error.ctx is None:
        return None
    import difflib  # for the mistyped alone

    known = [each for parameter in error.ctx.command.get_params(error.ctx) for each in parameter.opts]
    options = [each for each in known if each.startswith("--")]
    return next(iter(difflib.get_close_matches(error.option_name, options, n=1, cutoff=0.6)), None)


def _ended(error: Xlsx2OpeasyError) -> int:
    complain(error.message, error.hint)
    _print_document(error.message, error.status)
    return error.exit_code


@reduced_gc()
def run() -> int:
    """Run the command that the arguments name; every end has a sentence and an exit code of the contract."""
    prepare_streams()
    if COMPLETION_VARIABLE in os.environ:
        importlib.import_module("xlsx2opeasy.cli.completion")  # it knows one shell more than click
    try:
        code: int = cli.main(prog_name="xlsx2opeasy", complete_var=COMPLETION_VARIABLE, standalone_mode=False)
    except (click.Abort, KeyboardInterrupt):
        code = _ended(Interrupted("interrupted"))
    except click.ClickException as error:
        code = _misused(error)
    except Xlsx2OpeasyError as error:
        code = _ended(error)
    except Exception as error:  # noqa: BLE001 - an internal error must not show the values it was about
        goes_on = not {"load", "resume"}.isdisjoint(sys.argv)
        code = _ended(internal_error(error, GO_ON if goes_on else ""))
    return code
