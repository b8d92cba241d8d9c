"""Which sentence of the registry says what is wrong with a value, and what fills its places."""

from dataclasses import dataclass, field

from xlsx2opeasy.check.commands import Code, Finding
from xlsx2opeasy.check.normal import CLEAR, items_of
from xlsx2opeasy.check.numbers import two_numbers
from xlsx2opeasy.check.schema import BOOLEAN, EMPTY_LIST
from xlsx2opeasy.check.typed import mac_meant, takes_ranges
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

Places = dict[str, object]


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of a rule: its `variant`, what fills its places, and whether it is only a warning."""

    places: Places = field(default_factory=dict)
    variant: str = ""
    softer: bool = False


def shown(of: Field, text: str) -> str:
    """The value as a person may see it: masked where the field is secret, cut where it is very long."""
    if of.secret:
        return MASK
    return text if len(text) <= 80 else f"{text[:77]}..."


def quoted(value: str) -> str:
    """The value in quotes, for a message; the two quotes that clear a field are their own."""
    return value if value == CLEAR else f'"{value}"'


def of_broken_rule(of: Field, code: str, text: str, command: str) -> Said:
    """For a value that breaks the field's rule with this code."""
    value = quoted(shown(of, text))
    match of.rule(code):
        case MaxLength(limit):
            return Said({"value": value, "length": len(text), "limit": limit})
        case Digits(advised):
            return Said({"value": value, "example": "123456" if of.secret else of.example}, softer=advised)
        case OneOf() as rule:
            return _of_enumeration(rule, value, text)
        case EmailStyle() as rule:
            return _of_email_style(rule, value, text, command)
        case Between(low, high):
            return Said({"value": value, "low": low, "high": high, "example": of.example})
        case Characters() as rule:
            others = dict.fromkeys(each for each in text if each not in rule.allowed)
            wrong = "a character" if of.secret else " ".join(others)
            places: Places = {"value": value, "wrong": wrong, "names": rule.names}
            return Said(places, softer=rule.advised)
        case MacAddress(limit):
            _, near = mac_meant(text)
            return Said({"value": value, "limit": limit, "near": near}, "long_near" if near else "")
        case NumberOrRange() as rule:
            return Said({"value": value, "words": rule.words}, "disordered" if rule.separator in text else "")
        case MaxItems(limit):
            return Said({"value": value, "length": len(items_of(text)), "limit": limit})
        case _:
            assert code in (BOOLEAN, EMPTY_LIST), code
            return Said({"value": value})


def of_unknown_command(of: TaskType, text: str) -> Said:
    """For a row whose command the sheet does not have, or that has none."""
    *others, last = of.command_names
    commands = f"{', '.join(others)} or {last}" if others else last
    if not text:
        return Said({"commands": commands}, "missing")
    near = nearest(text, of.command_names)
    places: Places = {"value": text, "of": of.name, "commands": commands, "near": near}
    return Said(places, "near" if near else "")


def of_finding(
    of: TaskType, finding: Finding, command: str, text: str, *, present: bool, left_out: bool
) -> Said:
    """For what a row's command asks of it, and what people type; `present`: the sheet has the column.

    `left_out` says that cells that are not used are not sent.
    """
    about, name = finding.field, finding.name
    value = quoted(shown(about, text))
    match finding.code:
        case Code.UNUSED:
            using = ", ".join(each for each in of.command_names if each in about.commands)
            places: Places = {"value": value, "command": command, "using": using}
            if left_out:
                return Said(places, "left_out")
            doubtful = command in about.doubtful
            return Said(places, "doubtful" if doubtful else "", doubtful)
        case Code.REQUIRED:
            where = "" if present else f"; add a column {name}"
            what = finding.words or "this field filled"
            return Said(
                {"command": command, "what": what, "name": name, "example": about.example, "where": where}
            )
        case Code.NO_GROUP:
            return Said({"command": command, "other": finding.words, "name": name})
        case Code.NOTHING:
            return Said({"command": command})
        case Code.CLEARED:
            return Said(variant="whole_list" if about.kind is Kind.TEXTS else "")
        case Code.TWICE:
            return Said()
        case Code.KEYWORD:
            return Said({"value": value, "words": finding.words})
        case Code.TOO_MANY:
            return Said({"value": value, "words": finding.words}, "one_a_column")
        case _:
            return _of_typed(finding, value, text)


def _of_typed(finding: Finding, value: str, text: str) -> Said:
    match finding.code:
        case Code.TWO_NUMBERS:
            return _of_two_numbers(finding.field, value, text)
        case Code.LONG_NUMBER:
            digits = max(sum(each.isdigit() for each in end) for end in text.split(NumberOrRange.separator))
            return Said({"value": value, "length": digits}, softer=not takes_ranges(finding.field))
        case Code.MAC:
            variant, near = mac_meant(text)
            bare = sum(each not in MacAddress.separators for each in text)
            return Said({"value": value, "near": near, "length": bare}, variant, softer=True)
        case Code.NO_NUMBER:
            return Said({"name": finding.name, "number": finding.field.number_field})
        case _:
            return Said({"value": value})


def _of_two_numbers(of: Field, value: str, text: str) -> Said:
    found = two_numbers(text)
    if not takes_ranges(of):
        return Said({"value": value}, "one_only")
    if found is None or not found.is_range:
        return Said({"value": value}, "several")
    return Said({"value": value, "near": found.as_range})


def _of_enumeration(rule: OneOf, value: str, text: str) -> Said:
    if rule.open:
        return Said(
            {"value": value, "values": " nor ".join(rule.values), "choice": rule.words}, "open", softer=True
        )
    wrong = next((item for item in items_of(text) if item not in rule.values), text)
    near = nearest(wrong, rule.values)
    places: Places = {
        "value": f'"{wrong}"' if wrong != text else value,
        "values": ", ".join(rule.values),
        "choice": " or ".join(rule.values),
        "near": near,
    }
    return Said(places, "near" if near else "")


def _of_email_style(rule: EmailStyle, value: str, text: str, command: str) -> Said:
    address, at, domain = text.partition("@")
    places: Places = {"value": value, "length": len(address), "limit": rule.min_address}
    if not at or not domain or not address:
        return Said(places)
    if "@" in domain or any(each.isspace() for each in text):
        return Said(places, "spaces")
    existing = command in rule.existing
    return Said(places, "existing" if existing else "short", softer=existing)
