"""Rows of other sheets about a user whom the workbook deletes and adds again: which user is meant."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from xlsx2opeasy.check.across import UNCLEAR_USER, Conflict, user_key
from xlsx2opeasy.check.windows import BEGINS, ENDS, Windows, windows_of
from xlsx2opeasy.problems import Severity
from xlsx2opeasy.spec.catalogue import COMMAND_HEADER
from xlsx2opeasy.spec.model import Subject, TaskType

USER_AGAIN = "user-again"

Rows = tuple[TaskType, pd.DataFrame]
"""A sheet's task type and its values, of rows with a known command and without an error."""


def across_sheets(sheets: Sequence[Rows]) -> Iterator[tuple[int, Conflict]]:
    """The conflicts, each with the place of its sheet in `sheets`."""
    again = {user: found for rows in sheets for user, found in _coming_again(*rows).items()}
    if not again:
        return
    for place, (task_type, values) in enumerate(sheets):
        for name in () if _adds_users(task_type) else task_type.names_of(Subject.USER):
            if name in values:
                for row, text in values[name].items():
                    if (found := again.get(user_key(text))) is not None:
                        yield place, _conflict(int(str(row)), name, text, found)


def _adds_users(task_type: TaskType) -> bool:
    return bool(task_type.commands_that(*BEGINS))


def _coming_again(task_type: TaskType, values: pd.DataFrame) -> Mapping[str, Windows]:
    """The users of which a deletion and an addition are in the sheet, in this order."""
    names = task_type.names_of(Subject.USER)
    events = task_type.commands_that(*BEGINS, *ENDS)
    if not names or not events or names[0] not in values:
        return {}
    rows = values[values[COMMAND_HEADER].isin(events)]
    by_user: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for row, command, text in zip(rows.index.tolist(), rows[COMMAND_HEADER], rows[names[0]], strict=True):
        by_user[user_key(text)].append((row, command))
    found = {
        user: windows_of((row, task_type.by_command[command]) for row, command in of)
        for user, of in by_user.items()
        if len(of) > 1
    }
    return {user: windows for user, windows in found.items() if windows.comes_again}


def _conflict(row: int, name: str, text: str, found: Windows) -> Conflict:
    code, severity = (UNCLEAR_USER, Severity.ERROR) if found.ambiguous else (USER_AGAIN, Severity.WARNING)
    deleted = ", ".join(str(window.before) for window in found.windows if window.deleted)
    places: dict[str, object] = {"value": text, "deleted": deleted, "added": found.windows[-1].after}
    return Conflict(code, row, name, places, severity=severity)
