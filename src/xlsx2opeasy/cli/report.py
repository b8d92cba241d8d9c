"""`xlsx2opeasy report`: a job as one HTML file."""

from pathlib import Path

import click

from xlsx2opeasy.cli.options import FORCE, JOB
from xlsx2opeasy.cli.output import say


@click.command(name="report")
@JOB
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="The file to write.")
@FORCE
def command(job: str, output: Path | None, *, force: bool) -> None:
    """Write the report of JOB: one HTML file for any browser, with every row, searchable and sortable.

    Without --output it goes beside the job's results.

    \b
    Example:
      xlsx2opeasy report L20261122-k7m2
    """
    from xlsx2opeasy.report.write import write_report
    from xlsx2opeasy.settings.store import selected_store

    say(str(write_report(selected_store().job(job), output, replace=force)))
