"""The store in force: where jobs, journals, frozen files and locks are kept."""

from xlsx2opeasy.load.job.home import Home, state_folder
from xlsx2opeasy.load.job.store import Store


def selected_store() -> Store:
    """The folder of this machine's user."""
    return Home(state_folder())
