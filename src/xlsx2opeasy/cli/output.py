"""Lines for a person: on standard error but for a command's product, each shown as one line.

Help comes through here, too: what a few functions need alone is imported in them.
"""

import os
import re
from collections.abc import Iterable
from typing import Any

import click

from xlsx2opeasy.display import on_terminal

_printed: set[str] = set()


def say(text: str = "") -> None:
    """A line of the command's product, on standard output."""
    click.echo(on_terminal(text))


def tell(text: str = "") -> None:
    """A line about what is going on, on standard error."""
    click.echo(on_terminal(text), err=True)


def tell_styled(text: str) -> None:
    """A line with colours on standard error; nothing in it is from outside."""
    click.echo(text, err=True)


def complain(message: str, hint: str = "") -> None:
    """What went wrong, and what to do next, on standard error."""
    start = click.style("error:", fg="red", bold=True)
    click.echo(f"{start} {on_terminal(message)}", err=True)
    if hint:
        click.echo(f"  {on_terminal(hint)}", err=True)


def say_json(document: Any) -> None:  # noqa: ANN401
    """The one JSON document of a command, on standard output."""
    import json

    _printed.add("json")
    click.echo(json.dumps(document, ensure_ascii=True, indent=2))


def json_was_printed() -> bool:
    """Whether the command has given its document, after which there must be no second one."""
    return bool(_printed)


def from_here(text: str) -> str:
    """`text` with the files below the current folder named from there, as a person would type them.

    A name that begins with a dash keeps its folder: alone it would be an option.
    """
    try:
        here = os.path.join(os.getcwd(), "")  # noqa: PTH109, PTH118 - with the separator at its end
    except FileNotFoundError:
        return text
    if here == os.sep:
        return text
    return re.sub(rf"(?<![^\s'\"]){re.escape(here)}(?!-)", "", text)


def rows_in_words(rows: Iterable[int]) -> str:
    """Row numbers as ranges: `7, 9, 12-20`."""
    spans: list[list[int]] = []
    for row in sorted(rows):
        if spans and row == spans[-1][1] + 1:
            spans[-1][1] = row
        else:
            spans.append([row, row])
    return ", ".join(f"{first}-{last}" if last > first else str(first) for first, last in spans)


def counted(number: int, what: str) -> str:
    """`1 row`, `2 rows`, `1,240 rows`."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
