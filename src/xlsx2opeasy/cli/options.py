"""Options that several commands take alike, and what the shell is offered behind them when TAB is pressed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import click

from xlsx2opeasy.errors import UsageError, Xlsx2OpeasyError
from xlsx2opeasy.load.plan.staging import StopAfter
from xlsx2opeasy.registry import allowed_rules
from xlsx2opeasy.settings.keys import read_password_file
from xlsx2opeasy.settings.resolved import Flags, OfflineSettings

if TYPE_CHECKING:
    from xlsx2opeasy.check.checked import Checked
    from xlsx2opeasy.workbook.mapping import ListMapping

F = TypeVar("F", bound=Callable[..., Any])


def gather(kind: type[Any], name: str) -> Callable[[F], F]:
    """Hands the options that are fields of the dataclass `kind` to the command as one object called `name`.

    It belongs directly above the function, below the options that it gathers.
    """
    names = {each.name for each in fields(kind)}

    def decorate(command: F) -> F:
        @wraps(command)
        def gathering(*arguments: Any, **options: Any) -> Any:  # noqa: ANN401
            gathered = {each: options.pop(each) for each in names & options.keys()}
            return command(*arguments, **{name: kind(**gathered)}, **options)

        return gathering  # type: ignore[return-value]

    return decorate


class GroupedOptions(click.Command):
    """A command whose help shows its options in groups; those of no group come last."""

    groups: ClassVar[Mapping[str, tuple[str, ...]]] = {}

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options under the titles of their groups."""
        options = [each for each in self.get_params(ctx) if isinstance(each, click.Option)]
        records = {each.name: each.get_help_record(ctx) for each in options}
        grouped = {name for names in self.groups.values() for name in names}
        others = tuple(str(name) for name in records if name not in grouped)
        for title, names in {**self.groups, "Further options": others}.items():
            rows = [record for name in names if (record := records.get(name)) is not None]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)


def complete_profiles(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The profiles of `config.toml` that begin so; never raises."""
    from xlsx2opeasy.settings.config import config_file, read_config

    try:
        profiles = read_config(config_file()).get("profiles", {})
    except Xlsx2OpeasyError:
        return []  # `config show` says what is wrong with the file
    return [name for name in profiles if name.startswith(incomplete)]


def complete_jobs(_context: click.Context, _parameter: click.Parameter, incomplete: str) -> list[str]:
    """The ids of this machine's jobs that begin so, the latest day first; never raises."""
    from xlsx2opeasy.settings.store import selected_store

    try:
        names = [folder.job_id for folder in selected_store().jobs()]
    except Xlsx2OpeasyError:
        return []
    by_day = sorted(names, key=lambda name: (name[1:], name), reverse=True)
    return [name for name in by_day if name.startswith(incomplete)]


def _show_protocol(_context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        from xlsx2opeasy.cli.output import tell
        from xlsx2opeasy.http.protocol import show_protocol

        show_protocol(tell)


VERBOSE = click.option(
    "-v",
    "--verbose",
    is_flag=True,
    expose_value=False,
    callback=_show_protocol,
    help="Show each request to the server on standard error, without secrets.",
)
JOB = click.argument("job", shell_complete=complete_jobs)
JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON document.")
ROWS = click.option("--rows", is_flag=True, help="With --json: list each row that did not succeed.")
YES = click.option("--yes", is_flag=True, help="Ask no question.")
FORCE = click.option("--force", is_flag=True, help="Replace the file if it exists.")
QUIET = click.option("--quiet", is_flag=True, help="Show no progress.")


def _settle_password(_context: click.Context, _option: click.Parameter, file: Path | None) -> None:
    """Settles where passwords of protected workbooks come from: the file, or the person at the terminal."""
    from xlsx2opeasy.cli.questions import ask_secretly, can_ask
    from xlsx2opeasy.workbook.protection import ask_passwords_with

    if file is not None:
        ask_passwords_with(lambda _: read_password_file(file).reveal(), attempts=1)
    elif can_ask():
        ask_passwords_with(lambda name: ask_secretly(f'password of the workbook "{name}"'))
    else:
        ask_passwords_with(None)


WORKBOOK_PASSWORD = click.option(
    "--workbook-password-file",
    type=click.Path(path_type=Path, readable=False),
    callback=_settle_password,
    expose_value=False,
    help="A file that holds the password of a protected workbook, alone; else it is asked for.",
)

_READING = (
    click.option(
        "--mapping",
        type=click.Path(path_type=Path, readable=False),
        help="Read lists with headers of their own, as this file says (see: xlsx2opeasy map).",
    ),
    WORKBOOK_PASSWORD,
    click.option(
        "--allow",
        multiple=True,
        metavar="RULE",
        help="Make the errors of this rule warnings, and send what is typed (see: xlsx2opeasy rules).",
    ),
    click.option(
        "--large",
        is_flag=True,
        help="Read a very large workbook, too (some 150,000 full rows and more); only where you know its"
        " origin.",
    ),
)


class _Seconds(click.FloatRange):
    """A number of seconds; `nan` compares with no bound, and so would pass every one."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401
        seconds = float(super().convert(value, param, ctx))
        if seconds != seconds:
            self.fail(f"{value!r} is not a number of seconds.", param, ctx)
        return seconds


class _StopAfterType(click.ParamType[StopAfter]):
    """A number of rows, or a percentage."""

    name = "N|P%"

    def convert(
        self, value: str | StopAfter, param: click.Parameter | None, ctx: click.Context | None
    ) -> StopAfter:
        if isinstance(value, StopAfter):
            return value
        try:
            return StopAfter.parse(value)
        except UsageError as error:
            self.fail(f"{error.message}: {error.hint}", param, ctx)


_STAGING = (
    click.option(
        "--canary",
        type=click.IntRange(min=1),
        metavar="N",
        help="Run the first N rows of each command alone; the others follow if these did not fail.",
    ),
    click.option(
        "--stop-after",
        type=_StopAfterType(),
        help="Run in stages, and start nothing further once more than N rows (or P%) have failed.",
    ),
)
_CONNECTION = (
    click.option("--url", help="The server's address, such as https://opeasy.example.com (OPEASY_URL)."),
    click.option("--enterprise-id", help="The enterprise to provision (OPEASY_ENTERPRISE_ID)."),
    click.option(
        "--profile", help="A profile of config.toml (OPEASY_PROFILE).", shell_complete=complete_profiles
    ),
    click.option(
        "--ca-bundle", type=click.Path(path_type=Path), help="Trust these certificates (OPEASY_CA_BUNDLE)."
    ),
    click.option(
        "--api-key-file",
        type=click.Path(path_type=Path, readable=False),
        help="A file that holds the API key, alone.",
    ),
    VERBOSE,
)
_WAITING = (
    click.option(
        "--poll-interval",
        type=_Seconds(min=0.01),
        help="Seconds between two looks at the server (from 1, growing to 30).",
    ),
    click.option("--wait", type=_Seconds(min=0), help="Seconds to wait for the server at the most."),
)


def _with(command: F, options: tuple[Callable[[F], F], ...]) -> F:
    for option in reversed(options):
        command = option(command)
    return command


@dataclass(frozen=True, slots=True)
class ReadingRequest:
    """What `reading_options` gives, for the commands that read a workbook to check it."""

    mapping: Path | None
    allow: tuple[str, ...]
    large: bool

    def lists(self, profile: OfflineSettings) -> ListMapping:
        """How lists are read: as the option says, else as the profile does."""
        from xlsx2opeasy.workbook.mapping import mapping_in_force

        return mapping_in_force(self.mapping, profile.mapping)

    def allowed(self, profile: OfflineSettings) -> frozenset[str]:
        """The rules whose errors are warnings. Raises UsageError for a code that is none."""
        return allowed_rules(self.allow, profile.allow)

    def checked(self, workbook: Path, profile: OfflineSettings) -> Checked:
        """The workbook, read and checked. Raises what reading and checking raise."""
        from xlsx2opeasy.ooxml.limits import limits_for
        from xlsx2opeasy.workbook.read import read_workbook

        allowed, lists = self.allowed(profile), self.lists(profile)
        read = read_workbook(workbook, limits_for(large=self.large), lists)
        from xlsx2opeasy.check.checked import check_workbook  # once the reading process has had its work

        return check_workbook(read, allowed)


def reading_options(command: F) -> F:
    """Adds the options that say how a workbook is read and checked: the fields of `ReadingRequest`."""
    return _with(command, _READING)


def connection_options(command: F) -> F:
    """Adds the options that say where the API is; the command gets them as `flags` (Flags)."""
    return _with(gather(Flags, "flags")(command), _CONNECTION)


def waiting_options(command: F) -> F:
    """Adds `--poll-interval` and `--wait`."""
    return _with(command, _WAITING)


def staging_options(command: F) -> F:
    """Adds `--canary` and `--stop-after`."""
    return _with(command, _STAGING)


def task_type_option(what: str) -> Callable[[F], F]:
    """`--task-type`, which narrows the command to `what` of one or several task types."""
    from xlsx2opeasy.spec.catalogue import TASK_TYPES  # for the commands that have it

    names = [each.name for each in TASK_TYPES]
    return click.option(
        "--task-type",
        "task_types",
        multiple=True,
        type=click.Choice(names, case_sensitive=False),
        metavar=f"[{'|'.join(names)}]",
        help=f"Only {what}; may be given several times.",
    )


def chunk_options(piece: str) -> Callable[[F], F]:
    """`--chunk-tasks` and `--chunk-bytes`: how much goes into one `piece`."""

    def decorate(command: F) -> F:
        tasks = click.option(
            "--chunk-tasks", type=click.IntRange(min=1), help=f"The most tasks in one {piece} (1000)."
        )
        size = click.option(
            "--chunk-bytes", type=click.IntRange(min=1), help=f"The most bytes of one {piece} (900000)."
        )
        return tasks(size(command))

    return decorate
