"""All task types, and looking things up among them."""

import difflib
from collections.abc import Iterable

from xlsx2opeasy.spec.call_center_agent import CALL_CENTER_AGENT
from xlsx2opeasy.spec.call_forwarding import CALL_FORWARDING
from xlsx2opeasy.spec.call_recording import CALL_RECORDING
from xlsx2opeasy.spec.consistency import require_consistent
from xlsx2opeasy.spec.model import TaskType, folded
from xlsx2opeasy.spec.phone_numbers import PHONE_NUMBERS
from xlsx2opeasy.spec.users import USERS

TASK_TYPES: tuple[TaskType, ...] = (USERS, CALL_CENTER_AGENT, CALL_RECORDING, CALL_FORWARDING, PHONE_NUMBERS)
"""In the order of the sheets and of Appendix I-V."""

PROCESSING_ORDER: tuple[TaskType, ...] = (
    USERS,
    CALL_CENTER_AGENT,
    CALL_FORWARDING,
    CALL_RECORDING,
    PHONE_NUMBERS,
)
"""In the order in which one operation is processed ("Operations and Scheduled Operations")."""

require_consistent(TASK_TYPES, PROCESSING_ORDER)

COMMAND_HEADER = "command"

BY_NAME: dict[str, TaskType] = {task_type.name: task_type for task_type in TASK_TYPES}

_BY_FOLDED_NAME = {folded(task_type.name): task_type for task_type in TASK_TYPES}


def task_type_of_sheet(name: str) -> TaskType | None:
    """The task type whose sheet has this name, letter case and space aside."""
    return _BY_FOLDED_NAME.get(folded(name))


def nearest(word: str, among: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The one of `among` that `word` was probably meant to be, or None where nothing is near."""
    by_folded = {folded(each): each for each in among}
    found = difflib.get_close_matches(folded(word), by_folded, n=1, cutoff=cutoff)
    return by_folded[found[0]] if found else None
