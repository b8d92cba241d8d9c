"""`xlsx2opeasy load`: the main job; its options here, its work in `loading`."""

from pathlib import Path
from typing import Any, NoReturn

import click

from xlsx2opeasy.cli.connection import connection_options
from xlsx2opeasy.cli.shared_options import chunk_options, large_option
from xlsx2opeasy.cli.words import say_json

WORST_FIRST = (130, 5, 4, 7, 6, 8, 3, 2, 1, 0)
"""The exit code of several loads is the first of these that occurred."""


@click.command(name="load")
@click.argument("workbooks", type=click.Path(path_type=Path, readable=False), nargs=-1, required=True)
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="The results workbook.")
@click.option("--in-place", is_flag=True, help="Write the results into WORKBOOK itself.")
@click.option("--sandbox", is_flag=True, help="Rehearse on a simulated OpEasy; no account is needed.")
@click.option(
    "--sandbox-state", type=click.Path(path_type=Path), help="The rehearsal's enterprise (TOML, JSON)."
)
@chunk_options("upload")
@click.option(
    "--poll-interval",
    type=click.FloatRange(min=0.01),
    help="Seconds between two looks at the server (from 1, growing to 30).",
)
@click.option("--wait", type=click.FloatRange(min=0), help="Seconds to wait for the server at the most.")
@click.option("--skip-invalid", is_flag=True, help="Leave invalid rows out and load the others.")
@click.option(
    "--on-rejected",
    type=click.Choice(["stop", "drop"]),
    default="stop",
    show_default=True,
    help="Where the server rejects rows: run nothing, or run the others.",
)
@click.option("--all", "all_rows", is_flag=True, help="Send rows that succeeded before, too.")
@click.option("--again", is_flag=True, help="Load a workbook again that was loaded before, every row of it.")
@large_option
@click.option("--keep", is_flag=True, help="Leave the operations on the server.")
@click.option("--report", is_flag=True, help="Write NAME.report.html beside the results.")
@click.option("--webhook-url", help="Where the server reaches this machine (https), to be told of changes.")
@click.option("--webhook-cert", type=click.Path(path_type=Path), help="The webhook's certificate (PEM).")
@click.option("--webhook-key", type=click.Path(path_type=Path), help="The key of the certificate (PEM).")
@click.option("--yes", is_flag=True, help="Ask no question.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@connection_options
def command(workbooks: tuple[Path, ...], **options: Any) -> NoReturn:  # noqa: ANN401
    """Load each WORKBOOK: check, upload, run, and write what became of each row into a copy of it.

    \b
    Examples:
      xlsx2opeasy load branch.xlsx --sandbox
      xlsx2opeasy load branch.xlsx --url https://opeasy.example.com --enterprise-id acme
    """
    if options["output"] and len(workbooks) > 1:
        raise click.UsageError("--output goes with one workbook only")
    if options["output"] and options["in_place"]:
        raise click.UsageError("--output and --in-place contradict each other")
    if options["sandbox"] and options["in_place"]:
        raise click.UsageError(
            "--sandbox and --in-place contradict each other: a rehearsal writes nothing into your workbook"
        )
    if options["sandbox_state"] and not options["sandbox"]:
        raise click.UsageError("--sandbox-state goes with --sandbox")
    webhook = [options[f"webhook_{name}"] is not None for name in ("url", "cert", "key")]
    if any(webhook) and not all(webhook):
        raise click.UsageError("--webhook-url, --webhook-cert and --webhook-key go together")
    from xlsx2opeasy.cli.loading import load_all  # pandas, httpx, the sandbox: not for --help

    results = list(load_all(workbooks, options))
    if options["as_json"]:
        documents = [result.as_json() for result in results]
        say_json(documents[0] if len(workbooks) == 1 else {"loads": documents})
    raise SystemExit(next(code for code in WORST_FIRST if code in {each.exit_code for each in results}))
