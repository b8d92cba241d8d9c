"""`xlsx2opeasy store`: the shared store's tables, what is in it, its key exchanged."""

from typing import NoReturn

import click

from xlsx2opeasy.cli.options import JSON
from xlsx2opeasy.cli.output import complain, counted, say, say_json
from xlsx2opeasy.errors import Xlsx2OpeasyError


@click.group(name="store")
def command() -> None:
    """Look after the store that several machines share.

    \b
    Examples:
      xlsx2opeasy store init
      xlsx2opeasy store status
    """


@command.command(name="init")
def init() -> NoReturn:
    """Make the store's tables, or bring those of an older version forward.

    They are made at first use as well; several machines may do it at once.

    \b
    Example:
      xlsx2opeasy store init
    """
    from xlsx2opeasy.settings.store import shared_store

    try:
        store = shared_store()
        from xlsx2opeasy.store.care import prepare

        said = prepare(store)
    except Xlsx2OpeasyError as error:
        _end_with(error)
    say(said)
    raise SystemExit(0)


@command.command(name="status")
@JSON
def status(*, as_json: bool) -> NoReturn:
    """Show what is in the store: its address without the password, version, jobs, queue, size.

    \b
    Example:
      xlsx2opeasy store status
    """
    from xlsx2opeasy.settings.store import shared_store

    try:
        store = shared_store()
        from xlsx2opeasy.store.care import status_of

        found = status_of(store)
    except Xlsx2OpeasyError as error:
        if as_json:
            say_json({"store": None, "message": error.message})
        _end_with(error)
    if as_json:
        say_json(found)
    else:
        for name, value in found.items():
            say(f"{name}: {value}")
    raise SystemExit(0)


@command.command(name="rotate-key")
def rotate_key() -> NoReturn:
    """Wrap every job's key with the first key of the key file; the second line holds the one before.

    Every machine needs the new key file first. Afterwards the second line can be removed.

    \b
    Example:
      xlsx2opeasy store rotate-key
    """
    from xlsx2opeasy.settings.store import shared_store

    try:
        store = shared_store()
        from xlsx2opeasy.store.care import rotate

        number = rotate(store)
    except Xlsx2OpeasyError as error:
        _end_with(error)
    say(f"{counted(number, 'key')} wrapped again; the key file's second line can be removed everywhere")
    raise SystemExit(0)


def _end_with(error: Xlsx2OpeasyError) -> NoReturn:
    complain(error.message, error.hint)
    raise SystemExit(error.exit_code)
