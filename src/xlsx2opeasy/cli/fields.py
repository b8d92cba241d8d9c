"""`xlsx2opeasy fields`: the field reference on the screen. Reads the catalogue and imports nothing else."""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

import click

from xlsx2opeasy.cli.options import JSON
from xlsx2opeasy.cli.output import counted, say, say_json
from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.spec.catalogue import TASK_TYPES, nearest, task_type_of_sheet
from xlsx2opeasy.spec.model import Field, TaskType, folded
from xlsx2opeasy.spec.rules import OneOf
from xlsx2opeasy.spec.words import needs_in_words, rule_words, users_in_words, using

DETAILED = 3
"""Up to so many fields are shown in full; more of them one a line."""

_LABEL = 11
_RULE_WIDTH = 60


class Entry(NamedTuple):
    """A field and the task type whose sheet it is in."""

    task_type: TaskType
    field: Field


@click.command(name="fields")
@click.argument("name", required=False)
@JSON
def command(name: str | None, *, as_json: bool) -> None:
    """Explain the fields of the workbook: rules, examples, which commands use and need them.

    NAME is a field, a part of one, a task type or a command; without it, all fields are listed.

    \b
    Examples:
      xlsx2opeasy fields user.extension
      xlsx2opeasy fields mac
      xlsx2opeasy fields AddUserDevice
    """
    found = entries(name)
    if not found:
        raise UsageError(f'no field has "{name}" in its name, and no command is called so', _hint(name or ""))
    if as_json:
        say_json({"fields": [_document(entry) for entry in found]})
    if not as_json:
        for line in _details(found) if len(found) <= DETAILED else _list(found, name or ""):
            say(line)


def entries(name: str | None) -> list[Entry]:
    """The fields that `name` names: itself, else a sheet's or a command's, else those it is a part of."""
    every = [Entry(task_type, field) for task_type in TASK_TYPES for field in task_type.fields]
    if name is None:
        return every
    wanted = folded(name)
    exact = [entry for entry in every if _is_header(entry, name)]
    sheet = task_type_of_sheet(name)
    of_sheet = [entry for entry in every if entry.task_type is sheet]
    of_command = [entry for entry in every if wanted in map(folded, entry.field.commands)]
    parts = [entry for entry in every if any(wanted in folded(each) for each in _headers(entry.field))]
    return exact or of_sheet or of_command or parts


def _is_header(entry: Entry, name: str) -> bool:
    column = entry.task_type.column(name)
    found = column is not None and column.field is entry.field
    return found or folded(name) in map(folded, _headers(entry.field))


def _headers(field: Field) -> tuple[str, ...]:
    return (field.name, *field.aliases)


def _hint(name: str) -> str:
    names = [field.name for task_type in TASK_TYPES for field in task_type.fields]
    commands = [each for task_type in TASK_TYPES for each in (task_type.name, *task_type.command_names)]
    near = nearest(name, [*names, *(each.rpartition(".")[2] for each in names), *commands])
    return f"did you mean {near}?" if near else "all of them: xlsx2opeasy fields"


def _details(found: Sequence[Entry]) -> Iterator[str]:
    for number, entry in enumerate(found):
        if number:
            yield ""
        task_type, field = entry
        yield f"{field.name}  ({task_type.name}, Appendix {task_type.appendix})"
        yield f"  {field.description}"
        for label, words in _facts(entry):
            if words:
                yield f"  {label:<{_LABEL}}{words}"


def _facts(entry: Entry) -> Iterator[tuple[str, str]]:
    task_type, field = entry
    yield "Kind", field.kind.value
    yield "Rule", rule_words(field)
    yield "Example", field.example
    yield "Used by", users_in_words(field, task_type.command_names)
    yield "Needed by", needs_in_words(task_type, field, task_type.command_names)
    yield "Sent as", field.wire_name if field.wire_name != field.name else ""
    yield "Also", ", ".join(field.aliases)
    yield "Secret", "yes: masked wherever it would show" if field.secret else ""


def _list(found: Sequence[Entry], name: str) -> Iterator[str]:
    """One field a line; where `name` is a command, those that it needs are marked."""
    needs = {entry.field.name: _need(entry, name) for entry in found}
    width = max(len(entry.field.name) for entry in found)
    for task_type, group in groupby(found, key=lambda entry: entry.task_type):
        yield f"{task_type.name} (Appendix {task_type.appendix}): {task_type.description}"
        for entry in group:
            mark = needs[entry.field.name] or " "
            yield f"{mark} {entry.field.name:<{width}}  {_short_rule(entry.field)}".rstrip()
        yield ""
    marks = {mark for mark in needs.values() if mark}
    yield from (f"{mark} {words}" for mark, words in _MARKS.items() if mark in marks)
    yield f"{counted(len(found), 'field')}; one in full: xlsx2opeasy fields {found[0].field.name}"


_MARKS = {"*": "needed by this command", "+": "needed, unless another field is filled: see it in full"}


def _need(entry: Entry, command_name: str) -> str:
    """The mark of a field that the command of this name needs, always or in part."""
    needs = [each for each in _required(*entry) if folded(str(each["command"])) == folded(command_name)]
    if not needs:
        return ""
    always = any(each["unless"] is None and not each["oneOf"] for each in needs)
    return "*" if always else "+"


def _short_rule(field: Field) -> str:
    words = rule_words(field) or "text"
    return words if len(words) <= _RULE_WIDTH else f"{words[:_RULE_WIDTH].rpartition(' ')[0]} ..."


def _document(entry: Entry) -> dict[str, object]:
    task_type, field = entry
    return {
        "name": field.name,
        "taskType": task_type.name,
        "appendix": task_type.appendix,
        "kind": field.kind.value,
        "description": field.description,
        "commands": list(using(task_type, field)),
        "requiredBy": _required(task_type, field),
        "rules": [{"code": rule.code, "words": rule.words} for rule in field.rules],
        "values": [value for rule in field.rules if isinstance(rule, OneOf) for value in rule.values],
        "example": field.example,
        "wireName": field.wire_name,
        "aliases": list(field.aliases),
        "secret": field.secret,
    }


def _required(task_type: TaskType, field: Field) -> list[dict[str, object]]:
    """Who needs the field: always, `unless` another is filled (with `value`), or as one `oneOf` several."""
    single: list[dict[str, object]] = [
        {"command": name, "unless": required.unless, "value": required.value, "oneOf": []}
        for required in field.required
        for name in task_type.command_names
        if name in required.commands
    ]
    shared: list[dict[str, object]] = [
        {"command": name, "unless": None, "value": None, "oneOf": list(rule.fields)}
        for rule in task_type.at_least_one
        if field.name in rule.fields and len(rule.fields) > 1
        for name in task_type.command_names
        if name in rule.commands
    ]
    return [*single, *shared]
