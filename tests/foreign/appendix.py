"""The "basic validation" of tasks: an own judge of one task, from the table of Appendix I-V's rows.

The table is `tests/spec/appendix.tsv`, transcribed from the specification. Where tables and examples of the
Appendix disagree on a name, the examples' is taken: that is what a client sends.
"""

import csv
import re
from functools import cache
from pathlib import Path
from typing import Any

TABLE = Path(__file__).parent.parent / "spec" / "appendix.tsv"

TASK_TYPES = {
    "I": "Users",
    "II": "CallCenterAgent",
    "III": "CallRecording",
    "IV": "CallForwarding",
    "V": "PhoneNumbers",
}
PROCESSING_ORDER = ("Users", "CallCenterAgent", "CallForwarding", "CallRecording", "PhoneNumbers")

WITHOUT_FIELDS = {"SyncAddedModifiedTeamsUsers", "SyncDeletedTeamsUsers"}
SECRETS = {
    "userPassword",
    "voicePortalPasscode",
    "mailServerPassword",
    "commBarringAuthCode",
    "sipAuthPassword",
    "pingUserPassword",
    "accessPassword",
    "registrationCode",
}
_AS_IN_THE_EXAMPLES = {
    "device.eriRecordName": "device.erlRecordName",
    "callCenterInfo[0].CallCenterId": "callCenterInfo[0].callCenterId",
    "Activated": "activated",
}
_ALSO_IN_THE_EXAMPLES = {("device", "AddUser"), ("device.physicalLocation", "AddUser")}
_SUBJECTS = {
    "CallCenterAgent": ("agentId", "callCenterInfo"),
    "CallRecording": ("userId", "callRecording"),
    "CallForwarding": ("userId", "callforwarding"),
    "PhoneNumbers": ("phoneNumbers", "phoneNumbers.phoneNumbers"),
}
_PYTHON_TYPES: dict[str, type] = {
    "String": str,
    "Boolean": bool,
    "Integer": int,
    "JSON Object": dict,
    "JSON List": list,
}

Row = dict[str, str]


@cache
def rows() -> dict[tuple[str, str], Row]:
    """Each row of the table by its task type and its path in a task's content."""
    found: dict[tuple[str, str], Row] = {}
    with TABLE.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            task_type, path = TASK_TYPES[row["appendix"]], row["field"]
            path = _AS_IN_THE_EXAMPLES.get(path, path)
            found[task_type, f"phoneNumbers.{path}" if task_type == "PhoneNumbers" else path] = row
    # The examples put the three fields of Appendix V inside this object, which the table leaves out.
    found["PhoneNumbers", "phoneNumbers"] = {"type": "JSON Object", "commands": "Modify;Assign;Unassign"}
    return found


@cache
def commands_of(task_type: str) -> frozenset[str]:
    """The commands that the rows of a task type name, and those that have no fields."""
    of_type = [row for (each, _), row in rows().items() if each == task_type]
    named = {name for row in of_type for name in row["commands"].split(";")}
    return frozenset(named | (WITHOUT_FIELDS if task_type == "Users" else set()))


def complaints(task_type: str, task: Any) -> list[str]:
    """What the specification does not allow in a task; empty where it is in order."""
    if not isinstance(task, dict) or set(task) != {"command", "content"}:
        return ["a task has a command and content, and nothing else"]
    command, content = task["command"], task["content"]
    if not isinstance(command, str) or command not in commands_of(task_type):
        return [f"{command!r} is no command of {task_type}"]
    if not isinstance(content, dict):
        return ["content must be a JSON object"]
    missing = [path for path in _subjects(task_type, command) if not _at(content, path)]
    return [f"{path} is missing" for path in missing] + _in_object(task_type, command, "", content)


def _subjects(task_type: str, command: str) -> tuple[str, ...]:
    if command in WITHOUT_FIELDS:
        return ()
    if task_type != "Users":
        return _SUBJECTS[task_type]
    return ("user.userId",) if "User" in command else ("device.name",)


def _at(content: Any, path: str) -> Any:
    for name in path.split("."):
        content = content.get(name) if isinstance(content, dict) else None
    return content


def _in_object(task_type: str, command: str, path: str, value: dict[str, Any]) -> list[str]:
    return [
        complaint
        for name, each in value.items()
        for complaint in _in_field(task_type, command, f"{path}.{name}" if path else name, each)
    ]


def _in_field(task_type: str, command: str, path: str, value: Any) -> list[str]:
    row = rows().get((task_type, path))
    if row is None:
        return [f"{path} is no field of {task_type}"]
    if command not in row["commands"].split(";") and (path, command) not in _ALSO_IN_THE_EXAMPLES:
        return [f"{path} is not used in {command}"]
    if type(value) is not _PYTHON_TYPES[row["type"]]:
        return [f"{path} must be a {row['type']}"]
    if isinstance(value, dict):
        return _in_object(task_type, command, path, value)
    if isinstance(value, list):
        return _in_list(task_type, command, path, row, value)
    return [f"{path} {complaint}" for complaint in _in_value(row, value)]


def _in_list(task_type: str, command: str, path: str, row: Row, items: list[Any]) -> list[str]:
    found = [f"{path} has too many items"] if row["max_items"] and len(items) > int(row["max_items"]) else []
    for item in items:
        if (task_type, f"{path}[0]") in rows():
            found += _in_field(task_type, command, f"{path}[0]", item)
        elif not isinstance(item, str):
            found.append(f"{path} must hold texts")
        else:
            found += [f"{path} {complaint}" for complaint in _in_value(row, item)]
    return found


def _in_value(row: Row, value: object) -> list[str]:
    """The limits of one value; an empty text clears a field and is let through."""
    if value == "" or isinstance(value, bool):
        return []
    if isinstance(value, int):
        low, _, high = row["integer_range"].partition("-")
        return ["is out of range"] if low and not int(low) <= value <= int(high) else []
    return [complaint for broken, complaint in _text_rules(row, str(value)) if broken]


def _text_rules(row: Row, value: str) -> list[tuple[bool, str]]:
    limit, values, form = row["max_length"], row["enumeration"].split("|"), row["format"]
    is_open = form == "E.g." or not row["enumeration"]
    return [
        (bool(limit) and len(value) > int(limit), f"is longer than {limit} characters"),
        (bool(row["digits_only"]) and not re.fullmatch("[0-9]+", value), "must be digits only"),
        (not is_open and value not in values, f"must be one of {', '.join(values)}"),
        (
            form.startswith("address@") and not re.fullmatch(r"[^@\s]{6,}@[^@\s]+", value),
            "must be address@domain with an address of at least 6 characters",
        ),
        (
            form.startswith("characters a-z") and not re.fullmatch(r"""[a-z0-9='_./"}-]+""", value),
            "has characters that are not valid",
        ),
        (
            form.startswith("characters A-Z") and not re.fullmatch("[A-Za-z0-9]+", value),
            "has characters that are not valid",
        ),
        (form.startswith("one number") and value.count(" - ") > 1, "must be one number or a range"),
    ]
