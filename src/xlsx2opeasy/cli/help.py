"""`xlsx2opeasy help COMMAND`: what `COMMAND --help` shows."""

import click


@click.command(name="help")
@click.argument("names", metavar="[COMMAND]...", nargs=-1)
@click.pass_context
def command(context: click.Context, names: tuple[str, ...]) -> None:
    """Explain COMMAND, or list all commands.

    \b
    Examples:
      xlsx2opeasy help load
      xlsx2opeasy help jobs show
    """
    root = context.find_root().command
    root.main([*names, "--help"], prog_name="xlsx2opeasy", standalone_mode=False)
