"""`xlsx2opeasy login`: puts the API key, or Webex's access token, into the operating system's keyring."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from xlsx2opeasy.cli.options import connection_options
from xlsx2opeasy.cli.output import tell
from xlsx2opeasy.cli.questions import ask_secretly, can_ask
from xlsx2opeasy.errors import UsageError, Xlsx2OpeasyError
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.session import try_key
from xlsx2opeasy.settings.keyrings import (
    WEBEX_KEYRING_NAME,
    KeyringTrouble,
    keyring_kind,
    keyring_name,
    keyring_names,
    look_up,
    remove,
    store,
)
from xlsx2opeasy.settings.keys import read_key_file
from xlsx2opeasy.settings.resolved import Flags, Settings, read_settings


@click.command(name="login")
@click.option("--webex", is_flag=True, help="Store Webex's access token in the place of the API key.")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read it from standard input instead of asking.")
@click.option("--no-check", is_flag=True, help="Store it without trying it at the server.")
@click.option("--remove", "removes", is_flag=True, help="Take it out of the keyring again.")
@connection_options
def command(flags: Flags, *, webex: bool, from_stdin: bool, no_check: bool, removes: bool) -> None:
    """Store the API key of an enterprise in the operating system's keyring, once it was tried at the server.

    The key is asked for and not shown while it is typed. A key that the server refuses is not stored.

    \b
    Examples:
      xlsx2opeasy login --url https://opeasy.example.com --enterprise-id acme
      xlsx2opeasy login --profile acme --stdin < key.txt
      xlsx2opeasy login --profile acme --remove
      xlsx2opeasy login --webex
    """
    if flags.api_key_file is not None and from_stdin:
        raise click.UsageError("--api-key-file and --stdin contradict each other")
    if webex and flags.api_key_file is not None:
        raise click.UsageError("--api-key-file goes with the API key only; give --stdin with --webex")
    if removes and (from_stdin or no_check or flags.api_key_file is not None):
        raise click.UsageError("--remove needs no key")
    settings = None if webex else read_settings(flags)
    with _way_out(settings):
        if removes:
            _remove(settings)
            return
        kind = keyring_kind()
        look_up(_name(settings))  # a keyring that is locked is found out before anything is typed
        secret = _read(settings, flags.api_key_file, from_stdin=from_stdin)
        if not no_check:
            _try(settings, secret)
        store(_name(settings), secret)
    tell(f"The {_spoken(settings)} is stored in the keyring ({kind}).")
    _tell_of_what_goes_before(settings)


@contextmanager
def _way_out(settings: Settings | None) -> Iterator[None]:
    """Where the keyring cannot be used, the way out for a token is another than that for a key."""
    try:
        yield
    except KeyringTrouble as trouble:
        if settings is not None:
            raise
        raise KeyringTrouble(trouble.message, "set WEBEX_ACCESS_TOKEN") from None


def _name(settings: Settings | None) -> str:
    return WEBEX_KEYRING_NAME if settings is None else keyring_name(settings)


def _spoken(settings: Settings | None) -> str:
    if settings is None:
        return "Webex access token"
    return f"API key for enterprise {settings.enterprise_id} at {settings.url}"


def _remove(settings: Settings | None) -> None:
    names = (WEBEX_KEYRING_NAME,) if settings is None else keyring_names(settings)
    if remove(*names):
        tell(f"The {_spoken(settings)} is no longer in the keyring.")
    else:
        tell(f"The keyring holds no {_spoken(settings)}.")


def _read(settings: Settings | None, api_key_file: Path | None, *, from_stdin: bool) -> Secret:
    if api_key_file is not None:
        return read_key_file(api_key_file)
    if from_stdin:
        text = sys.stdin.read().strip()
    elif can_ask():
        text = ask_secretly(_spoken(settings)).strip()
    else:
        other = "--stdin" if settings is None else "--stdin or --api-key-file"
        raise UsageError("there is no terminal to ask at", f"give {other}")
    if not text:
        raise UsageError(f"no {_spoken(settings)} was given, so nothing was stored", "try again")
    if "\n" in text:
        raise UsageError(
            "more than one line was given, so nothing was stored", "give the key alone, in one line"
        )
    return Secret(text)


def _try(settings: Settings | None, secret: Secret) -> None:
    """Raises what the server's answer means, and says that nothing was stored."""
    try:
        if settings is None:
            _try_token(secret)
        else:
            try_key(settings, secret)
    except Xlsx2OpeasyError as error:
        tell("Nothing was stored. To store it without trying it at the server, add --no-check.")
        raise error from None


def _try_token(secret: Secret) -> None:
    from xlsx2opeasy.settings.keys import webex_url
    from xlsx2opeasy.webex import DEFAULT_URL, WebexClient, WebexConnection

    connection = WebexConnection(secret, webex_url() or DEFAULT_URL)
    with WebexClient(connection, on_pause=lambda words: tell(f"note: {words}")) as client:
        if problem := client.list_jobs(most=1).problem:
            raise problem


def _tell_of_what_goes_before(settings: Settings | None) -> None:
    variable = "WEBEX_ACCESS_TOKEN" if settings is None else "OPEASY_API_KEY"
    if os.environ.get(variable):
        tell(f"note: {variable} is set, and goes before the keyring as long as it is.")
