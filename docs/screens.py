"""Draws what a command shows on a terminal as an SVG: python docs/screens.py FILE.svg COMMAND..."""

import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from terminal import Terminal

WIDTH = 80


def draw(file: Path, command: list[str]) -> None:
    """Runs the command at a terminal of 80 columns and saves what is left on the screen."""
    with Terminal(command, columns=WIDTH, rows=40) as window:
        window.end()
        shown = window.coloured()
    with Path("/dev/null").open("w") as nowhere:
        console = Console(record=True, width=WIDTH, file=nowhere)
        console.print(Text.from_ansi(shown))
        console.save_svg(str(file), title=" ".join(Path(word).name for word in command))


if __name__ == "__main__":
    draw(Path(sys.argv[1]), sys.argv[2:])
