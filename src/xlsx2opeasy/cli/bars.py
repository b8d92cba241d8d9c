"""The bars of a load on a terminal, and the lines that stay above them."""

import math
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text

from xlsx2opeasy.cli.output import wrapped
from xlsx2opeasy.display import on_terminal


class Bars(AbstractContextManager["Bars"]):
    """Bars by name, each with what is done and a note; drawn on standard error within the block."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False, force_terminal=True)
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=20),
            TextColumn("{task.fields[note]}"),
            TimeElapsedColumn(),
            _TimeLeft(),
            console=self._console,
            transient=True,
        )
        self._shown: dict[str, TaskID] = {}

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._progress.stop()

    def __contains__(self, name: object) -> bool:
        return name in self._shown

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Draws nothing while the block runs."""
        self._progress.stop()
        yield
        self._progress.start()

    def line(self, text: str) -> None:
        """A line that stays, with the colours it has."""
        self._console.print(Text.from_ansi(wrapped(text, self._console.width)))

    def start(self, name: str, said: str, total: int | None, note: str) -> None:
        """Draws a bar, in the place of one of its name."""
        self.end(name)
        self._shown[name] = self._progress.add_task(escape(on_terminal(said)), total=total, note=note)

    def update(self, name: str, note: str, done: int | None) -> None:
        """Changes a bar, where it is drawn."""
        if (bar := self._shown.get(name)) is not None:
            self._progress.update(bar, completed=done, note=escape(on_terminal(note)))

    def end(self, name: str) -> None:
        """Removes a bar."""
        if (bar := self._shown.pop(name, None)) is not None:
            self._progress.remove_task(bar)


class _TimeLeft(ProgressColumn):
    """How long it will take: known of uploads, not of what the server does by itself."""

    def render(self, task: Task) -> Text:
        left = task.time_remaining if task.total else None
        return Text("" if left is None else f"about {timedelta(seconds=math.ceil(left))} left")
