"""Operations cut into a canary and stages, so that a mistake in every row stops after few of them.

The canary of an operation is the first rows of each command. With a budget of failures, the other rows are
cut into stages of at most a tenth of all rows until half of these are done, then of a quarter. Without a
canary the first stage is smaller: a twentieth of the rows, or just more than may fail. The rows stay in the
order in which one operation would be processed, so a row never runs before another one that it needs; only a
canary's rows go before others, and need none of those.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from xlsx2opeasy.load.plan.phases import Phase
from xlsx2opeasy.load.plan.staging import CANARY, Staging
from xlsx2opeasy.load.plan.subjects import Reader, SubjectIndex
from xlsx2opeasy.load.plan.syncs import is_sync
from xlsx2opeasy.tasks.build import Task
from xlsx2opeasy.tasks.chunks import in_processing_order

_TENTH, _TWENTIETH, _QUARTER = 10, 20, 4


def staged(phases: Sequence[Phase], staging: Staging, reader: Reader) -> tuple[Phase, ...]:
    """The phases, each cut as `staging` asks; every task is in exactly one operation."""
    if not staging or not phases:
        return tuple(phases)
    total = sum(len(phase.tasks) for phase in phases)
    sizes = _Sizes(total, staging)
    operations: list[Phase] = []
    stages = 0
    for phase in phases:
        tasks = _syncs_last(in_processing_order(phase.tasks))
        first = _canary(tasks, staging.canary, reader) if staging.canary else []
        chosen = {id(task) for task in first}
        if first:
            operations.append(replace(phase, tasks=tuple(first), stage=CANARY))
            sizes.done += len(first)
        for stage in sizes.cut([task for task in tasks if id(task) not in chosen]):
            stages += 1
            operations.append(replace(phase, tasks=tuple(stage), stage=f"stage {stages}"))
    return tuple(replace(each, number=number) for number, each in enumerate(operations, 1))


def _syncs_last(tasks: Sequence[Task]) -> list[Task]:
    return sorted(tasks, key=is_sync)


def _canary(tasks: Sequence[Task], rows: int, reader: Reader) -> list[Task]:
    """The first `rows` of each command that need no row which is not in the canary.

    A Sync command needs all others: it is in the canary only where these are.
    """
    commands = Counter((task.type, task.command) for task in tasks)
    missing = Counter({command: min(rows, number) for command, number in commands.items()})
    waiting = SubjectIndex()
    chosen: list[Task] = []
    for place, task in enumerate(tasks):
        command = (task.type, task.command)
        if not missing.total():
            break
        about = reader.subjects(task)
        needs_others = len(chosen) < place if is_sync(task) else waiting.shares(about)
        if missing[command] and not needs_others:
            missing[command] -= 1
            chosen.append(task)
        else:
            waiting.add(about)
    return chosen


@dataclass
class _Sizes:
    """How large each stage may be; `done` counts the rows of the operations before it."""

    total: int
    staging: Staging
    done: int = 0

    def cut(self, tasks: Sequence[Task]) -> Iterator[Sequence[Task]]:
        """The tasks in stages; in one where there is no budget."""
        start = 0
        while start < len(tasks):
            size = len(tasks) if self.staging.stop_after is None else self._next()
            stage = tasks[start : start + size]
            self.done += len(stage)
            start += size
            yield stage

    def _next(self) -> int:
        tenth = max(1, self.total // _TENTH)
        if 2 * self.done >= self.total:
            return max(tenth, -(-self.total // _QUARTER))
        if self.done:
            return tenth
        allowed = self.staging.allowed(self.total) or 0
        return min(tenth, max(allowed + 1, self.total // _TWENTIETH))
