"""`xlsx2opeasy config`: every setting and where it comes from; changes to one. No secret is shown."""

import os

import click

from xlsx2opeasy.cli.options import JSON, complete_profiles, connection_options
from xlsx2opeasy.cli.output import say_json, tell
from xlsx2opeasy.cli.tables import cell, show_table
from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.operating_system import HOME_VARIABLE, state_folder
from xlsx2opeasy.paths import is_there
from xlsx2opeasy.settings.config import config_file
from xlsx2opeasy.settings.keys import api_key_source, webex_token_source, webex_url
from xlsx2opeasy.settings.resolved import Flags, Settings, Value, read_settings, resolve
from xlsx2opeasy.settings.store import store_values

_HEADINGS = ("Setting", "Value", "From")
_UNKNOWN_WITHOUT_SERVER = "looked for once the server and the enterprise are named"


@click.group(name="config")
def command() -> None:
    """Look at the settings, and change them.

    \b
    Examples:
      xlsx2opeasy config show
      xlsx2opeasy config set chunk_tasks 500
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
    values = [*_places(), *store_values(), *resolve(flags), _api_key(flags), *_webex()]
    if as_json:
        items = [{"name": each.name, "value": each.value, "source": each.source} for each in values]
        say_json({"settings": items, "message": ""})
    else:
        show_table(_HEADINGS, [(cell(each.name), cell(each.value), cell(each.source)) for each in values])


_PROFILE = click.option(
    "--profile", help="The profile to change (OPEASY_PROFILE).", shell_complete=complete_profiles
)


@command.command(name="set")
@click.argument("name")
@click.argument("value")
@_PROFILE
def set_command(name: str, value: str, *, profile: str | None) -> None:
    """Change the setting NAME of the profile in force, by the names that `config show` prints.

    The value must be one that a load would take; comments in the file stay. Keys and passwords are not taken.

    \b
    Examples:
      xlsx2opeasy config set url https://opeasy.example.com
      xlsx2opeasy config set chunk_tasks 500 --profile acme
    """
    from xlsx2opeasy.settings.edit import set_value

    where = set_value(name, value, Flags(profile=profile))
    tell(f"{name} is set for {where}.")
    _tell_of_what_goes_before(name)


@command.command(name="unset")
@click.argument("name")
@_PROFILE
def unset_command(name: str, *, profile: str | None) -> None:
    """Take the setting NAME out of the profile in force.

    \b
    Example:
      xlsx2opeasy config unset ca_bundle
    """
    from xlsx2opeasy.settings.edit import unset_value

    where = unset_value(name, Flags(profile=profile))
    tell(f"{name} was not set." if where is None else f"{name} is no longer set for {where}.")


def _tell_of_what_goes_before(name: str) -> None:
    """The environment goes before the file, so that the change may have no effect."""
    variable = "XLSX2OPEASY_STORE" if name == "store" else f"OPEASY_{name.upper()}"
    if os.environ.get(variable):
        tell(f"note: {variable} is set, and goes before the file as long as it is.")


def _places() -> tuple[Value, Value]:
    of_home = f"environment variable {HOME_VARIABLE}" if os.environ.get(HOME_VARIABLE) else "default"
    path = config_file()
    of_file = of_home if is_there(path) else f"{of_home}; there is no such file"
    return Value("home", str(state_folder()), of_home), Value("config_file", str(path), of_file)


def _api_key(flags: Flags) -> Value:
    try:
        settings: Settings = read_settings(flags)
        source = api_key_source(settings, flags)
    except UsageError:
        return Value("api_key", None, _UNKNOWN_WITHOUT_SERVER)
    return _secret("api_key", source)


def _webex() -> tuple[Value, Value]:
    from xlsx2opeasy.webex.exchange import DEFAULT_URL  # it brings httpx

    url = webex_url()
    of_url = "environment variable WEBEX_URL" if url else "default"

    return Value("webex_url", url or DEFAULT_URL, of_url), _secret("webex_token", webex_token_source())


def _secret(name: str, source: str | None) -> Value:
    return Value(name, "set" if source else None, source or "not set")
