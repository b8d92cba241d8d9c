"""Who has a value that must be unique within the system, row after row."""

from collections import defaultdict

from xlsx2opeasy.spec.effects import Effect
from xlsx2opeasy.spec.model import TaskType


class Holders:
    """Which device has which value so far, as far as the sheet can tell."""

    def __init__(self, task_type: TaskType) -> None:
        self._commands = task_type.by_command
        self._row_of: dict[str, int] = {}
        self._value_of: dict[str, str] = {}
        self._devices_of: dict[str, list[str]] = defaultdict(list)

    def enter(self, value: str, device: str, user: str, row: int) -> int:
        """The row that gives the value: this one, or an earlier one whose device still has it."""
        first = self._row_of.setdefault(value, row)
        if first == row:
            self._value_of[device] = value
            self._devices_of[user].append(device)
        return first

    def leave(self, command: str, device: str, user: str, *, changed: bool) -> None:
        """Devices that this row deletes, or gives another value, have theirs no more."""
        does = self._commands[command].does
        loses = does(Effect.DELETES_DEVICE) or (changed and does(Effect.CHANGES_DEVICE))
        gone = [device] if loses else []
        if does(Effect.DELETES_DEVICES_OF_USER):
            gone = self._devices_of.pop(user, [])
        for each in gone:
            self._row_of.pop(self._value_of.pop(each, ""), None)
