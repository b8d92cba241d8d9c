"""Saying things to a person: on standard error but for a command's product, without control characters.

Help comes through here, too: what a few functions need alone is imported in them.
"""

import os
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

import click

_printed: set[str] = set()
_BIDI = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def clean(text: str) -> str:
    """`text` without what could steer a terminal: control characters (but line breaks) and bidi marks."""
    return "".join(
        each for each in text if each == "\n" or (unicodedata.category(each) != "Cc" and each not in _BIDI)
    )


def say(text: str = "") -> None:
    """A line of the command's product, on standard output."""
    click.echo(clean(text))


def tell(text: str = "") -> None:
    """A line about what is going on, on standard error."""
    click.echo(clean(text), err=True)


def tell_ours(text: str) -> None:
    """A line of our own making on standard error: with colours, and nothing in it from outside."""
    click.echo(text, err=True)


def complain(message: str, hint: str = "") -> None:
    """What went wrong, and what to do next, on standard error."""
    start = click.style("error:", fg="red", bold=True)
    click.echo(f"{start} {clean(message)}", err=True)
    if hint:
        click.echo(f"  {clean(hint)}", err=True)


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
