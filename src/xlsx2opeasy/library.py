"""The commands as functions: what `xlsx2opeasy check`, `convert`, `load`, `resume` and `template` do.

Import them from here (`from xlsx2opeasy.library import check, load`). The package itself has rooms named
`check` and `load`, so that there the same words would mean modules. Functions that take time call `tell` with
typed events; none prints, none exits, and none asks a question.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path

from xlsx2opeasy.check.checked import Checked, check_workbook
from xlsx2opeasy.errors import InvalidWorkbook, LoadRefused, UsageError
from xlsx2opeasy.http.reach import user_agent
from xlsx2opeasy.load import service
from xlsx2opeasy.load.events import Event, Listener, WorkbookChecked, WorkbookOpened
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import JobFacts, Target
from xlsx2opeasy.load.job.open_job import Connect
from xlsx2opeasy.load.plan.prepare import LoadOptions
from xlsx2opeasy.load.plan.task_files import TaskFiles, write_task_files
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.load.runner import Waiting
from xlsx2opeasy.ooxml.limits import limits_for
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.connection import Connection
from xlsx2opeasy.reduced_gc import reduced_gc
from xlsx2opeasy.registry import allowed_rules
from xlsx2opeasy.settings.store import selected_store
from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.tasks.limits import ChunkLimits
from xlsx2opeasy.workbook.mapping import NO_MAPPING, ListMapping
from xlsx2opeasy.workbook.read import read_workbook
from xlsx2opeasy.workbook.template.file import write_template

__all__ = ["check", "convert", "load", "resume", "template"]


def _say_nothing(_: Event) -> None:
    pass


@reduced_gc()
def check(
    workbook: Path,
    *,
    large: bool = False,
    mapping: ListMapping = NO_MAPPING,
    allow: Collection[str] = (),
    tell: Listener = _say_nothing,
) -> Checked:
    """Reads a workbook and holds every cell against the API's rules; nothing is sent.

    What is wrong is in `problems` of the answer, each at its cell. `large` admits very large workbooks (some
    150,000 full rows and more) whose origin you know; `mapping` (`read_mapping`) reads lists with headers of
    their own; the errors of the rules `allow` are warnings. Tells `WorkbookOpened` and `WorkbookChecked`.
    Raises WorkbookUnusable where the file cannot be read, UsageError for a rule that cannot be allowed.
    """
    tell(WorkbookOpened(str(workbook)))
    read = read_workbook(workbook, limits_for(large=large), mapping)
    checked = check_workbook(read, allowed_rules(allow))
    tell(WorkbookChecked(str(workbook), checked.total, checked.problems, checked.workbook.other_sheets))
    return checked


@reduced_gc()
def convert(
    workbook: Path,
    folder: Path,
    limits: ChunkLimits | None = None,
    *,
    wire_names: Mapping[str, str] | None = None,
    large: bool = False,
    mapping: ListMapping = NO_MAPPING,
    allow: Collection[str] = (),
    tell: Listener = _say_nothing,
) -> TaskFiles:
    """Writes the task files that a load would send, and `manifest.json`, into `folder`; nothing is sent.

    Takes `large`, `mapping` and `allow`, and tells events as `check` does. Raises InvalidWorkbook where a row
    breaks a rule (nothing is written then), WorkbookUnusable where the workbook cannot be read or the folder
    cannot be written.
    """
    checked = check(workbook, large=large, mapping=mapping, allow=allow, tell=tell)
    if checked.errors:
        first = checked.errors[0]
        where = f"{first.sheet}!{first.cell}" if first.cell else first.sheet
        raise InvalidWorkbook(
            f"{workbook} has {len(checked.errors)} errors, the first at {where}: {first.words}",
            "correct the cells that check names; nothing was written",
        )
    return write_task_files(workbook, checked, folder, limits or ChunkLimits(), wire_names or {})


def template(
    file: Path,
    *,
    task_types: Collection[str] = (),
    commands: Collection[str] = (),
    essential: bool = False,
    replace_file: bool = False,
) -> Path:
    """Writes a blank workbook to fill in, with these task types and commands only (all where none is named).

    With `essential` rarely used columns are left out.

    Names are spelt as in the specification. Raises UsageError for a name that is none and for a file that
    does not end in `.xlsx`, WorkbookUnusable where the file exists (unless `replace_file`) or cannot be
    written.
    """
    _require_known(task_types, {each.name for each in TASK_TYPES}, "task type")
    _require_known(commands, {name for each in TASK_TYPES for name in each.command_names}, "command")
    how = "choose another name, or say replace_file=True"
    write_template(file, task_types, commands, essential=essential, replace=replace_file, how_to_replace=how)
    return file


def _require_known(names: Collection[str], known: Collection[str], what: str) -> None:
    for name in names:
        if name not in known:
            raise UsageError(f'"{name}" is no {what}', f"write one of {', '.join(sorted(known))}")


@reduced_gc()
def load(
    workbook: Path,
    connection: Connection,
    options: LoadOptions | None = None,
    *,
    waiting: Waiting | None = None,
    tell: Listener = _say_nothing,
) -> LoadResult:
    """Checks and loads a workbook, and writes what became of each row into a copy of it.

    The job is kept in this machine's home (`XLSX2OPEASY_HOME`), so that `resume` or the command can go on
    with it. `tell` is called with each event of `xlsx2opeasy.load.events`. In the main thread Ctrl-C, SIGTERM
    and SIGHUP end it in good order. How the load ended is in the result, also where it failed; LoadRefused,
    WorkbookUnusable and LocalFailure are raised where it could not begin.
    """
    target = Target(connection.origin, connection.enterprise_id, find_key=lambda: connection.api_key)
    around = _load_context(connection, waiting, tell)
    return service.load(workbook, target, options or LoadOptions(), around)


@reduced_gc()
def resume(
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
    return service.resume(job, _load_context(connection, waiting, tell))


def _load_context(connection: Connection, waiting: Waiting | None, tell: Listener) -> service.LoadContext:
    store = selected_store()
    return service.LoadContext(tell, _connecting(connection), waiting or Waiting(), store=store)


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
