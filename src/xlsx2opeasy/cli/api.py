"""What the commands for single endpoints share: a client for the time of a command, and how it ends.

Used by `operations`, `scheduled`, `webhooks`. With `--json` there is one document on standard output at every
exit code; its `message` is empty where all went well.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

import xlsx2opeasy.session as session  # "from xlsx2opeasy" asks it for a public name first
from xlsx2opeasy.cli.options import JSON, connection_options, task_type_option
from xlsx2opeasy.cli.output import say_json
from xlsx2opeasy.cli.questions import dialog
from xlsx2opeasy.durable import require_overwritable
from xlsx2opeasy.errors import UsageError, Xlsx2OpeasyError
from xlsx2opeasy.masking import SecretFields
from xlsx2opeasy.opeasy.models import Deletion
from xlsx2opeasy.settings.resolved import Flags, Settings, read_settings
from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.spec.model import TaskType

if TYPE_CHECKING:
    from xlsx2opeasy.opeasy.client import OpEasyClient

F = TypeVar("F", bound=Callable[..., Any])

TASK_TYPE = task_type_option("this task type")
OUTPUT = click.option(
    "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write a workbook FILE.xlsx instead."
)


@dataclass(frozen=True)
class Api:
    """A client and the settings it was made of."""

    client: "OpEasyClient"
    settings: Settings


def api_options(command: F) -> F:
    """Adds `--json` and the connection's options, gathered as `flags` (Flags), to a command."""
    return JSON(connection_options(command))


@contextmanager
def connected(flags: Flags) -> Iterator[Api]:
    """A client of the enterprise that the settings name."""
    settings = read_settings(flags)
    with session.client(settings, flags, dialog()) as client:
        yield Api(client, settings)


def end(document: Mapping[str, Any], *, as_json: bool, show: Callable[[], None], code: int = 0) -> NoReturn:
    """The end of a command that went well."""
    if as_json:
        say_json({**document, "message": ""})
    else:
        show()
    raise SystemExit(code)


def chosen(names: tuple[str, ...]) -> tuple[TaskType, ...]:
    """The task types of these names, all where none is named, in the catalogue's order."""
    return tuple(each for each in TASK_TYPES if each.name in names or not names)


def deletion_message(deletion: Deletion, what: str) -> str:
    """The sentence for a deletion; raises NothingThere where the server had nothing of that id."""
    if deletion is Deletion.NOT_FOUND:
        raise NothingThere(f"{what} does not exist, so nothing was deleted", "check the id")
    return f"{what} is deleted"


class NothingThere(Xlsx2OpeasyError):
    """The server knows no such id (404): it refused the call."""

    exit_code = 5


def refuse_existing(output: Path | None, *, as_json: bool, force: bool) -> None:
    """Looks at `--output` before anything is asked for."""
    if output is None:
        return
    if as_json:
        raise UsageError("--output and --json contradict each other", "leave one of them out")
    if output.suffix.casefold() != ".xlsx":
        raise UsageError(f"{output} does not end in .xlsx", f"write {output.with_suffix('.xlsx')}")
    require_overwritable(output, replace=force)


def masked(content: Mapping[str, Any], of: TaskType, settings: Settings) -> Mapping[str, Any]:
    """A task's content as it may be shown: each secret value is the mask."""
    return SecretFields(of.name, settings.wire_names).masked(content)
