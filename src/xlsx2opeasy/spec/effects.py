"""What a command does beyond its own row: its effects, what reverses it, and the Sync command it needs."""

from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """What a command does to a thing that other rows may be about."""

    ADDS_USER = "adds the user"
    ADDS_DEVICE = "adds the device"
    DELETES_USER = "deletes the user"
    DELETES_DEVICE = "deletes the device"
    DELETES_DEVICES_OF_USER = "deletes the devices of the user"
    SUSPENDS_USER = "suspends the user"
    RESTORES_USER = "restores the user"
    CHANGES_USER = "changes the user"
    CHANGES_DEVICE = "changes the device"
    ASSIGNS_AGENT = "assigns the agent to call centers"
    REMOVES_AGENT = "removes the agent from call centers"
    ASSIGNS_NUMBERS = "assigns the numbers to a group"
    UNASSIGNS_NUMBERS = "takes the numbers from a group"
    MOVES_NUMBERS = "moves the numbers to another group"


MODIFYING = (Effect.CHANGES_USER, Effect.CHANGES_DEVICE, Effect.MOVES_NUMBERS)
"""The effects of commands that change settings of what is there already."""


@dataclass(frozen=True, slots=True)
class Given:
    """`field` gets `value` where the task has the field `where` filled with something else than FALSE."""

    field: str
    value: str
    where: str


@dataclass(frozen=True, slots=True)
class Inverse:
    """The command that reverses another one, with the fields that it takes over from the task.

    It is built from the task alone, so it needs no secret and no value from before the task. `optional`
    fields are taken over where the task has them. `command` is empty where there is none, and `why_not` says
    why. `in_part` says what the inverse does not bring back, where the task fills one of `in_part_where`
    (always, where that is empty).
    """

    command: str = ""
    fields: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    given: tuple[Given, ...] = ()
    why_not: str = ""
    in_part: str = ""
    in_part_where: tuple[str, ...] = ()

    @property
    def remembered(self) -> tuple[str, ...]:
        """The fields of the task that the inverse, or a sentence about it, is made of."""
        return (*self.fields, *self.optional, *self.in_part_where, *(each.where for each in self.given))


NO_INVERSE = Inverse(why_not="no command that reverses it is known")


@dataclass(frozen=True, slots=True)
class ServedBy:
    """The Sync command that Teams users need after a command, where one of the fields `where` is filled.

    Where that is empty, a user that was a Teams user before may need it after any such task. `teams_fields`
    are those of `where` that make a Teams user of any user.
    """

    sync: str
    where: frozenset[str] = frozenset()
    teams_fields: frozenset[str] = frozenset()
