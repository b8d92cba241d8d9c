"""The words of the check: what is wrong with a value, and the likeliest remedy."""

from xlsx2opeasy.check.commands import Code, Finding
from xlsx2opeasy.check.normal import CLEAR, items_of
from xlsx2opeasy.check.schema import EMPTY_LIST
from xlsx2opeasy.problems import MASK
from xlsx2opeasy.spec.catalogue import nearest
from xlsx2opeasy.spec.model import Field, Kind, TaskType
from xlsx2opeasy.spec.rules import (
    Between,
    Characters,
    Digits,
    EmailStyle,
    MacAddress,
    MaxItems,
    MaxLength,
    NumberOrRange,
    OneOf,
)


def shown(field: Field, text: str) -> str:
    """The value as a person may see it: masked where the field is secret, cut where it is very long."""
    if field.secret:
        return MASK
    return text if len(text) <= 80 else f"{text[:77]}..."


def quoted(value: str) -> str:
    """The value in quotes, for a message; the two quotes that clear a field are their own."""
    return value if value == CLEAR else f'"{value}"'


def of_broken_rule(field: Field, code: str, text: str) -> tuple[str, str]:
    """Message and hint for a value that breaks the field's rule with this code."""
    value = quoted(shown(field, text))
    match field.rule(code):
        case MaxLength(limit):
            return f"{value} has {len(text)} characters, at most {limit} are allowed", "shorten it"
        case Digits():
            return f"{value} holds more than digits", f"write digits only, such as {_example(field)}"
        case OneOf() as rule:
            return _of_enumeration(rule, value, text)
        case EmailStyle(minimum):
            return _of_email_style(value, text, minimum)
        case Between(low, high):
            return (
                f"{value} is not a whole number from {low} to {high}",
                f"write a number such as {field.example}",
            )
        case Characters(allowed, names):
            return _of_characters(field, value, text, allowed, names)
        case MacAddress(limit):
            return (
                f"{value} is no MAC address of at most {limit} characters",
                "write 12 hexadecimal digits, such as 00085D123456",
            )
        case NumberOrRange() as rule:
            wrong = "is a range whose end is before its start, or of another length"
            problem = wrong if rule.separator in text else "is neither a phone number nor a range"
            return f"{value} {problem}", f"write {rule.words}"
        case MaxItems(limit):
            return f"{value} lists {len(items_of(text))} items, at most {limit} are allowed", "take some out"
        case _:
            return _of_kind(code, value)


def _of_kind(code: str, value: str) -> tuple[str, str]:
    """For the rules that a field's kind sets by itself."""
    if code == EMPTY_LIST:
        return f"{value} holds no item", f"write items separated by ;, or {CLEAR} to clear the list"
    return f"{value} is neither true nor false", "write TRUE or FALSE"


def of_unknown_command(of: TaskType, text: str) -> tuple[str, str]:
    """Message and hint for a row whose command the sheet does not have, or that has none."""
    *others, last = of.command_names
    suggestion = nearest(text, of.command_names) if text else None
    message = f'"{text}" is no command of {of.name}' if text else "the command is missing"
    listed = f"{', '.join(others)} or {last}" if others else last
    return message, f"did you mean {suggestion}?" if suggestion else f"write {listed}"


def of_finding(of: TaskType, finding: Finding, command: str, value: str, *, present: bool) -> tuple[str, str]:
    """Message and hint for what a command asks of a row; `present`: whether the sheet has the column."""
    field, name, value = finding.field, finding.name, quoted(value)
    match finding.code:
        case Code.UNUSED:
            using = ", ".join(each for each in of.command_names if each in field.commands)
            problem = f"{value} stands in a field that {command} does not use"
            return problem, f"empty the cell; it is used by {using}"
        case Code.REQUIRED if finding.words and present and name == "userId":
            return f"{command} needs {finding.words}", "fill in the setting that is to change"
        case Code.REQUIRED:
            where = "" if present else f"; add a column {name}"
            problem = f"{command} needs {finding.words or 'this field filled'}"
            return problem, f"fill in {name}, such as {field.example}{where}"
        case Code.CLEARED if field.kind is Kind.TEXTS:
            return (
                f"{CLEAR} clears the whole list, and another item of it is filled",
                "fill only one of them",
            )
        case Code.CLEARED:
            return (
                f"{CLEAR} asks for an empty value, but this field cannot be cleared",
                "write a value",
            )
        case Code.TWICE:
            return "the list stands both in one cell and one item a column", "fill only one of the two"
        case Code.KEYWORD:
            return f"{value} is not allowed here: {finding.words}", "write the ID of a group"
        case Code.TOO_MANY:
            return f"{value} is one item too many: {finding.words}", "empty the cell"


def _example(field: Field) -> str:
    return "123456" if field.secret else field.example


def _of_enumeration(rule: OneOf, value: str, text: str) -> tuple[str, str]:
    if rule.open:
        named = " nor ".join(rule.values)
        return (
            f"{value} is neither {named}, and is sent as it is",
            f"if that is a slip, write {rule.words}",
        )
    wrong = next((item for item in items_of(text) if item not in rule.values), text)
    suggestion = nearest(wrong, rule.values)
    said = f'"{wrong}"' if wrong != text else value
    hint = f"write {' or '.join(rule.values)}"
    if suggestion:
        hint += f" - did you mean {suggestion}?"
    return f"{said} is not one of {', '.join(rule.values)}", hint


def _of_email_style(value: str, text: str, minimum: int) -> tuple[str, str]:
    address, at, domain = text.partition("@")
    if not at or not domain:
        return f"{value} is not of the form address@domain", "write it such as john.doe@example.com"
    if len(address) < minimum:
        return (
            f"{value} has only {len(address)} before the @, at least {minimum} characters are needed",
            "use a longer address",
        )
    return f"{value} is not of the form address@domain", "write one @, and no spaces"


def _of_characters(field: Field, value: str, text: str, allowed: str, names: str) -> tuple[str, str]:
    wrong = "" if field.secret else " ".join(dict.fromkeys(each for each in text if each not in allowed))
    message = f"{value} holds {wrong}" if wrong else f"{value} holds a character"
    return f"{message} which is not allowed here", f"use only {names}"
