"""Which sentence of the registry says what is wrong with a value, and what fills its places."""

from dataclasses import dataclass, field

from xlsx2opeasy.check.commands import Code, RowFinding
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
class Wording:
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


def wording_of_broken_rule(of: Field, code: str, text: str, command: str) -> Wording:
    """For a value that breaks the field's rule with this code."""
    value = quoted(shown(of, text))
    match of.rule(code):
        case MaxLength(limit):
            return Wording({"value": value, "length": len(text), "limit": limit})
        case Digits(advised):
            return Wording({"value": value, "example": "123456" if of.secret else of.example}, softer=advised)
        case OneOf() as rule:
            return _enumeration_wording(rule, value, text)
        case EmailStyle() as rule:
            return _email_style_wording(rule, value, text, command)
        case Between(low, high):
            return Wording({"value": value, "low": low, "high": high, "example": of.example})
        case Characters() as rule:
            others = dict.fromkeys(each for each in text if each not in rule.allowed)
            wrong = "a character" if of.secret else " ".join(others)
            places: Places = {"value": value, "wrong": wrong, "names": rule.names}
            return Wording(places, softer=rule.advised)
        case MacAddress(limit):
            _, near = mac_meant(text)
            return Wording({"value": value, "limit": limit, "near": near}, "long_near" if near else "")
        case NumberOrRange() as rule:
            return Wording(
                {"value": value, "words": rule.words}, "disordered" if rule.separator in text else ""
            )
        case MaxItems(limit):
            return Wording({"value": value, "length": len(items_of(text)), "limit": limit})
        case _:
            assert code in (BOOLEAN, EMPTY_LIST), code
            return Wording({"value": value})


def wording_of_unknown_command(of: TaskType, text: str) -> Wording:
    """For a row whose command the sheet does not have, or that has none."""
    *others, last = of.command_names
    commands = f"{', '.join(others)} or {last}" if others else last
    if not text:
        return Wording({"commands": commands}, "missing")
    near = nearest(text, of.command_names)
    places: Places = {"value": text, "of": of.name, "commands": commands, "near": near}
    return Wording(places, "near" if near else "")


def wording_of_finding(
    of: TaskType, finding: RowFinding, command: str, text: str, *, present: bool, left_out: bool
) -> Wording:
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
                return Wording(places, "left_out")
            doubtful = command in about.doubtful
            return Wording(places, "doubtful" if doubtful else "", doubtful)
        case Code.REQUIRED:
            where = "" if present else f"; add a column {name}"
            what = finding.words or "this field filled"
            return Wording(
                {"command": command, "what": what, "name": name, "example": about.example, "where": where}
            )
        case Code.NO_GROUP:
            return Wording({"command": command, "other": finding.words, "name": name})
        case Code.NOTHING:
            return Wording({"command": command})
        case Code.CLEARED:
            return Wording(variant="whole_list" if about.kind is Kind.TEXTS else "")
        case Code.KEYWORD:
            return Wording({"value": value, "words": finding.words})
        case Code.TOO_MANY:
            return Wording({"value": value, "words": finding.words}, "one_a_column")
        case _:
            return _typed_wording(finding, value, text)


def _typed_wording(finding: RowFinding, value: str, text: str) -> Wording:
    match finding.code:
        case Code.TWO_NUMBERS:
            return _two_numbers_wording(finding.field, value, text)
        case Code.LONG_NUMBER:
            digits = max(sum(each.isdigit() for each in end) for end in text.split(NumberOrRange.separator))
            return Wording({"value": value, "length": digits}, softer=not takes_ranges(finding.field))
        case Code.MAC:
            variant, near = mac_meant(text)
            bare = sum(each not in MacAddress.separators for each in text)
            return Wording({"value": value, "near": near, "length": bare}, variant, softer=True)
        case Code.NO_NUMBER:
            return Wording({"name": finding.name, "number": finding.field.number_field})
        case _:
            return Wording({"value": value})


def _two_numbers_wording(of: Field, value: str, text: str) -> Wording:
    found = two_numbers(text)
    if not takes_ranges(of):
        return Wording({"value": value}, "one_only")
    if found is None or not found.is_range:
        return Wording({"value": value}, "several")
    return Wording({"value": value, "near": found.as_range})


def _enumeration_wording(rule: OneOf, value: str, text: str) -> Wording:
    if rule.open:
        return Wording(
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
    return Wording(places, "near" if near else "")


def _email_style_wording(rule: EmailStyle, value: str, text: str, command: str) -> Wording:
    address, at, domain = text.partition("@")
    places: Places = {"value": value, "length": len(address), "limit": rule.min_address}
    if not at or not domain or not address:
        return Wording(places)
    if "@" in domain or any(each.isspace() for each in text):
        return Wording(places, "spaces")
    existing = command in rule.existing
    return Wording(places, "existing" if existing else "short", softer=existing)
