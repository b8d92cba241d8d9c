"""The commands as the command reference tells them (`commands.md`), read from click itself."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from xlsx2opeasy.cli.main import COMMANDS, cli

HELP_PAGE = Path(__file__).parent.parent / "src" / "xlsx2opeasy" / "help.txt"
"""What `--help` shows where nothing but itself has to be imported for it."""

_BLOCK = "\b"
"""click's mark of a paragraph that keeps its lines: the examples."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command: its usage, its paragraphs of help, its examples, its arguments and options."""

    name: str
    usage: str
    paragraphs: tuple[str, ...]
    examples: tuple[str, ...]
    options: tuple[tuple[str, str], ...]
    hidden: bool


def help_page() -> str:
    """The page of `xlsx2opeasy --help` for a terminal of 80 columns."""
    return f"{cli.get_help(_root())}\n"


def _root() -> click.Context:
    return click.Context(cli, info_name="xlsx2opeasy", terminal_width=78, **cli.context_settings)


def commands() -> list[Command]:
    """All commands in the order of help, each group followed by its own."""
    root = _root()
    found = (each for name in COMMANDS for each in _walk(root, cli.get_command(root, name), name))
    return [each for each in found if not each.hidden]


def _walk(parent: click.Context, command: click.Command | None, name: str) -> Iterator[Command]:
    if command is None:
        raise LookupError(f"help lists {name}, and there is no such command")
    context = click.Context(command, info_name=name, parent=parent)
    yield _told(command, context)
    if isinstance(command, click.Group):
        for each in command.list_commands(context):
            yield from _walk(context, command.get_command(context, each), each)


def _told(command: click.Command, context: click.Context) -> Command:
    pieces = " ".join(command.collect_usage_pieces(context))
    paragraphs, examples = _parts(command.help or "")
    options = tuple(
        (record[0], " ".join(record[1].split()))
        for parameter in command.get_params(context)
        if (record := parameter.get_help_record(context)) and "--help" not in parameter.opts
    )
    usage = f"{context.command_path} {pieces}".strip()
    return Command(context.command_path, usage, paragraphs, examples, options, command.hidden)


def _parts(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paragraphs that flow, and the lines of those that keep their lines."""
    paragraphs: list[str] = []
    examples: list[str] = []
    for part in inspect.cleandoc(text).split("\n\n"):
        if part.startswith(_BLOCK):
            examples += [line.strip() for line in part.splitlines()[1:] if line.startswith("  ")]
        else:
            paragraphs.append(" ".join(part.split()))
    return tuple(paragraphs), tuple(examples)
