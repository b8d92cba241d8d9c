"""`xlsx2opeasy worker`: takes loads from the queue of a shared store, and asks nothing."""

import click

from xlsx2opeasy.cli.options import connection_options
from xlsx2opeasy.cli.output import tell
from xlsx2opeasy.settings.resolved import Flags


@click.command(name="worker")
@click.option(
    "--concurrency", type=click.IntRange(min=1, max=64), default=1, show_default=True, help="Loads at once."
)
@click.option("--drain", is_flag=True, help="End when nothing is left that could begin now.")
@connection_options
def command(flags: Flags, concurrency: int, *, drain: bool) -> None:
    """Take loads from the queue, one at a time for each enterprise, until SIGTERM or Ctrl-C.

    The API key is that of the profile that names a job's server and enterprise, else of --api-key-file, else
    OPEASY_API_KEY.

    \b
    Examples:
      xlsx2opeasy worker --concurrency 4
      xlsx2opeasy worker --drain
    """
    from xlsx2opeasy.session import Dialog, connect_by_profile, notifier_by_profile
    from xlsx2opeasy.settings.store import shared_store

    store = shared_store()
    from xlsx2opeasy.store.worker import Worker

    connect = connect_by_profile(flags, Dialog(None, tell))
    Worker(store, connect, notifier_by_profile(flags), tell, concurrency, drain=drain).run()
