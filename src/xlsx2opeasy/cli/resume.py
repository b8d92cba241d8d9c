"""`xlsx2opeasy resume`: goes on with a job, wherever it stood."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import NoReturn

import click

from xlsx2opeasy.cli.connection import connection_options, connector
from xlsx2opeasy.cli.load import mistake, nothing_done, pinned_wire_names
from xlsx2opeasy.cli.screen import Screen
from xlsx2opeasy.cli.summary import show_summary
from xlsx2opeasy.cli.words import complain, say_json
from xlsx2opeasy.errors import LoadRefused, UsageError, Xlsx2OpeasyError
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job import JobFacts
from xlsx2opeasy.load.open_job import Connect
from xlsx2opeasy.load.result import LoadResult
from xlsx2opeasy.load.run import Waiting
from xlsx2opeasy.load.service import Surroundings, resume
from xlsx2opeasy.load.undecided import Settling
from xlsx2opeasy.opeasy import OpEasyClient, checked_origin
from xlsx2opeasy.settings import Flags, read_settings


@click.command(name="resume")
@click.argument("job", required=False)
@click.option("--scheduled-id", help="The id of the run that the portal shows for the operation in doubt.")
@click.option("--not-scheduled", metavar="OPERATION_ID", help="The portal shows no run of this operation.")
@click.option(
    "--poll-interval", type=click.FloatRange(min=0.01), help="Seconds between two looks at the server."
)
@click.option("--wait", type=click.FloatRange(min=0), help="Seconds to wait for the server at the most.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
@click.option("--quiet", is_flag=True, help="Show no progress.")
@connection_options
def command(
    job: str | None,
    scheduled_id: str | None,
    not_scheduled: str | None,
    poll_interval: float | None,
    wait: float | None,
    url: str | None,
    enterprise_id: str | None,
    profile: str | None,
    ca_bundle: Path | None,
    api_key_file: Path | None,
    *,
    as_json: bool,
    quiet: bool,
) -> NoReturn:
    """Go on with JOB, or with the latest unfinished one. The workbook is not needed.

    \b
    Example:
      xlsx2opeasy resume L20261122-k7m2
    """
    if scheduled_id and not_scheduled:
        raise click.UsageError("--scheduled-id and --not-scheduled contradict each other")
    flags = Flags(url, enterprise_id, profile, ca_bundle, api_key_file)
    settling = Settling(scheduled_id, not_scheduled) if scheduled_id or not_scheduled else None
    result = _resume(job, flags, Waiting(poll_interval, wait), settling, quiet=quiet)
    if as_json:
        say_json(result.as_json())
    raise SystemExit(result.exit_code)


def _resume(
    job: str | None, flags: Flags, waiting: Waiting, settling: Settling | None, *, quiet: bool
) -> LoadResult:
    try:
        with Screen(quiet=quiet) as screen:
            result = resume(job, Surroundings(screen, connect_as_pinned(flags), waiting), settling)
    except Xlsx2OpeasyError as error:
        complain(error.message, error.hint)
        return nothing_done("", error)
    except Exception as error:  # noqa: BLE001 - a script gets its document all the same, without a secret
        return nothing_done("", mistake(error))
    show_summary(result)
    return result


def connect_as_pinned(flags: Flags, *, sends_tasks: bool = True) -> Connect:
    """A job stays at the server and enterprise it began with; key, certificates and proxy may change."""

    def connect(facts: JobFacts, interruption: Interruption) -> AbstractContextManager[OpEasyClient]:
        pinned = Flags(
            flags.url or facts.origin,
            flags.enterprise_id or facts.enterprise_id,
            flags.profile,
            flags.ca_bundle,
            flags.api_key_file,
        )
        settings = read_settings(pinned)
        asked = (checked_origin(settings.url), settings.enterprise_id)
        if asked != (facts.origin, facts.enterprise_id):
            raise LoadRefused(
                f"job {facts.job} belongs to enterprise {facts.enterprise_id} at {facts.origin}",
                "leave --url and --enterprise-id out",
            )
        if sends_tasks and pinned_wire_names(settings) != dict(facts.wire_names):
            raise UsageError(
                f"the wire names of the configuration are not those that job {facts.job} began with",
                "restore [wire] in config.toml, or abandon the job",
            )
        return connector(settings, flags)(facts, interruption)

    return connect
