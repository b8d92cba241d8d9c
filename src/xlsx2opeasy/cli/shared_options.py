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
