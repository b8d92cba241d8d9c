"""Lines for a person: on standard error but for a command's product. What is from outside steers no terminal.

On a terminal lines are wrapped between words to its width; elsewhere each is one line. Help comes through
here, too: what a few functions need alone is imported in them.
"""

import io
import os
import re
import sys
from collections.abc import Iterable
from typing import Any, TextIO

import click

from xlsx2opeasy.display import on_terminal, readable

USUAL_WIDTH = 80
_printed: set[str] = set()
_PIECES = re.compile(r"\s+|\S+")
_COLUMNS = re.compile(r"\s*[^\s:][^:]*?( +: +)\S|\s*\S.*?(\s{2,})\S")
"""The first of two columns: what stands between them is a colon with blanks, or two blanks."""


def prepare_streams() -> None:
    """No character makes an output fail: files and pipes are UTF-8 where their encoding cannot say all."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            says_all = stream.encoding.lower().replace("-", "").startswith("utf")
            encoding = None if says_all or is_terminal(stream) else "utf-8"
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


def is_terminal(stream: TextIO | None) -> bool:
    """Whether a person sees what is written to the stream, or types what is read from it."""
    try:
        return stream is not None and stream.isatty()
    except ValueError:
        return False  # it was closed


def width_of(stream: TextIO) -> int:
    """The columns of the terminal: those of COLUMNS, else of the stream itself."""
    if (asked := os.environ.get("COLUMNS", "")).isdecimal() and int(asked) > 0:
        return int(asked)
    try:
        return os.get_terminal_size(stream.fileno()).columns or USUAL_WIDTH
    except (OSError, ValueError):
        return USUAL_WIDTH


def wrapped(text: str, width: int) -> str:
    """`text`, which may be styled, in lines of at most `width` columns; no word is cut.

    Further lines are indented; where the text is two columns, they are below the second one if its words fit.
    """
    from rich.cells import cell_len

    plain = click.unstyle(text)
    if cell_len(plain) <= width:
        return text
    columns = _COLUMNS.match(plain)
    indent = columns.end() - 1 if columns else 0
    longest = max(map(cell_len, plain.split()))
    if not 0 < indent <= min(width // 2, width - longest):
        indent = len(plain) - len(plain.lstrip()) + 4
    lines, line, used, blank = [], "", 0, ""
    for piece in _PIECES.findall(text):
        if piece.isspace():
            blank = piece
            continue
        needed = cell_len(blank) + cell_len(click.unstyle(piece))
        if line.strip() and used + needed > width:
            lines.append(line)
            line, used, blank = " " * indent, indent, ""
            needed = cell_len(click.unstyle(piece))
        line, used, blank = line + blank + piece, used + needed, ""
    return "\n".join([*lines, line])


def fitted(text: str, stream: TextIO) -> str:
    """`text` as it is written to the stream: wrapped where that is a terminal."""
    return wrapped(text, width_of(stream)) if is_terminal(stream) else text


def _write(text: str, stream: TextIO) -> None:
    click.echo(fitted(text, stream), file=stream, color=False if os.environ.get("NO_COLOR") else None)


def say(text: str = "") -> None:
    """A line of the command's product, on standard output."""
    _write(on_terminal(text), sys.stdout)


def say_lines(text: str) -> None:
    """The same of a text of this program of several lines; none of its breaks is from outside."""
    for line in text.split("\n"):
        say(line)


def say_styled(text: str) -> None:
    """A line of the product with colours; what in it is from outside went through `on_terminal`."""
    _write(text, sys.stdout)


def tell(text: str = "") -> None:
    """A line about what is going on, on standard error."""
    _write(on_terminal(text), sys.stderr)


def tell_lines(text: str) -> None:
    """The same of a text of this program of several lines; none of its breaks is from outside."""
    for line in text.split("\n"):
        tell(line)


def tell_styled(text: str) -> None:
    """A line with colours on standard error; what in it is from outside went through `on_terminal`."""
    _write(text, sys.stderr)


def complain(message: str, hint: str = "") -> None:
    """What went wrong, and what to do next, on standard error."""
    start = click.style("error:", fg="red", bold=True)
    tell_styled(f"{start} {on_terminal(message)}")
    if hint:
        tell_styled(f"  {on_terminal(hint)}")


def say_json(document: Any) -> None:  # noqa: ANN401
    """The one JSON document of a command, on standard output."""
    import json

    _printed.add("json")
    text = json.dumps(document, ensure_ascii=True, indent=2)
    if "\\udc" in text:  # perhaps a part of a file name that is no text
        document = json.loads(readable(json.dumps(document, ensure_ascii=False)))
        text = json.dumps(document, ensure_ascii=True, indent=2)
    click.echo(text)


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
