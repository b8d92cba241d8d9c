"""`xlsx2opeasy jobs forget`: removes finished jobs from this machine."""

import click

from xlsx2opeasy.cli.output import counted, say, tell


@click.command(name="forget")
@click.option(
    "--older-than",
    "days",
    type=click.IntRange(min=0),
    required=True,
    metavar="DAYS",
    help="Jobs that ended so many days ago.",
)
@click.option(
    "--done", "also_done", is_flag=True, help="Also jobs that keep their workbook from being loaded twice."
)
def forget(days: int, *, also_done: bool) -> None:
    """Remove finished jobs, with everything about them, from this machine. Workbooks are left alone.

    Jobs whose rows succeeded are kept, because they keep their workbook from being loaded twice; --done
    removes them too.

    \b
    Example:
      xlsx2opeasy jobs forget --older-than 90
    """
    from datetime import timedelta

    from xlsx2opeasy.load.jobs import forget as engine
    from xlsx2opeasy.settings.store import selected_store

    forgotten = engine.forget(selected_store(), timedelta(days=days), also_done=also_done)
    for job, why in forgotten.kept.items():
        tell(f"{job} is kept: {why}")
    say(f"{counted(len(forgotten.removed), 'job')} removed")
    if engine.Kept.PROTECTS in forgotten.kept.values():
        tell("With --done these are removed too; their workbooks can then be loaded a second time.")
