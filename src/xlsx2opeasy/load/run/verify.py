"""Whether a draft at the server is what was sent: its counts, and every task of it, compared key by key.

A draft that is not is never scheduled. What the server's validation set aside is part of what it holds.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice

from xlsx2opeasy.load.run.connection import Passwords
from xlsx2opeasy.load.run.fetch import Rejection
from xlsx2opeasy.load.run.match import Match, corresponds_in_order, match
from xlsx2opeasy.load.run.step import PhaseStep
from xlsx2opeasy.masking import SecretFields
from xlsx2opeasy.opeasy.models import Operation, Task
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.model import TaskType

Counts = Mapping[str, int]
"""Tasks by type; types without any are left out."""
LISTED_ROWS = 5
_AT_ONCE = 1000


class DraftInDoubtError(Exception):
    """What the draft holds is not certain, or not what was sent: it must be deleted and built again."""


def received(operation: Operation) -> Counts:
    """All that the server counts, good or set aside."""
    return {name: count.received for name, count in operation.tasks.items() if count.received}


def in_words(counts: Counts) -> str:
    """`3 Users, 1 PhoneNumbers`."""
    return ", ".join(f"{number:,} {name}" for name, number in counts.items()) or "no tasks"


class DraftVerifier(PhaseStep):
    """Compares the draft of one phase with the chunk files in force."""

    def compare(self, operation: Operation, expected: Counts) -> list[Rejection]:
        """What was set aside, where the draft holds the `expected` first tasks of each type as sent.

        Raises DraftInDoubtError, naming rows, where it holds others; and what the client raises.
        """
        rejections: list[Rejection] = []
        for name, number in expected.items():
            self._interruption.checkpoint()
            rejections += self._compare(operation, BY_NAME[name], number)
        if received(operation) != expected:
            # rare: draft counts differently than was sent
            counted = in_words(received(operation))
            raise DraftInDoubtError(f"the server counts {counted}, sent were {in_words(expected)}")
        return rejections

    def _compare(self, operation: Operation, task_type: TaskType, number: int) -> list[Rejection]:
        name, wire_names = task_type.name, self._job.facts.wire_names
        count = operation.tasks.get(name)
        held: Collection[Task] | None
        if count is not None and count.validation_errors:
            held = self._client.all_tasks(operation.id, task_type)
            set_aside = self._client.all_validation_errors(operation.id, task_type)
        else:
            held = self._client.tasks_other_than(operation.id, task_type, partial(self._lists, name, number))
            set_aside = ()
            if held is None:
                return []
        sent = islice(self._job.sent_tasks(self._phase, name), number)
        if not set_aside and corresponds_in_order(name, sent, map(_as_sent, held), wire_names):
            return []
        ours = list(islice(self._job.sent_tasks(self._phase, name), number))
        theirs = [_as_sent(task) for task in held] + [_as_sent(each.task) for each in set_aside]
        found = match(name, ours, theirs, wire_names)
        if not found.complete:
            # rare: draft holds other tasks than were sent
            raise DraftInDoubtError(self._difference(name, found, ours, theirs))
        secrets = SecretFields(name, wire_names)
        rejections, passwords = [], Passwords(self._job)
        for index, other in enumerate(found.pairs):
            if other is not None and other >= len(held):
                error, content = set_aside[other - len(held)], ours[index]["content"]
                assert isinstance(content, Mapping)
                messages = tuple(
                    passwords.hidden_in(secrets.hidden_in(each, content), long_only=True)
                    for each in error.messages
                )
                rejections.append(Rejection(name, index, error.id, messages))
        return rejections

    def _lists(self, name: str, number: int) -> Iterator[bytes]:
        """The first tasks of a type as they were sent, some of them at a time, as a list without brackets."""
        texts = islice(self._job.sent_texts(self._phase, name), number)
        while some := list(islice(texts, _AT_ONCE)):
            yield b",".join(some)

    def _difference(
        self,
        name: str,
        found: Match,
        ours: Sequence[Mapping[str, object]],
        theirs: Sequence[Mapping[str, object]],
    ) -> str:
        """Which rows the server does not hold as they were sent, and where one differs, in which fields."""
        rows = self._job.sent_rows(self._phase)[name]
        missing = [index for index, pair in enumerate(found.pairs) if pair is None]
        listed = ", ".join(f"{rows[index].sheet} row {rows[index].row}" for index in missing[:LISTED_ROWS])
        more = f" and {len(missing) - LISTED_ROWS} more" if len(missing) > LISTED_ROWS else ""
        fields = ""
        if missing and missing[0] in found.foreign:
            differing = sorted(_differing(ours[missing[0]]["content"], theirs[missing[0]]["content"], ""))
            fields = f" (different: {', '.join(differing)})" if differing else ""
        missed = f"does not hold {listed}{more} as sent{fields}" if missing else "holds all that was sent"
        foreign = f", and holds {len(found.foreign)} tasks that were not sent so" if found.foreign else ""
        return f"the server {missed}{foreign}"


def _as_sent(task: Task) -> dict[str, object]:
    return {"command": task.command, "content": task.content}


def _differing(mine: object, its: object, path: str) -> set[str]:
    """The paths at which what was sent is not held; values are never shown, they may be secret."""
    if isinstance(mine, Mapping) and isinstance(its, Mapping):
        return {
            each
            for key in mine
            for each in _differing(mine[key], its.get(key), f"{path}.{key}" if path else str(key))
        }
    return set() if mine == its else {path}
