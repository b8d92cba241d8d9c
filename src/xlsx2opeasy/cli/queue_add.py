"""`xlsx2opeasy queue add`: checks workbooks and puts them into the queue of a shared store."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from xlsx2opeasy.cli import load as load_command
from xlsx2opeasy.cli.options import JSON
from xlsx2opeasy.cli.output import complain, say_json, tell
from xlsx2opeasy.errors import UsageError, Xlsx2OpeasyError
from xlsx2opeasy.settings.resolved import Flags

if TYPE_CHECKING:
    from xlsx2opeasy.session import Destination
    from xlsx2opeasy.store.items import Item
    from xlsx2opeasy.store.jobs import PostgresStore

_NOT_FOR_A_QUEUE: Final = frozenset(
    {
        "output",
        "in_place",
        "sandbox",
        "sandbox_state",
        "report",
        "webhook_url",
        "webhook_cert",
        "webhook_key",
        "api_key_file",
        "workbook_password_file",
        "as_json",
        "rows",
        "quiet",
    }
)
"""Options of `load` that say what a person at this terminal sees, or name files of this machine."""


class _Moment(click.ParamType[datetime]):
    """An ISO 8601 time; local where it has no offset."""

    name = "time"

    def convert(
        self,
        value: Any,  # noqa: ANN401
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> datetime:
        """The time, with its offset."""
        try:
            return datetime.fromisoformat(str(value).strip()).astimezone()
        except (ValueError, OverflowError, OSError):
            said = f"{value!r} is no ISO 8601 time, such as 2026-11-28T22:00 or 2026-11-28T22:00+01:00"
            self.fail(said, param, ctx)


def _with_options_of_load(command: click.Command) -> click.Command:
    """Adds what `load` takes and a queue can keep; new options of `load` are taken along."""
    command.params[1:1] = [
        each
        for each in load_command.command.params
        if isinstance(each, click.Option) and each.name not in _NOT_FOR_A_QUEUE
    ]
    return command


@click.command(name="add")
@click.argument("workbooks", type=click.Path(path_type=Path, readable=False), nargs=-1, required=True)
@click.option(
    "--priority", type=click.IntRange(-(2**31), 2**31 - 1), default=0, help="Larger goes first (0)."
)
@click.option("--at", "at", type=_Moment(), help="Not before this time (ISO 8601; local without an offset).")
@JSON
def add(
    workbooks: tuple[Path, ...],
    priority: int,
    at: datetime | None,
    *,
    as_json: bool,
    **options: Any,  # noqa: ANN401
) -> NoReturn:
    """Check each WORKBOOK and put it into the queue, from which any worker takes it.

    \b
    Examples:
      xlsx2opeasy queue add branch.xlsx
      xlsx2opeasy queue add *.xlsx --yes --at 2026-11-28T22:00
    """
    codes, items, refused = {0}, [], []
    try:
        asked = _request(workbooks, options)
        for workbook, item in _added(asked, priority, at):
            if isinstance(item, Xlsx2OpeasyError):
                complain(f"{workbook}: {item.message}", item.hint)
                refused.append(f"{workbook}: {item.message}")
                codes.add(item.exit_code)
            else:
                items.append(item)
                tell(f"{workbook.name} is in the queue as {item.job}.")
    except Xlsx2OpeasyError as error:
        complain(error.message, error.hint)
        refused.append(error.message)
        codes.add(error.exit_code)
    if as_json:
        message = {"message": "; ".join(refused)} if refused else {}
        say_json({"items": [each.as_json() for each in items], **message})
    raise SystemExit(next(code for code in load_command.WORST_FIRST if code in codes))


def _request(workbooks: tuple[Path, ...], options: dict[str, Any]) -> load_command.Request:
    """What `load` would be asked; options that a queue does not keep have their defaults."""
    unset = {
        str(each.name): False if isinstance(each, click.Option) and each.is_flag else None
        for each in load_command.command.params
    }
    flags = Flags(**{name: options.pop(name, None) for name in Flags.__dataclass_fields__})
    known = load_command.Request.__dataclass_fields__
    values = {name: value for name, value in {**unset, **options}.items() if name in known}
    return load_command.Request(**{**values, "workbooks": workbooks, "flags": flags})


def _added(
    asked: load_command.Request, priority: int, at: datetime | None
) -> list[tuple[Path, Item | Xlsx2OpeasyError]]:
    from xlsx2opeasy.cli.questions import dialog
    from xlsx2opeasy.session import server
    from xlsx2opeasy.settings.store import shared_store

    store = shared_store()
    store.session  # noqa: B018 - a store that cannot be used is reported before a workbook is read
    # the key is the worker's: it need not be known here
    destination = replace(server(asked.flags, dialog()), require_key=lambda: None)
    found: list[tuple[Path, Item | Xlsx2OpeasyError]] = []
    for workbook in asked.workbooks:
        try:
            found.append((workbook, _add(workbook, asked, destination, store, priority, at)))
        except Xlsx2OpeasyError as error:
            found.append((workbook, error))
    return found


def _add(
    workbook: Path,
    asked: load_command.Request,
    destination: Destination,
    store: PostgresStore,
    priority: int,
    at: datetime | None,
) -> Item:
    from xlsx2opeasy.cli.screen import Screen
    from xlsx2opeasy.load.service import LoadContext, freeze_for_queue
    from xlsx2opeasy.workbook.protection import is_protected

    if is_protected(workbook):
        raise UsageError(
            f"{workbook.name} is protected with a password, which a queue never keeps",
            f"load it on this machine: xlsx2opeasy load {workbook}",
        )
    from xlsx2opeasy.store.items import add_item, item_of

    confirm = load_command.confirmation(destination, asked)
    with Screen(quiet=True) as screen:
        context = LoadContext(screen, destination.connect, store=store)
        options = asked.options_for(destination)
        stored = freeze_for_queue(workbook, destination.target, options, context, confirm)
    kept = {"poll_interval": asked.poll_interval, "wait": asked.wait}
    now = datetime.now(UTC)
    add_item(store, stored.job_id, priority, max(at or now, now), kept)
    return item_of(store, stored.job_id)


add = _with_options_of_load(add)
