"""`xlsx2opeasy template`: a blank workbook to fill in."""

from pathlib import Path

import click

from xlsx2opeasy.cli.words import say
from xlsx2opeasy.durable import write_file
from xlsx2opeasy.errors import UsageError, WorkbookUnusable
from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.workbook.template.write import template_bytes

_TASK_TYPES = [task_type.name for task_type in TASK_TYPES]
_COMMANDS = list(dict.fromkeys(name for task_type in TASK_TYPES for name in task_type.command_names))


@click.command(name="template")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default="template.xlsx")
@click.option(
    "--task-type",
    "task_types",
    multiple=True,
    type=click.Choice(_TASK_TYPES, case_sensitive=False),
    help="Only the sheet of this task type; may be given several times.",
)
@click.option(
    "--command",
    "commands",
    multiple=True,
    type=click.Choice(_COMMANDS, case_sensitive=False),
    metavar="COMMAND",
    help="Only the sheets and columns that this command uses; may be given several times.",
)
@click.option("--force", is_flag=True, help="Replace FILE if it exists.")
def command(file: Path, task_types: tuple[str, ...], commands: tuple[str, ...], *, force: bool) -> None:
    """Write a blank workbook to fill in to FILE (template.xlsx).

    It has dropdowns, an explanation beside each cell, and marks what a row still needs once its command is
    chosen. A task type named by --task-type keeps all its commands where no --command is one of them.

    \b
    Examples:
      xlsx2opeasy template branch.xlsx
      xlsx2opeasy template leavers.xlsx --command DeleteUser --command DeleteUserAndDevices
      xlsx2opeasy template numbers.xlsx --task-type PhoneNumbers
    """
    if file.suffix.lower() != ".xlsx":
        raise UsageError(f"{file} does not end in .xlsx", f"write {file.with_suffix('.xlsx')}")
    if file.exists() and not force:
        raise WorkbookUnusable(f"{file} exists and is not replaced", "choose another name, or add --force")
    content = template_bytes(task_types, commands)
    try:
        write_file(file, content)
    except OSError as error:
        raise WorkbookUnusable(
            f"{file} cannot be written: {error.strerror or error}", "choose another folder"
        ) from error
    say(f"{file} is ready. Next: fill it in, then: xlsx2opeasy check {file}")
