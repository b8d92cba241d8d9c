"""`xlsx2opeasy undo`: a workbook with the inverse of what succeeded in a job."""

from pathlib import Path

import click

from xlsx2opeasy.cli.options import FORCE, JOB
from xlsx2opeasy.cli.output import counted, say, tell
from xlsx2opeasy.shell import quoted


@click.command(name="undo")
@JOB
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="The workbook to write.")
@FORCE
def command(job: str, output: Path | None, *, force: bool) -> None:
    """Write a workbook with the inverse of what succeeded in JOB, to look at and load. Nothing is sent.

    Without --output it is NAME.undo.xlsx beside the job's workbook. Rows without an inverse (a changed
    setting, a deleted user) are in the sheet "Not undone", each with the reason.

    \b
    Examples:
      xlsx2opeasy undo L20261122-k7m2
      xlsx2opeasy undo L20261122-k7m2 --output take-back.xlsx
    """
    from xlsx2opeasy.settings.store import selected_store
    from xlsx2opeasy.undo.inverse import Reason
    from xlsx2opeasy.undo.workbook import NOT_UNDONE_TITLE, choose_undo_output, undo_of, write_undo

    undo = undo_of(selected_store().job(job))
    target = choose_undo_output(undo.facts, output, replace=force)
    write_undo(undo, target)
    say(f"{counted(undo.inverted.tasks, 'task')} written to {target}. Nothing was sent.")
    left = [f"{undo.not_undone(kind):,} {kind.value}" for kind in Reason if undo.not_undone(kind)]
    if left:
        tell(f'Sheet "{NOT_UNDONE_TITLE}": {", ".join(left)}')
    if undo.inverted.tasks:
        tell(f"Next: look at it, then: xlsx2opeasy load {quoted(target)}")
