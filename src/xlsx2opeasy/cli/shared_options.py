"""Options that several commands take alike."""

from collections.abc import Callable
from typing import TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., object])

large_option = click.option(
    "--large",
    is_flag=True,
    help="Read a very large workbook, too (some 150,000 full rows and more); only where you know its origin.",
)


def task_type_option(what: str) -> Callable[[Command], Command]:
    """`--task-type`, which narrows the command to `what` of one or several task types."""
    from xlsx2opeasy.spec.catalogue import TASK_TYPES  # for the commands that have it

    names = [each.name for each in TASK_TYPES]
    return click.option(
        "--task-type",
        "task_types",
        multiple=True,
        type=click.Choice(names, case_sensitive=False),
        metavar=f"[{'|'.join(names)}]",
        help=f"Only {what}; may be given several times.",
    )


def chunk_options(piece: str) -> Callable[[Command], Command]:
    """`--chunk-tasks` and `--chunk-bytes`: how much goes into one `piece`."""

    def decorate(command: Command) -> Command:
        tasks = click.option(
            "--chunk-tasks", type=click.IntRange(min=1), help=f"The most tasks in one {piece} (1000)."
        )
        size = click.option(
            "--chunk-bytes", type=click.IntRange(min=1), help=f"The most bytes of one {piece} (900000)."
        )
        return tasks(size(command))

    return decorate
