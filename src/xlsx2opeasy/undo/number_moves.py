"""Numbers that rows of one job gave, took or moved."""

from collections.abc import Iterable

from xlsx2opeasy.check.numbers import TouchedNumbers, span_of
from xlsx2opeasy.load.results.completed_effects import Done
from xlsx2opeasy.spec.effects import Effect
from xlsx2opeasy.spec.model import Subject


def assigned_before(done: Iterable[Done]) -> dict[int, Done]:
    """Of each Assign row (by its `id`) that gives numbers which a row before had given: that row."""
    given: TouchedNumbers[Done] = TouchedNumbers()
    found: dict[int, Done] = {}
    for task in done:
        numbers = task.named(Subject.NUMBERS)
        if numbers is not None and task.known:
            if not task.does(Effect.ASSIGNS_NUMBERS):
                given.take_out(numbers)
                continue
            if (earlier := given.of_any(numbers)) is not None:
                found[id(task)] = earlier
            given.add(numbers, task)
    return found


def same_numbers(one: Done, other: Done) -> bool:
    """Whether two rows are about exactly the same numbers."""
    return span_of(one.named(Subject.NUMBERS) or "") == span_of(other.named(Subject.NUMBERS) or "")
