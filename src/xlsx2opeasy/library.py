"""Loading from a program of one's own: what `xlsx2opeasy load` and `resume` do, without a command line.

The names that a program should use are those of the package itself (`from xlsx2opeasy import load_workbook`).
"""

from dataclasses import replace
from pathlib import Path

from xlsx2opeasy.errors import LoadRefused
from xlsx2opeasy.load.events import Event, Listener
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job import JobFacts
from xlsx2opeasy.load.open_job import Connect
from xlsx2opeasy.load.prepare import LoadOptions, Target
from xlsx2opeasy.load.result import LoadResult
from xlsx2opeasy.load.run import Waiting
from xlsx2opeasy.load.service import Surroundings, load, resume
from xlsx2opeasy.opeasy import Connection, OpEasyClient, user_agent


def _say_nothing(_: Event) -> None:
    pass


def load_workbook(
    workbook: Path,
    connection: Connection,
    options: LoadOptions | None = None,
    *,
    waiting: Waiting | None = None,
    tell: Listener = _say_nothing,
) -> LoadResult:
    """Checks and loads a workbook, and writes what became of each row into a copy of it.

    The job is kept in this machine's home (`XLSX2OPEASY_HOME`), so that `resume_job` or the command can go on
    with it. `tell` is called with each event. In the main thread Ctrl-C, SIGTERM and SIGHUP end it in good
    order. How the load ended is in the result, also where it failed; LoadRefused, WorkbookUnusable and
    LocalFailure are raised where it could not begin.
    """
    target = Target(connection.origin, connection.enterprise_id)
    around = Surroundings(tell, _connecting(connection), waiting or Waiting())
    return load(workbook, target, options or LoadOptions(), around)


def resume_job(
    job: str | None,
    connection: Connection,
    *,
    waiting: Waiting | None = None,
    tell: Listener = _say_nothing,
) -> LoadResult:
    """Goes on with a job, the latest unfinished one for None; the workbook is not needed.

    Raises UsageError where there is nothing to resume, LoadRefused where the job belongs to another server or
    enterprise than the connection's.
    """
    return resume(job, Surroundings(tell, _connecting(connection), waiting or Waiting()))


def _connecting(connection: Connection) -> Connect:
    def connect(facts: JobFacts, interruption: Interruption) -> OpEasyClient:
        own = (connection.origin, connection.enterprise_id)
        if own != (facts.origin, facts.enterprise_id):
            raise LoadRefused(
                f"job {facts.job} belongs to enterprise {facts.enterprise_id} at {facts.origin}",
                "connect to that one",
            )
        return OpEasyClient(replace(connection, user_agent=user_agent(facts.job)), clock=interruption)

    return connect
