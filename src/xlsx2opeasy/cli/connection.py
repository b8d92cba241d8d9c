"""The options that say where the API is, shared by every command that connects.

What a connection needs is imported when there is one: commands that only have the options start at once.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from xlsx2opeasy.cli.completers import complete_profiles
from xlsx2opeasy.cli.words import tell
from xlsx2opeasy.settings import Flags, Settings, find_api_key, key_file_is_open

if TYPE_CHECKING:
    from xlsx2opeasy.load.interrupt import Interruption
    from xlsx2opeasy.load.job.facts import JobFacts
    from xlsx2opeasy.load.job.open_job import Connect

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--url", help="The server's address, such as https://opeasy.example.com (OPEASY_URL)."),
    click.option("--enterprise-id", help="The enterprise to provision (OPEASY_ENTERPRISE_ID)."),
    click.option(
        "--profile", help="A profile of config.toml (OPEASY_PROFILE).", shell_complete=complete_profiles
    ),
    click.option(
        "--ca-bundle", type=click.Path(path_type=Path), help="Trust these certificates (OPEASY_CA_BUNDLE)."
    ),
    click.option(
        "--api-key-file",
        type=click.Path(path_type=Path, readable=False),
        help="A file that holds the API key, alone.",
    ),
)


def connection_options(command: F) -> F:
    """Adds the connection's options to a command."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def ask_secretly(question: str) -> str:
    """Asks on the terminal without showing what is typed."""
    return str(click.prompt(question, hide_input=True, err=True))


def connector(settings: Settings, flags: Flags) -> "Connect":
    """Makes clients for a job's own server and enterprise; the key is looked for when it is first needed."""
    from xlsx2opeasy.load.run.clock_watch import ClockWatch
    from xlsx2opeasy.opeasy import Connection, OpEasyClient, user_agent

    def connect(facts: "JobFacts", interruption: "Interruption") -> OpEasyClient:
        if flags.api_key_file is not None and key_file_is_open(flags.api_key_file):
            tell(f"warning: others than you can read {flags.api_key_file}; chmod 600 it")
        ask = ask_secretly if sys.stdin.isatty() else None
        connection = Connection(
            settings.url,
            settings.enterprise_id,
            find_api_key(settings, flags, ask),
            ca_bundle=settings.ca_bundle,
            user_agent=user_agent(facts.job),
            enterprise_field=settings.enterprise_field,
        )
        return OpEasyClient(connection, clock=interruption, on_request=ClockWatch(interruption.wall, tell))

    return connect
