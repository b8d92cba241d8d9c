"""`xlsx2opeasy web`: the page for people who do not use a terminal, on this machine alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import click

from xlsx2opeasy.cli.options import connection_options
from xlsx2opeasy.cli.output import say, tell
from xlsx2opeasy.settings.resolved import Flags

if TYPE_CHECKING:
    from xlsx2opeasy.load.interrupt import Interruption
    from xlsx2opeasy.load.job.facts import JobFacts
    from xlsx2opeasy.opeasy.client import OpEasyClient
    from xlsx2opeasy.session import Destination

SHOWN_SECONDS = 0.4
"""How long the simulated back end takes for an operation, so that a person sees the states pass."""


@click.command(name="web")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="The port; without it a free one.")
@click.option("--no-browser", is_flag=True, help="Open no browser: the address is printed.")
@click.option("--sandbox", is_flag=True, help="Load to a simulated OpEasy; no account is needed.")
@connection_options
def command(flags: Flags, *, port: int, no_browser: bool, sandbox: bool) -> NoReturn:
    """Serve a page to check, correct and load workbooks in a browser, for this machine alone. Ctrl-C ends it.

    It prints the page's address and opens it. Whoever has the address can load: pass it to nobody.

    \b
    Examples:
      xlsx2opeasy web
      xlsx2opeasy web --sandbox
    """
    from xlsx2opeasy.web.desk import Desk
    from xlsx2opeasy.web.serve import serve

    with _simulated(sandbox=sandbox) as destination:
        serve(Desk(flags, destination), port, say, opens_browser=not no_browser, note=tell)
    raise SystemExit(0)


@contextmanager
def _simulated(*, sandbox: bool) -> Iterator[Destination | None]:
    """A simulated OpEasy that lives as long as the page, where one is wanted."""
    if not sandbox:
        yield None
        return
    from xlsx2opeasy.errors import LoadRefused
    from xlsx2opeasy.http.reach import user_agent
    from xlsx2opeasy.load.job.facts import Target
    from xlsx2opeasy.opeasy.client import OpEasyClient
    from xlsx2opeasy.opeasy.connection import Connection
    from xlsx2opeasy.sandbox.serve import serve_in_thread
    from xlsx2opeasy.sandbox.settings import SandboxSettings
    from xlsx2opeasy.secret import Secret
    from xlsx2opeasy.session import Destination

    with serve_in_thread(SandboxSettings(processing_seconds=SHOWN_SECONDS)) as running:

        def connect(facts: JobFacts, interruption: Interruption) -> OpEasyClient:
            if facts.origin != running.url:
                raise LoadRefused(
                    f"job {facts.job} is not of the simulated OpEasy of this page",
                    "start xlsx2opeasy web without --sandbox to go on with it",
                )
            key = Secret(running.api_key)
            connection = Connection(running.url, facts.enterprise_id, key, user_agent=user_agent(facts.job))
            return OpEasyClient(connection, clock=interruption)

        yield Destination(Target(running.url, running.enterprise_id), connect, "the simulated OpEasy")
