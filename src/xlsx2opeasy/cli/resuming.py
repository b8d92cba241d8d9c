"""The work of `xlsx2opeasy resume`: a job goes on where and as it began."""

from contextlib import AbstractContextManager

from xlsx2opeasy.cli.connection import connector
from xlsx2opeasy.cli.loading import mistake, nothing_done, pinned_wire_names
from xlsx2opeasy.cli.screen import Screen
from xlsx2opeasy.cli.summary import show_summary
from xlsx2opeasy.cli.words import complain
from xlsx2opeasy.errors import LoadRefused, UsageError, Xlsx2OpeasyError
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import JobFacts
from xlsx2opeasy.load.job.open_job import Connect
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.load.run.undecided import Settling
from xlsx2opeasy.load.runner import Waiting
from xlsx2opeasy.load.service import Surroundings, resume
from xlsx2opeasy.opeasy import OpEasyClient, checked_origin
from xlsx2opeasy.settings import Flags, read_settings


def resume_job(
    job: str | None, flags: Flags, waiting: Waiting, settling: Settling | None, *, quiet: bool
) -> LoadResult:
    """The end of the run; what stopped it is told. `settling` is a person's word about a run in doubt."""
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


__all__ = ["Settling", "Waiting", "connect_as_pinned", "resume_job"]
