"""`xlsx2opeasy init`: server, enterprise and key, asked once, tried, and kept."""

import os
from pathlib import Path

import click

from xlsx2opeasy.cli.options import connection_options
from xlsx2opeasy.cli.output import complain, tell
from xlsx2opeasy.cli.questions import ask_secretly, ask_text, can_ask, confirm
from xlsx2opeasy.errors import LoadRefused, ServiceFailed, UsageError, Xlsx2OpeasyError
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.session import try_key
from xlsx2opeasy.settings.config import config_file
from xlsx2opeasy.settings.keyrings import KeyringTrouble, keyring_name
from xlsx2opeasy.settings.keys import key_file_remarks, read_key_file
from xlsx2opeasy.settings.resolved import Flags, Settings
from xlsx2opeasy.shell import Shell, quoted, shell_in_use

_NOTHING = "nothing was stored: the question was answered with no"


@click.command(name="init")
@connection_options
def command(flags: Flags) -> None:
    """Ask for server, enterprise and API key, try them, and keep them: then `load WORKBOOK` is all there is.

    The server and the enterprise go into a profile of config.toml, the default one from then on; the key goes
    into the operating system's keyring.

    \b
    Examples:
      xlsx2opeasy init
      xlsx2opeasy init --profile acme
    """
    if not can_ask():
        raise UsageError(
            "init asks questions, and there is no terminal",
            "xlsx2opeasy config set, and login --stdin, do the same without questions",
        )
    _init(flags)


def _init(flags: Flags) -> None:
    profile, present = _profile(flags)
    url = _checked(flags.url, "Server, such as https://opeasy.example.com", present.get("url"), "url")
    enterprise = _checked(flags.enterprise_id, "Enterprise id", present.get("enterprise_id"), "enterprise_id")
    settings = Settings(url, enterprise, profile, flags.ca_bundle)
    kept = _kept_key(settings)
    if kept is not None and not confirm(f"The keyring holds a key for enterprise {enterprise}. Replace it?"):
        raise LoadRefused(_NOTHING)
    key = _key(settings, flags.api_key_file)
    _try(settings, key)
    in_keyring = _store_key(settings, key)
    from xlsx2opeasy.settings.edit import variables_before_profiles, write_profile

    path = write_profile(profile, url, enterprise, flags.ca_bundle)
    tell(f"Profile {profile} is written to {path}, and is the default one from now on.")
    for sentence in variables_before_profiles():
        tell(f"note: {sentence}")
    key_file = "" if in_keyring else f" --api-key-file {quoted(flags.api_key_file or _suggested_file())}"
    tell(f"Next: xlsx2opeasy load WORKBOOK.xlsx{key_file}")


def _profile(flags: Flags) -> tuple[str, dict[str, str]]:
    """The profile to write, and its settings so far; a question where it exists."""
    from xlsx2opeasy.settings.config import read_config
    from xlsx2opeasy.settings.resolved import DEFAULT_PROFILE

    config = read_config(config_file())
    name = (
        flags.profile or os.environ.get("OPEASY_PROFILE") or config.get("default_profile") or DEFAULT_PROFILE
    )
    present = config.get("profiles", {}).get(name)
    if present:
        where = f"enterprise {present.get('enterprise_id', '-')} at {present.get('url', '-')}"
        if not confirm(f"Profile {name} exists ({where}). Replace it?"):
            raise LoadRefused(_NOTHING)
    return str(name), dict(present or {})


def _checked(given: str | None, question: str, present: str | None, name: str) -> str:
    """The option, or the answer to the question, as a load would take it."""
    from xlsx2opeasy.settings.edit import checked_value

    if given is not None:
        return str(checked_value(name, given))

    def check(answer: str) -> str:
        return str(checked_value(name, answer))

    return ask_text(question, present, check)


def _kept_key(settings: Settings) -> Secret | None:
    from xlsx2opeasy.settings.keyrings import look_up

    try:
        return look_up(keyring_name(settings))
    except KeyringTrouble:
        return None


def _key(settings: Settings, file: Path | None) -> Secret:
    if file is None:
        return Secret(ask_secretly(f"API key for enterprise {settings.enterprise_id}"))
    for remark in key_file_remarks(file):
        tell(remark)
    return read_key_file(file)


def _try(settings: Settings, key: Secret) -> None:
    """Raises what the server's refusal means; an unreachable server is a question."""
    tell(f"Trying them at {settings.url} ...")
    try:
        try_key(settings, key)
    except ServiceFailed as failure:
        complain(failure.message, failure.hint)
        if not confirm("The server could not be tried. Store the profile and the key all the same?"):
            raise ServiceFailed(
                "nothing was stored: the server could not be tried", "try again later"
            ) from None
        return
    except Xlsx2OpeasyError:
        tell("Nothing was stored.")
        raise
    tell("The server takes the API key.")


def _store_key(settings: Settings, key: Secret) -> bool:
    """Puts the key into the keyring; where that cannot be, says which file to make."""
    from xlsx2opeasy.settings.keyrings import store

    try:
        store(keyring_name(settings), key)
    except KeyringTrouble as trouble:
        tell(f"The key is not stored: {trouble.message}.")
        _tell_of_the_file()
        return False
    tell(f"The API key for enterprise {settings.enterprise_id} is stored in the keyring.")
    return True


def _suggested_file() -> Path:
    return config_file().with_name("api-key.txt")


def _tell_of_the_file() -> None:
    file = quoted(_suggested_file())
    tell(
        "Make a file that holds the key alone and that nobody but you can read, and name it to each command:"
    )
    tell(f"  the file: {file}")
    if shell_in_use() is Shell.POSIX:
        tell(f"  its permissions (0600): touch {file} && chmod 600 {file}")
    else:
        tell(f'  its permissions: icacls {file} /inheritance:r /grant:r "%USERNAME%:F"')
    tell(f"  in each command: --api-key-file {file}")
