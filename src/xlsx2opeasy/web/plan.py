"""What a load of an uploaded workbook would do, as the page shows it, and what the person chose for it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from xlsx2opeasy.errors import UsageError, Xlsx2OpeasyError
from xlsx2opeasy.load.job.facts import Target
from xlsx2opeasy.load.job.store import Store
from xlsx2opeasy.load.jobs.earlier import refuse_if_done_or_unfinished
from xlsx2opeasy.load.plan.freeze import candidate_of
from xlsx2opeasy.load.plan.prepare import LoadOptions, Prepared, prepare
from xlsx2opeasy.load.plan.staging import Staging, StopAfter
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.effects import Effect
from xlsx2opeasy.web.words import counted

_MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Choices:
    """Rows left out, a canary, a budget of failures; `asks`: after a canary a person says."""

    skip_invalid: bool = False
    staging: Staging = field(default_factory=Staging)
    asks: bool = False

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> Self:
        """Those of a form's fields, or of an address. Raises UsageError for a number that is none."""
        canary, stop_after = (fields.get(name, "").strip() for name in ("canary", "stop_after"))
        staging = Staging(_rows(canary), StopAfter.parse(stop_after) if stop_after else None)
        asks = fields.get("ask") == "1"
        if asks and staging.canary is None:
            raise UsageError(
                "there is nothing to ask after: no rows run first",
                "say how many rows of each command run first",
            )
        return cls(fields.get("skip") == "1", staging, asks)

    @property
    def fields(self) -> dict[str, str]:
        """The fields that say the same; those of what was not chosen are missing."""
        canary, stop_after = self.staging.canary, self.staging.stop_after
        every = {
            "skip": "1" if self.skip_invalid else "",
            "canary": "" if canary is None else str(canary),
            "stop_after": "" if stop_after is None else str(stop_after),
            "ask": "1" if self.asks else "",
        }
        return {name: text for name, text in every.items() if text}


def _rows(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and int(text)):
        raise UsageError(
            f"{text!r} is no number of rows that run first", "give a whole number from 1 on, such as 10"
        )
    return int(text)


_DANGERS = {
    "deletion": (Effect.DELETES_USER, Effect.DELETES_DEVICE, Effect.DELETES_DEVICES_OF_USER),
    "suspension": (Effect.SUSPENDS_USER,),
}
"""What takes something away is counted apart."""


@dataclass(frozen=True, slots=True)
class CommandRows:
    """The rows of one command; `effect` is `deletion` or `suspension` for those that take something away."""

    type: str
    command: str
    rows: int
    effect: str


@dataclass(frozen=True)
class PlanView:
    """What would be sent; `refusal` says why a load would be refused, where it would."""

    prepared: Prepared
    refusal: Xlsx2OpeasyError | None = None

    @property
    def commands(self) -> list[CommandRows]:
        """The rows by command, in the order of the plan."""
        tasks = (task for phase in self.prepared.phases for task in phase.tasks)
        counts = Counter((task.type, task.command) for task in tasks)
        return [CommandRows(kind, name, rows, _danger(kind, name)) for (kind, name), rows in counts.items()]

    @property
    def dangers(self) -> list[str]:
        """`3 deletions`, `1 suspension`."""
        counts = Counter[str]()
        for each in self.commands:
            counts[each.effect] += each.rows
        return [counted(counts[effect], effect) for effect in _DANGERS if counts[effect]]

    @property
    def skipped(self) -> int:
        """Rows that succeeded before and are not sent again."""
        return sum(row.skipped for row in self.prepared.rows)


def plan_of(store: Store, workbook: Path, target: Target | None, options: LoadOptions) -> PlanView:
    """The plan at the target, or without one as a rehearsal would be. Raises Xlsx2OpeasyError."""
    prepared = prepare(workbook, target or Target("", ""), options)
    if target is None or prepared.stopped:
        return PlanView(prepared)
    try:
        candidate = candidate_of(workbook, target, prepared)
        refuse_if_done_or_unfinished(store, candidate, again=False)
    except Xlsx2OpeasyError as refusal:
        return PlanView(prepared, refusal)
    return PlanView(prepared)


def _danger(task_type: str, command: str) -> str:
    """What the command takes away: a deletion, a suspension, or "" for nothing."""
    known = BY_NAME[task_type]
    return next((word for word, effects in _DANGERS.items() if command in known.commands_that(*effects)), "")
