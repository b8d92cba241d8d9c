"""When a Sync row is sent: a single request syncs all Teams users that wait for it, so once, and last.

A Sync row that succeeded before is done only while no row that it serves is sent; which rows these are is a
fact of the catalogue. A second row of the same Sync is not sent and gets the result of the one that is.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from xlsx2opeasy.load.plan.subjects import Reader
from xlsx2opeasy.load.results.row_results import Place
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.tasks.build import Task


@dataclass(frozen=True)
class SyncPlan:
    """`again` are Sync rows that succeeded before and go out again, each with its command; `same_as` the rows
    that are not sent, each with the row whose result it gets.
    """

    again: Mapping[Place, str]
    same_as: Mapping[Place, Place]

    def notes(self) -> tuple[str, ...]:
        """What a person should know of it, in sentences."""
        return (
            *(
                f"{command} ({place[0]} row {place[1]}) succeeded before and is sent again: this load sends"
                " rows that it serves."
                for place, command in self.again.items()
            ),
            *(
                f"{place[0]} row {place[1]} is not sent: it is the same Sync as row {other[1]} of {other[0]},"
                " and gets its result."
                for place, other in self.same_as.items()
            ),
        )


def is_sync(task: Task) -> bool:
    """Whether the task is of a Sync command."""
    return task.command in BY_NAME[task.type].syncs


def plan_syncs(tasks: Sequence[Task], done: set[Place], reader: Reader) -> SyncPlan:
    """What becomes of the Sync rows, where the rows of `done` need not be sent as they succeeded before."""
    syncs = [task for task in tasks if is_sync(task)]
    asked = any((task.sheet, task.row) in done for task in syncs)
    served = {
        sync
        for task in (tasks if asked else ())
        if (task.sheet, task.row) not in done and (sync := _serving(task, reader)) is not None
    }
    again: dict[Place, str] = {}
    first: dict[str, Place] = {}
    same_as: dict[Place, Place] = {}
    for task in syncs:
        place = (task.sheet, task.row)
        if place in done and task.command not in served:
            continue
        if task.command in first:
            same_as[place] = first[task.command]
            continue
        first[task.command] = place
        if place in done:
            again[place] = task.command
    return SyncPlan(again, same_as)


def sent_once(tasks: Iterable[Task], reader: Reader) -> list[Task]:
    """The tasks of a first load: a second row of the same Sync is not among them."""
    listed = list(tasks)
    same_as = plan_syncs(listed, set(), reader).same_as
    return [task for task in listed if (task.sheet, task.row) not in same_as]


def _serving(task: Task, reader: Reader) -> str | None:
    """The Sync command that serves the task."""
    command = BY_NAME[task.type].by_command[task.command]
    if command.served_by is None:
        return None
    content, where = task.content, command.served_by.where
    return command.sync_for([each for each in where if reader.has(task.type, content, each)])
