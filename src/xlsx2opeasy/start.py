"""The console script: whatever happens, also at import, has a sentence, a document for `--json` and a code.

Only the standard library is imported before the command itself is.
"""

import contextlib
import errno
import gc
import os
import sys
from typing import NoReturn

import xlsx2opeasy.streams as streams  # "from xlsx2opeasy" asks it for a public name first
from xlsx2opeasy import __version__

INTERNAL, INTERRUPTED = 5, 130
_NOT_NEEDED = ("hypothesis", "httpx._main")
"""What pandera and httpx import where it is there, for what no command does: test data, httpx alone."""
_HELP_COLUMNS = 80
_FINISHES_SOMETHING = frozenset({"load", "resume"})
"""Commands whose output is worth a sentence also where the reader of a pipe has left."""


def main() -> NoReturn:
    """Runs the command; it ends with its own exit code though standard output is full or closed."""
    if sys.argv[1:] in (["--version"], ["-V"]):  # which scripts ask for often: click takes four times as long
        sys.exit(_say_version())
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # each thread of numpy takes memory, and none is used
    for name in _NOT_NEEDED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # an import of it fails at once
    loss = streams.guard()
    try:
        code = 0 if _help_shown() else _run()
    finally:
        sys.stdout.flush()
        if loss.error is not None and not (loss.is_reader_gone and _FINISHES_SOMETHING.isdisjoint(sys.argv)):
            sys.stderr.write(f"warning: standard output could not be written: {loss.reason}\n")
        gc.freeze()  # the libraries' objects are not searched for circles once more before all ends
    sys.exit(code)


def _say_version() -> int:
    """The version; where standard output is full or closed, a sentence, as after every other command."""
    try:
        os.write(1, f"xlsx2opeasy {__version__}\n".encode())
    except BrokenPipeError:
        return 0
    except OSError as error:
        why = "it is closed" if error.errno == errno.EBADF else error.strerror
        with contextlib.suppress(OSError):
            os.write(2, f"warning: standard output could not be written: {why}\n".encode())
    return 0


def _help_shown() -> bool:
    """Whether the page of `--help` was asked for and could be shown without click, whose import it is for.

    The page was made by click itself, for terminals of at least 80 columns.
    """
    if sys.argv[1:] not in (["--help"], ["-h"]) or _columns() < _HELP_COLUMNS:
        return False
    with open(os.path.join(os.path.dirname(__file__), "help.txt"), encoding="ascii") as page:  # noqa: PTH118, PTH120, PTH123 - pathlib takes longer than all else here
        sys.stdout.write(page.read())
    return True


def _columns() -> int:
    """The columns that click would find, as `shutil.get_terminal_size` does."""
    try:
        columns = int(os.environ["COLUMNS"])
    except (KeyError, ValueError):
        columns = 0
    if columns > 0:
        return columns
    try:
        return os.get_terminal_size(sys.__stdout__.fileno()).columns or _HELP_COLUMNS  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):
        return _HELP_COLUMNS


def _run() -> int:
    """The command, which SIGTERM and SIGHUP end as Ctrl-C does, until it handles them in its own way."""
    import signal  # takes as long as all of --help

    from xlsx2opeasy.operating_system import ending_signals, raise_interrupt

    heard = ending_signals()
    try:
        for number in heard:
            signal.signal(number, raise_interrupt)
        try:
            from xlsx2opeasy.cli.main import run
        except Exception as error:  # noqa: BLE001 - a broken installation, or no memory
            return _not_started(error)
        return run()
    except KeyboardInterrupt:
        return _interrupted()
    finally:
        for number in heard:  # only the output is still to be written
            signal.signal(number, lambda *_: os._exit(INTERRUPTED))


def _not_started(error: Exception) -> int:
    from xlsx2opeasy.errors import lacks_memory

    kind = type(error).__name__
    message = (
        "not enough memory to start"
        if lacks_memory(error)
        else f"xlsx2opeasy cannot start, its installation is broken: {kind} ({getattr(error, 'name', None)})"
    )
    sys.stderr.write(f"error: {message}\n  install it again, or close other programs\n")
    _print_document(message, "failed")
    return INTERNAL


def _interrupted() -> int:
    """Where the command itself could not see to it: while it was imported, or when it was ending already."""
    output = sys.modules.get("xlsx2opeasy.cli.output")
    if not getattr(output, "_printed", None):
        _print_document("interrupted", "interrupted")
    return INTERRUPTED


def _print_document(message: str, status: str) -> None:
    if "--json" in sys.argv:
        import json

        from xlsx2opeasy.cli.documents import empty_document

        document = {**empty_document(sys.argv, status), "message": message}
        sys.stdout.write(json.dumps(document, indent=2) + "\n")
