"""What took effect in a job, or may have: kept beside it without a secret, for `undo`.

The chunk files and the workbook's copy are gone once a job is settled, for they hold passwords. So what its
inverse needs is written down before: in the order in which the server worked, a line each.
"""

import contextlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import orjson

from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.load.job.facts import json_lines
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.store import DONE, StoredJob
from xlsx2opeasy.load.results.row_results import RowResults
from xlsx2opeasy.load.run.match import value_at
from xlsx2opeasy.spec.catalogue import BY_NAME, PROCESSING_ORDER
from xlsx2opeasy.spec.effects import Effect
from xlsx2opeasy.spec.model import Subject
from xlsx2opeasy.spec.outcomes import Outcome

Path: TypeAlias = "tuple[list[str], Path | None]"
"""The keys on the way to a value; where they end at a list, the path within each of its objects."""

Places: TypeAlias = "Mapping[tuple[str, ...], list[tuple[str, str, Path | None]]]"
"""By the keys on the way to an object, what is remembered of it: name, key, and the path within a list."""

_NOT_KEPT = "notKept"
"""The key of the one line that takes the place of all others where they could not be made."""

_KEPT = (Outcome.SUCCESS, Outcome.RUNNING, Outcome.UNKNOWN)


@dataclass(frozen=True, slots=True)
class CompletedEffect:
    """A task that took effect, or (not `known`) may have: its row, and the fields that were remembered."""

    sheet: str
    row: int
    type: str
    command: str
    values: dict[str, Any]
    known: bool = True

    def does(self, *effects: Effect) -> bool:
        """Whether its command has at least one of `effects`."""
        return BY_NAME[self.type].by_command[self.command].does(*effects)

    def named(self, subject: Subject) -> Any | None:  # noqa: ANN401
        """What it says in the first filled field that names a subject of this kind."""
        names = BY_NAME[self.type].names_of(subject)
        return next((self.values[name] for name in names if name in self.values), None)


def write_completed_effects(job: OpenJob, row_results: RowResults) -> None:
    """Puts it beside the job, while its chunk files are still there.

    Never prevents a load's end: where it fails, `undo` of this job gives the reason.
    """
    try:
        content = json_lines(_lines(job, row_results))
    except Exception as error:  # noqa: BLE001 - the results of the load weigh more than its undo
        content = orjson.dumps({_NOT_KEPT: f"{type(error).__name__}"})
    with contextlib.suppress(OSError):
        job.stored.write(DONE, content)


def read_completed_effects(stored: StoredJob) -> Iterator[CompletedEffect]:
    """What took effect, one after the other. Raises LocalFailure where it is missing or damaged."""
    if not stored.exists(DONE):
        raise LocalFailure(
            f"job {stored.job_id} cannot be undone: what undo needs was not kept with it",
            "an older xlsx2opeasy loaded it, its files were removed, or the disk was full; undo it by hand",
        )
    try:
        for line in stored.read(DONE).splitlines():
            entry = orjson.loads(line)
            if isinstance(entry, dict) and _NOT_KEPT in entry:
                raise LocalFailure(
                    f"job {stored.job_id} cannot be undone: what undo needs could not be kept with it"
                    f" ({entry[_NOT_KEPT]})",
                    "undo it by hand",
                )
            sheet, row, kind, command, outcome, values = entry
            sheet, kind, command = map(sys.intern, (sheet, kind, command))  # a million lines share them
            named = {sys.intern(name): value for name, value in values.items()}
            yield CompletedEffect(sheet, row, kind, command, named, known=outcome == Outcome.SUCCESS)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise LocalFailure(
            f"{stored.where(DONE)} is damaged: {error}",
            "the job cannot be undone with its help; undo it by hand",
        ) from error


def _lines(job: OpenJob, row_results: RowResults) -> Iterator[list[Any]]:
    order = {task_type.name: place for place, task_type in enumerate(PROCESSING_ORDER)}
    for phase in job.facts.phases:
        rows = job.sent_rows(phase)
        if not any(
            row_results.results[row.sheet, row.row].outcome in _KEPT for of in rows.values() for row in of
        ):
            continue
        for name in sorted(rows, key=lambda each: order[each]):
            places = _places(name, job.facts.wire_names)
            for row, text in zip(rows[name], job.sent_texts(phase, name), strict=True):
                outcome = row_results.results[row.sheet, row.row].outcome
                if outcome in _KEPT:
                    task = orjson.loads(text)
                    values = _values(task["content"], places)
                    yield [row.sheet, row.row, name, task["command"], outcome, values]


def _places(task_type: str, wire_names: Mapping[str, str]) -> Places:
    """Where in a content each field is that must be remembered, wherever `[wire]` puts it."""
    of = BY_NAME[task_type]
    places: dict[tuple[str, ...], list[tuple[str, str, Path | None]]] = {}
    for name in of.remembered:
        (*outer, key), within = _path(of.wire_path(of.by_name[name], wire_names))
        places.setdefault(tuple(outer), []).append((name, key, within))
    return places


def _path(name: str) -> Path:
    before, in_list, after = name.partition("[n].")
    return before.split("."), _path(after) if in_list else None


def _values(content: Any, places: Places) -> dict[str, Any]:  # noqa: ANN401
    values = {}
    for outer, remembered in places.items():
        of = value_at(content, outer)
        if isinstance(of, dict):
            for name, key, within in remembered:
                value = of.get(key) if within is None else _at(of, ([key], within))
                if value or value not in (None, "", []):
                    values[name] = value
    return values


def _at(value: Any, path: Path) -> Any:  # noqa: ANN401
    """The value at a path; for a path through a list, the values in its objects."""
    keys, after = path
    found = value_at(value, keys)
    if after is None:
        return found
    return [_at(item, after) for item in found] if isinstance(found, list) else None
