"""Which user or device each task of a load is about, and whether the load itself added or deleted it.

What a load added goes with all that was done to it; what it deleted cannot be touched any more.
`assigned_before` and `same_numbers` follow the phone numbers that rows of one job gave, took or moved.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from xlsx2opeasy.check.across import exact_key, user_key
from xlsx2opeasy.check.numbers import TouchedNumbers, span_of
from xlsx2opeasy.load.results.completed_effects import CompletedEffect
from xlsx2opeasy.spec.effects import Effect
from xlsx2opeasy.spec.model import Subject

ADDING = (Effect.ADDS_USER, Effect.ADDS_DEVICE)
DELETING = (Effect.DELETES_USER, Effect.DELETES_DEVICE)


@dataclass(eq=False, slots=True)
class Lifetime:
    """The time in which a user or a device exists; `begun` and `ended` are the tasks that made it so.

    None where it was there before the load, or is there after it. `devices` are those added with a user.
    """

    created_by: CompletedEffect | None = None
    deleted_by: CompletedEffect | None = None
    devices: tuple["Lifetime", ...] = ()


@dataclass(frozen=True, slots=True)
class Touched:
    """The lives that a task is about, None where it is about none of that kind."""

    user: Lifetime | None = None
    device: Lifetime | None = None


def lifetimes_of(tasks: Sequence[CompletedEffect]) -> list[Touched]:
    """For each of `tasks`, in the order in which they took effect, the lives that it begins, ends or touches.

    A task that is not known to have taken effect begins and ends none.
    """
    registry = _Registry()
    return [registry.take(task) if task.known else Touched() for task in tasks]


class _Registry:
    """The last lifetime of every user and device that was named so far."""

    def __init__(self) -> None:
        self._users: dict[str, Lifetime] = {}
        self._devices: dict[str, Lifetime] = {}

    def take(self, task: CompletedEffect) -> Touched:
        user_id, name = task.named(Subject.USER), task.named(Subject.DEVICE)
        user = self._lifetime(self._users, user_key(user_id), task) if user_id is not None else None
        device = self._lifetime(self._devices, exact_key(name), task) if name is not None else None
        if user is not None and device is not None and device.created_by is task:
            user.devices += (device,)
        if user is not None and task.does(Effect.DELETES_USER):
            user.deleted_by = task
            for each in user.devices if task.does(Effect.DELETES_DEVICES_OF_USER) else ():
                each.deleted_by = each.deleted_by or task
        if device is not None and task.does(Effect.DELETES_DEVICE):
            device.deleted_by = task
        return Touched(user, device)

    def _lifetime(self, of: dict[str, Lifetime], key: str, task: CompletedEffect) -> Lifetime:
        known = of.get(key)
        if known is None or known.deleted_by is not None:
            known = of[key] = Lifetime(created_by=task if task.does(*ADDING) else None)
        return known


def assigned_before(done: Iterable[CompletedEffect]) -> dict[int, CompletedEffect]:
    """Of each Assign row (by its `id`) that gives numbers which a row before had given: that row."""
    given: TouchedNumbers[CompletedEffect] = TouchedNumbers()
    found: dict[int, CompletedEffect] = {}
    for task in done:
        numbers = task.named(Subject.NUMBERS)
        if numbers is not None and task.known:
            if not task.does(Effect.ASSIGNS_NUMBERS):
                given.remove(numbers)
                continue
            if (earlier := given.of_any(numbers)) is not None:
                found[id(task)] = earlier
            given.add(numbers, task)
    return found


def same_numbers(one: CompletedEffect, other: CompletedEffect) -> bool:
    """Whether two rows are about exactly the same numbers."""
    return span_of(one.named(Subject.NUMBERS) or "") == span_of(other.named(Subject.NUMBERS) or "")
