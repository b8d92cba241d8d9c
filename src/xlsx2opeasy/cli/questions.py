"""Questions at a terminal: asked with every display paused, and answered by nothing that was typed before."""

import signal
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager

import click

from xlsx2opeasy.cli.output import complain, fitted, is_terminal, tell, tell_styled
from xlsx2opeasy.display import on_terminal
from xlsx2opeasy.errors import Interrupted, LoadRefused, UsageError
from xlsx2opeasy.session import Dialog

Pause = Callable[[], AbstractContextManager[None]]
ANSWERS = 3
"""How often a question is asked where the answer is none."""
_displays: list[Pause] = []
"""How each display that is drawn at present is paused."""


@contextmanager
def display(pause: Pause) -> Iterator[None]:
    """Registers what is drawn while the block runs, so that questions can pause it."""
    _displays.append(pause)
    try:
        yield
    finally:
        _displays.remove(pause)


def can_ask() -> bool:
    """Whether a person is there to see a question and to answer it."""
    return is_terminal(sys.stdin) and is_terminal(sys.stderr)


def confirm(question: str, details: Iterable[str] = ()) -> bool:
    """Asks for yes or no below `details`; end of input is no, and so is what is no answer, three times."""
    with _undisturbed():
        for line in details:
            tell_styled(line)
        _discard_typed_ahead()
        for _ in range(ANSWERS):
            answer = _read(f"{question} [y/N]: ").strip().casefold()
            if answer in ("y", "yes"):
                return True
            if answer in ("", "n", "no"):
                return False
            tell("Please answer y (yes) or n (no).")
    return False


def ask_text(question: str, present: str | None, check: Callable[[str], str]) -> str:
    """Asks for a text; `present` is taken where only Enter is pressed.

    `check` gives the value, or raises UsageError, which is shown. LoadRefused as for `ask_secretly`.
    """
    with _undisturbed():
        _discard_typed_ahead()
        for _ in range(ANSWERS):
            line = _read(f"{question}{f' [{present}]' if present else ''}: ")
            if not line:
                break
            try:
                if answer := line.strip() or (present or ""):
                    return check(answer)
                tell("Nothing was typed.")
            except UsageError as error:
                complain(error.message, error.hint)
    raise LoadRefused(f"nothing was stored: the question was not answered ({question})")


def ask_secretly(question: str) -> str:
    """Asks without showing what is typed. LoadRefused at the end of input, and after three empty answers."""
    import getpass

    with _undisturbed():
        _discard_typed_ahead()
        for _ in range(ANSWERS):
            try:
                answer = getpass.getpass(
                    fitted(f"{on_terminal(question)}: ", sys.stderr), stream=sys.stderr
                ).strip()
            except EOFError:
                click.echo(err=True)
                break
            if answer:
                return answer
            tell("Nothing was typed.")
    raise LoadRefused(f"nothing was sent: the question for the {question} was not answered")


def dialog() -> Dialog:
    """The person at the terminal; without one no question can be asked."""
    return Dialog(ask_secretly if can_ask() else None, tell)


def require_yes(question: str, *, yes: bool) -> None:
    """Asks once, unless `yes` was said beforehand.

    Raises LoadRefused where the answer is no, UsageError where nobody can see the question or answer it.
    """
    if yes:
        return
    if not can_ask():
        raise UsageError(
            "nothing was done: a question must be answered at a terminal, and there is none", "add --yes"
        )
    if not confirm(question):
        raise LoadRefused("nothing was done: the question was answered with no")


def _read(prompt: str) -> str:
    click.echo("\n".join(map(on_terminal, prompt.split("\n"))), nl=False, err=True)
    line = sys.stdin.readline()
    if not line:
        click.echo(err=True)
    return line


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Pauses all displays; Ctrl-C ends the question, and the command with it."""
    with ExitStack() as stack:
        for pause in _displays:
            stack.enter_context(pause())
        stack.enter_context(_ended_by_ctrl_c())
        try:
            yield
        except KeyboardInterrupt:
            click.echo(err=True)
            raise Interrupted("interrupted at the question, so nothing was sent") from None


@contextmanager
def _ended_by_ctrl_c() -> Iterator[None]:
    """Ctrl-C is an answer while a question is open; a load that listens to it waits for a request's end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _discard_typed_ahead() -> None:
    """What was typed before a question is shown must not answer it."""
    if not is_terminal(sys.stdin):
        return
    try:
        import termios
    except ImportError:  # Windows
        import msvcrt

        while msvcrt.kbhit():  # type: ignore[attr-defined]
            msvcrt.getwch()  # type: ignore[attr-defined]
        return
    try:
        termios.tcflush(sys.stdin.fileno(), termios.TCIFLUSH)
    except (termios.error, OSError):
        return  # no terminal after all
