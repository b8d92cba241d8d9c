"""`xlsx2opeasy config show`: every setting in force, and where each comes from. No secret is shown."""

import os

import click

from xlsx2opeasy.cli.options import JSON, connection_options
from xlsx2opeasy.cli.output import complain, say_json
from xlsx2opeasy.cli.tables import cell, show_table
from xlsx2opeasy.errors import UsageError, Xlsx2OpeasyError
from xlsx2opeasy.load.job.home import HOME_VARIABLE, state_folder
from xlsx2opeasy.settings import (
    Flags,
    Settings,
    Value,
    api_key_source,
    config_file,
    read_settings,
    resolve,
    webex_token_source,
    webex_url,
)
from xlsx2opeasy.settings.store import store_values

_HEADINGS = ("Setting", "Value", "From")
_UNKNOWN_WITHOUT_SERVER = "looked for once the server and the enterprise are named"


@click.group(name="config")
def command() -> None:
    """Look at the settings.

    \b
    Example:
      xlsx2opeasy config show
    """


@command.command(name="show")
@JSON
@connection_options
def show(flags: Flags, *, as_json: bool) -> None:
    """Show every setting and where it comes from: an option, the environment, a profile, a default.

    Keys and tokens are not shown, only whether they are set. Nothing is sent.

    \b
    Examples:
      xlsx2opeasy config show
      xlsx2opeasy config show --profile acme
    """
    try:
        values = [*_places(), *store_values(), *resolve(flags), _api_key(flags), *_webex()]
    except Xlsx2OpeasyError as error:
        if as_json:
            say_json({"settings": [], "message": error.message})
        complain(error.message, error.hint)
        raise SystemExit(error.exit_code) from None
    if as_json:
        items = [{"name": each.name, "value": each.value, "source": each.source} for each in values]
        say_json({"settings": items, "message": ""})
    else:
        show_table(_HEADINGS, [(cell(each.name), cell(each.value), cell(each.source)) for each in values])


def _places() -> tuple[Value, Value]:
    of_home = f"environment variable {HOME_VARIABLE}" if os.environ.get(HOME_VARIABLE) else "default"
    path = config_file()
    of_file = of_home if path.exists() else f"{of_home}; there is no such file"
    return Value("home", str(state_folder()), of_home), Value("config_file", str(path), of_file)


def _api_key(flags: Flags) -> Value:
    try:
        settings: Settings = read_settings(flags)
        source = api_key_source(settings, flags)
    except UsageError:
        return Value("api_key", None, _UNKNOWN_WITHOUT_SERVER)
    return _secret("api_key", source)


def _webex() -> tuple[Value, Value]:
    from xlsx2opeasy.webex.connection import DEFAULT_URL  # it brings httpx

    url = webex_url()
    of_url = "environment variable WEBEX_URL" if url else "default"

    return Value("webex_url", url or DEFAULT_URL, of_url), _secret("webex_token", webex_token_source())


def _secret(name: str, source: str | None) -> Value:
    return Value(name, "set" if source else None, source or "not set")
