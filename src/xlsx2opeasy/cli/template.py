"""`xlsx2opeasy template`: a blank workbook to fill in."""

from pathlib import Path
from typing import Any

import click

from xlsx2opeasy.cli.options import FORCE, task_type_option
from xlsx2opeasy.cli.output import say
from xlsx2opeasy.spec.catalogue import TASK_TYPES, nearest
from xlsx2opeasy.spec.model import folded
from xlsx2opeasy.workbook.template.file import write_example, write_template

_COMMANDS = list(dict.fromkeys(name for task_type in TASK_TYPES for name in task_type.command_names))


class _CommandName(click.Choice[str]):
    """A command of the catalogue; where there is none of that name, the nearest is suggested."""

    def convert(
        self,
        value: Any,  # noqa: ANN401
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> str:
        if isinstance(value, str) and (near := nearest(value, _COMMANDS)) and folded(near) != folded(value):
            self.fail(f'there is no command "{value}"; did you mean {near}?', param, ctx)
        return super().convert(value, param, ctx)


@click.command(name="template")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), default="template.xlsx")
@task_type_option("the sheet of this task type")
@click.option(
    "--command",
    "commands",
    multiple=True,
    type=_CommandName(_COMMANDS, case_sensitive=False),
    metavar="COMMAND",
    help="Only the sheets and columns that this command uses; may be given several times.",
)
@click.option(
    "--fields",
    type=click.Choice(["essential", "all"]),
    default="all",
    help="essential leaves rarely used columns out.",
)
@click.option("--example", is_flag=True, help="Write a filled-in example to rehearse with instead.")
@FORCE
def command(
    file: Path,
    task_types: tuple[str, ...],
    commands: tuple[str, ...],
    *,
    fields: str,
    example: bool,
    force: bool,
) -> None:
    """Write a blank workbook to fill in to FILE (template.xlsx).

    It has dropdowns, an explanation beside each cell, and marks what a row still needs once its command is
    chosen. A task type named by --task-type keeps all its commands where no --command is one of them.

    \b
    Examples:
      xlsx2opeasy template branch.xlsx
      xlsx2opeasy template leavers.xlsx --command DeleteUserAndDevices
      xlsx2opeasy template joiners.xlsx --command AddUser --fields essential
      xlsx2opeasy template numbers.xlsx --task-type PhoneNumbers
      xlsx2opeasy template --example practice.xlsx
    """
    how = "choose another name, or add --force"
    if example:
        if task_types or commands or fields != "all":
            raise click.UsageError(
                "--example is one whole workbook: leave --task-type, --command and --fields out"
            )
        write_example(file, replace=force, how_to_replace=how)
        say(f"{file} is ready. Next: xlsx2opeasy load {file} --sandbox")
        return
    essential = fields == "essential"
    write_template(file, task_types, commands, essential=essential, replace=force, how_to_replace=how)
    say(f"{file} is ready. Next: fill it in, then: xlsx2opeasy check {file}")
