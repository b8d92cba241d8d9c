"""All task types, and looking things up among them. Facts that contradict each other fail the import."""

import difflib
from collections.abc import Iterable, Iterator, Sequence

from xlsx2opeasy.spec.call_center_agent import CALL_CENTER_AGENT
from xlsx2opeasy.spec.call_forwarding import CALL_FORWARDING
from xlsx2opeasy.spec.call_recording import CALL_RECORDING
from xlsx2opeasy.spec.model import Command, Field, TaskType, folded
from xlsx2opeasy.spec.phone_numbers import PHONE_NUMBERS
from xlsx2opeasy.spec.users import USERS


def require_consistent(task_types: Sequence[TaskType], processing_order: Sequence[TaskType]) -> None:
    """Raises ValueError with a sentence for each contradiction."""
    wrong = [f"{each.name}: {what}" for each in task_types for what in _contradictions(each)]
    if {each.name for each in task_types} != {each.name for each in processing_order}:
        wrong.append("TASK_TYPES and PROCESSING_ORDER do not hold the same task types")
    if wrong:
        raise ValueError("; ".join(wrong))


def _contradictions(of: TaskType) -> Iterator[str]:
    names = frozenset(of.command_names)
    using = [(each.name, each.commands) for each in of.fields]
    using += [(each.name, each.commands) for each in of.groups]
    for name, commands in using:
        if unknown := sorted(commands - names):
            yield f"{name} is used by {unknown[0]}, which is no command"
    for field in of.fields:
        yield from _of_field(of, field)
    for command in of.commands:
        yield from _of_inverse(of, command)
        yield from _of_sync(of, command)
    for rule in of.at_least_one:
        for each in (*rule.fields, rule.stands_at.replace("[0]", "[n]")):
            if each not in of.by_name:
                yield f"one of {', '.join(rule.fields)} is needed, and {each} is no field"


def _of_field(of: TaskType, field: Field) -> Iterator[str]:
    if field.object_list is not None and not any(
        each.many and each.name == field.object_list for each in of.groups
    ):
        yield f"{field.name} is in a list of objects, and no group {field.object_list} has many=True"
    asking = {name for required in field.required for name in required.commands}
    if unknown := sorted(asking - field.commands):
        yield f"{field.name} is needed by {unknown[0]}, which does not use it"


def _of_inverse(of: TaskType, command: Command) -> Iterator[str]:
    inverse = command.inverse
    if bool(inverse.command) == bool(inverse.why_not):
        yield f"{command.name} has either an inverse or a reason why it has none"
    if inverse.command and inverse.command not in of.by_command:
        yield f"{command.name} is reversed by {inverse.command}, which is no command"
    for name in inverse.remembered:
        if name not in of.by_name or of.by_name[name].secret:
            yield f"the inverse of {command.name} names {name}, which is no field, or a secret one"


def _of_sync(of: TaskType, command: Command) -> Iterator[str]:
    served = command.served_by
    if served is None:
        return
    if served.sync not in of.syncs:
        yield f"{command.name} is served by {served.sync}, which is no Sync command"
    for name in sorted((served.where | served.teams_fields) - set(of.by_name)):
        yield f"{command.name} is served where {name} is filled, which is no field"


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
