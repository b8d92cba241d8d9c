"""When, in the order of a sheet, rows of other sheets about a user can be done.

Users rows add, delete, suspend and restore a user. A row of another sheet needs the user to be there and not
to be suspended: after the row that adds or restores the user, before the one that deletes or suspends it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from xlsx2opeasy.spec.effects import Effect
from xlsx2opeasy.spec.model import Command

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
