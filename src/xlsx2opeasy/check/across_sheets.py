"""Rows of other sheets about a user whom the workbook deletes and adds again: which user is meant.

`Windows` says when, in the order of the Users sheet, rows of other sheets about a user can be processed.
Users rows add, delete, suspend and restore a user. A row of another sheet needs the user to be there and not
to be suspended: after the row that adds or restores the user, before the one that deletes or suspends it.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from xlsx2opeasy.check.across import UNCLEAR_USER, Conflict, user_key, user_keys
from xlsx2opeasy.spec.catalogue import COMMAND_HEADER
from xlsx2opeasy.spec.effects import Effect
from xlsx2opeasy.spec.model import Command, Subject, TaskType

ENDS = (Effect.DELETES_USER, Effect.SUSPENDS_USER)
BEGINS = (Effect.ADDS_USER, Effect.RESTORES_USER)


@dataclass(slots=True)
class Window:
    """The time between two Users rows in which a user can be worked on; None where it has no such end.

    `deleted` says that a deletion ends it, `user` counts the users that have the same id one after the other.
    """

    after: int | None
    before: int | None = None
    deleted: bool = False
    user: int = 0


@dataclass(frozen=True, slots=True)
class Windows:
    """All windows of a user's id, first to last; there is none where the user is neither added nor ended."""

    windows: tuple[Window, ...]

    @property
    def chosen(self) -> Window | None:
        """The one in which rows of other sheets are done: the last, that of a user who comes again."""
        return self.windows[-1] if self.windows else None

    @property
    def comes_again(self) -> bool:
        """Whether a user of the same id is added after a deletion."""
        return any(
            earlier.deleted and later.user > earlier.user
            for earlier, later in zip(self.windows, self.windows[1:], strict=False)
        )

    @property
    def ambiguous(self) -> bool:
        """Whether users of the same id are deleted one after the other, so that either may be meant."""
        deleted = {window.user for window in self.windows if window.deleted}
        return len(deleted) > 1 and self.windows[-1].deleted


def windows_of(rows: Iterable[tuple[int, Command]]) -> Windows:
    """The windows of one user, from the Users rows about the user in their order, each with its command."""
    windows: list[Window] = []
    user = 0
    active = True
    for row, command in rows:
        if command.does(*BEGINS):
            user += command.does(Effect.ADDS_USER)
            windows.append(Window(row, user=user))
            active = True
        elif command.does(*ENDS):
            deletes = command.does(Effect.DELETES_USER)
            if not windows:
                windows.append(Window(None))
            if active:
                windows[-1].before, windows[-1].deleted = row, deletes
            elif deletes:
                windows[-1].deleted = True
            active = False
    return Windows(tuple(windows))


USER_AGAIN = "user-again"

Again = tuple[Windows, list[tuple[int, Command]]]
"""A user who comes again, and the Users rows that add, delete, suspend and restore users of this id."""

Rows = tuple[TaskType, pd.DataFrame]
"""A sheet's task type and its values, of rows with a known command and without an error."""


def across_sheets(sheets: Sequence[Rows]) -> Iterator[tuple[int, Conflict]]:
    """The conflicts, each with the place of its sheet in `sheets`."""
    about_users = [
        (place, name, values[name])
        for place, (task_type, values) in enumerate(sheets)
        for name in (() if _adds_users(task_type) else task_type.names_of(Subject.USER))
        if name in values
    ]
    if not about_users:
        return
    again = {user: found for rows in sheets for user, found in _coming_again(*rows).items()}
    for place, name, texts in about_users if again else ():
        for row, text in texts.items():
            if (found := again.get(user_key(text))) is not None:
                yield place, _conflict(int(str(row)), name, text, *found)


def _adds_users(task_type: TaskType) -> bool:
    return bool(task_type.commands_that(*BEGINS))


def _coming_again(task_type: TaskType, values: pd.DataFrame) -> Mapping[str, Again]:
    """The users of which a deletion and an addition are in the sheet, in this order."""
    names = [name for name in task_type.names_of(Subject.USER) if name in values]
    if not names:
        return {}
    rows = values[values[COMMAND_HEADER].isin(task_type.commands_that(*BEGINS, *ENDS))]
    users = user_keys(rows[names[0]])
    users = users[users.duplicated(keep=False)]
    by_user: dict[str, list[tuple[int, Command]]] = defaultdict(list)
    commands = rows[COMMAND_HEADER].loc[users.index]
    for row, command, user in zip(users.index.tolist(), commands.tolist(), users.tolist(), strict=True):
        by_user[user].append((row, task_type.by_command[command]))
    found = {user: (windows_of(about), about) for user, about in by_user.items()}
    return {user: again for user, again in found.items() if again[0].comes_again}


def _conflict(row: int, name: str, text: str, windows: Windows, about: list[tuple[int, Command]]) -> Conflict:
    deleted = [each for each, command in about if command.does(Effect.DELETES_USER)]
    added = [each for each, command in about if command.does(Effect.ADDS_USER)]
    places: dict[str, object] = {"value": text, "deleted": ", ".join(map(str, deleted)), "added": added[-1]}
    return Conflict(UNCLEAR_USER if windows.ambiguous else USER_AGAIN, row, name, places)
