"""`xlsx2opeasy store`: the shared store's tables, what is in it, its key exchanged."""

import click

from xlsx2opeasy.cli.options import JSON
from xlsx2opeasy.cli.output import counted, say, say_json


@click.group(name="store")
def command() -> None:
    """Look after the store that several machines share.

    \b
    Examples:
      xlsx2opeasy store init
      xlsx2opeasy store status
    """


@command.command(name="init")
def init() -> None:
    """Make the store's tables, or bring those of an older version forward.

    They are made at first use as well; several machines may do it at once.

    \b
    Example:
      xlsx2opeasy store init
    """
    from xlsx2opeasy.settings.store import shared_store

    store = shared_store()
    from xlsx2opeasy.store.care import prepare

    said = prepare(store)
    say(said)


@command.command(name="status")
@JSON
def status(*, as_json: bool) -> None:
    """Show what is in the store: its address without the password, version, jobs, queue, size.

    \b
    Example:
      xlsx2opeasy store status
    """
    from xlsx2opeasy.settings.store import shared_store

    store = shared_store()
    from xlsx2opeasy.store.care import status_of

    found = status_of(store)
    if as_json:
        say_json(found)
    else:
        for name, value in found.items():
            say(f"{name}: {value}")


@command.command(name="rotate-key")
def rotate_key() -> None:
    """Wrap every job's key with the first key of the key file; the second line holds the one before.

    Every machine needs the new key file first. Once it says 0 keys, the second line can be removed.

    \b
    Example:
      xlsx2opeasy store rotate-key
    """
    from xlsx2opeasy.settings.store import shared_store

    store = shared_store()
    from xlsx2opeasy.store.care import rotate

    number = rotate(store)
    wrapped = f"{counted(number, 'key')} wrapped again"
    then = "the key file's second line can be removed everywhere"
    say(f"{wrapped}; run it again: at 0 keys {then}" if number else f"{wrapped}: {then}")
