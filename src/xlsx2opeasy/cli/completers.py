"""What the shell is offered when TAB is pressed behind an option or argument. Nothing here may raise."""

import click

from xlsx2opeasy.errors import Xlsx2OpeasyError


def complete_profiles(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The profiles of `config.toml` that begin so."""
    from xlsx2opeasy.settings.config import config_file, read_config

    try:
        profiles = read_config(config_file()).get("profiles", {})
    except Xlsx2OpeasyError:
        return []  # `config show` says what is wrong with the file
    return [name for name in profiles if name.startswith(incomplete)]


def complete_jobs(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The ids of this machine's jobs that begin so, the latest day first."""
    from xlsx2opeasy.load.job.home import Home, state_folder

    try:
        names = [folder.job_id for folder in Home(state_folder()).jobs()]
    except Xlsx2OpeasyError:
        return []
    by_day = sorted(names, key=lambda name: (name[1:], name), reverse=True)
    return [name for name in by_day if name.startswith(incomplete)]
