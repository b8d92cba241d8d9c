"""The enterprise's phone numbers: which exist, in which group, taken by whom. Compared by their digits."""

import re
from dataclasses import dataclass
from typing import Final

from xlsx2opeasy.spec.rules import NumberOrRange

MOST_AT_ONCE: Final = 100_000
"""The longest range that is accepted."""


class NumbersRefused(Exception):
    """The inventory says no, in words for the task's error description; `too_many`: the range is too long."""

    def __init__(self, words: str, *, too_many: bool = False) -> None:
        super().__init__(words)
        self.too_many = too_many


@dataclass(slots=True)
class Number:
    """One number. `group_id` None: assigned to the enterprise only."""

    group_id: str | None = None
    user_id: str | None = None
    activated: bool | None = None


def digits(text: str) -> str:
    """The digits of a phone number, which is how numbers are compared."""
    return re.sub("[^0-9]", "", text)


def expand(text: str) -> list[str]:
    """The digits of each number in `A` or `A - B`, both included; refuses more than `MOST_AT_ONCE`."""
    first, found, last = text.partition(NumberOrRange.separator)
    if not found:
        return [digits(first)]
    low, high = digits(first), digits(last)
    if int(high) - int(low) >= MOST_AT_ONCE:
        raise NumbersRefused("the range is too long", too_many=True)
    return [str(number).zfill(len(low)) for number in range(int(low), int(high) + 1)]


class Inventory:
    """All numbers by their digits. A closed inventory has those it began with. A refusal changes nothing."""

    def __init__(self, *, closed: bool) -> None:
        self._closed = closed
        self.by_digits: dict[str, Number] = {}

    def declare(self, text: str, group_id: str | None, activated: bool | None) -> None:
        """Numbers that the state lists."""
        for number in expand(text):
            self.by_digits[number] = Number(group_id, None, activated)

    def announce(self, text: str) -> None:
        """Unknown numbers come into being at the enterprise, unless the inventory is closed."""
        try:
            numbers = expand(text)
        except NumbersRefused:
            return  # the task itself will fail for it
        if not self._closed:
            for number in numbers:
                self.by_digits.setdefault(number, Number())

    def give(self, text: str, group_id: str, user_id: str) -> None:
        """A user of the group takes a number: it must be in that group, and free."""
        self.require_free(text, group_id, user_id)
        number = self.by_digits.setdefault(digits(text), Number(group_id))
        number.user_id = user_id

    def require_free(self, text: str, group_id: str, user_id: str) -> None:
        """Refuses a number that `give` would refuse."""
        number = self.by_digits.get(digits(text))
        if number is None:
            if self._closed:
                raise NumbersRefused(f"Phone number {text} does not exist in the enterprise")
        elif number.group_id != group_id:
            raise NumbersRefused(
                f"Phone number {text} is assigned to {_owner(number)}, not to group {group_id}"
            )
        elif number.user_id not in (None, user_id):
            raise NumbersRefused(f"Phone number {text} is already assigned to user {number.user_id}")

    def take_back(self, text: str) -> None:
        """A user gives a number back; it stays in its group."""
        self.by_digits[digits(text)].user_id = None

    def assign(self, text: str, group_id: str, activated: bool | None) -> None:
        """PhoneNumbers Assign: numbers of the enterprise come to a group."""
        numbers = self._known(text)
        for shown, number in numbers.items():
            if number.group_id not in (None, group_id):
                raise NumbersRefused(f"Phone number {shown} is assigned to {_owner(number)}")
        self._set(numbers, group_id, activated)

    def unassign(self, text: str, group_id: str, activated: bool | None) -> None:
        """PhoneNumbers Unassign: numbers of a group go back to the enterprise."""
        numbers = self._known(text, unknown_in=group_id)
        for shown, number in numbers.items():
            if number.group_id != group_id:
                raise NumbersRefused(f"Phone number {shown} is not assigned to group {group_id}")
            _require_unused(shown, number)
        self._set(numbers, None, activated)

    def move(self, text: str, group_id: str | None, activated: bool | None) -> None:
        """PhoneNumbers Modify with a group, or (None) back to the enterprise."""
        numbers = self._known(text)
        for shown, number in numbers.items():
            if number.group_id != group_id:
                _require_unused(shown, number)
        self._set(numbers, group_id, activated)

    def activate(self, text: str, activated: bool | None) -> None:
        """PhoneNumbers Modify without a group."""
        for number in self._known(text).values():
            number.activated = activated

    def _known(self, text: str, unknown_in: str | None = None) -> dict[str, Number]:
        found: dict[str, Number] = {}
        for number in expand(text):
            known = self.by_digits.get(number)
            if known is None and self._closed:
                raise NumbersRefused(f"Phone number {number} does not exist in the enterprise")
            found[number] = known or Number(unknown_in)
        return found

    def _set(self, numbers: dict[str, Number], group_id: str | None, activated: bool | None) -> None:
        for number in numbers.values():
            number.group_id = group_id
            number.activated = number.activated if activated is None else activated
        self.by_digits |= numbers


def _require_unused(shown: str, number: Number) -> None:
    if number.user_id is not None:
        raise NumbersRefused(f"Phone number {shown} is in use by user {number.user_id}")


def _owner(number: Number) -> str:
    return "the enterprise only" if number.group_id is None else f"group {number.group_id}"
