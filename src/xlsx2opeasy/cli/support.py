"""`xlsx2opeasy support`: one archive of a job for whoever helps."""

from __future__ import annotations

from pathlib import Path

import click

from xlsx2opeasy.cli.options import FORCE, JOB
from xlsx2opeasy.cli.output import say, tell


@click.command(name="support")
@JOB
@click.option(
    "--output",
    type=click.Path(path_type=Path, dir_okay=False),
    help="The archive to write (JOB.support.zip).",
)
@FORCE
def command(job: str, output: Path | None, *, force: bool) -> None:
    """Write one archive of JOB for whoever helps, without secrets and without the workbook's contents.

    What is in it is shown first; it is an ordinary ZIP file, so that you can look at it before you send it.

    \b
    Example:
      xlsx2opeasy support L20261122-k7m2
    """
    from xlsx2opeasy.durable import require_overwritable, why_refused, write_file
    from xlsx2opeasy.errors import WorkbookUnusable
    from xlsx2opeasy.settings.store import selected_store
    from xlsx2opeasy.support import archive, pieces

    target = output or Path(f"{job}.support.zip")
    stored = selected_store().job(job)
    require_overwritable(target, replace=force)
    found = pieces(stored)
    tell("The archive holds:")
    for each in found:
        tell(f"  {each.name}: {each.about}")
    try:
        write_file(target.absolute(), archive(found))
    except OSError as error:
        raise WorkbookUnusable(
            f"{target} cannot be written: {why_refused(error)}", "choose another place with --output"
        ) from error
    say(str(target))
