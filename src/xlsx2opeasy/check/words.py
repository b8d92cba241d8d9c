"""The words of the check: what is wrong with a value, and the likeliest remedy."""

from xlsx2opeasy.check.normal import CLEAR, items_of
from xlsx2opeasy.problems import MASK
from xlsx2opeasy.spec.catalogue import nearest
from xlsx2opeasy.spec.model import Field
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
            return f"{value} holds more than digits", f"please write digits only, such as {_example(field)}"
        case OneOf() as rule:
            return _of_enumeration(rule, value, text)
        case EmailStyle(minimum):
            return _of_email_style(value, text, minimum)
        case Between(low, high):
            return (
                f"{value} is not a whole number from {low} to {high}",
                f"please write a number such as {field.example}",
            )
        case Characters(allowed, names):
            return _of_characters(field, value, text, allowed, names)
        case MacAddress(limit):
            return (
                f"{value} is no MAC address of at most {limit} characters",
                "please write 12 hexadecimal digits, such as 00085D123456",
            )
        case NumberOrRange() as rule:
            return f"{value} is neither a phone number nor a range", f"please write {rule.words}"
        case MaxItems(limit):
            return f"{value} lists {len(items_of(text))} items, at most {limit} are allowed", "take some out"
        case _:
            return f"{value} is neither true nor false", "please write TRUE or FALSE"


def _example(field: Field) -> str:
    return "123456" if field.secret else field.example


def _of_enumeration(rule: OneOf, value: str, text: str) -> tuple[str, str]:
    if rule.open:
        named = " nor ".join(rule.values)
        return (
            f"{value} is neither {named}, and is sent as it is",
            f"if that is a slip, please write {rule.words}",
        )
    wrong = next((item for item in items_of(text) if item not in rule.values), text)
    suggestion = nearest(wrong, rule.values)
    said = f'"{wrong}"' if wrong != text else value
    listed = " or ".join(rule.values)
    hint = f"did you mean {suggestion}?" if suggestion else f"please write {listed}"
    return (
        f"{said} is not one of {', '.join(rule.values)}",
        f"{hint}, please write {listed}" if suggestion else hint,
    )


def _of_email_style(value: str, text: str, minimum: int) -> tuple[str, str]:
    address, at, domain = text.partition("@")
    if not at or not domain:
        return f"{value} is not of the form address@domain", "please write it such as john.doe@example.com"
    if len(address) < minimum:
        return (
            f"{value} has only {len(address)} before the @, at least {minimum} characters are needed",
            "use a longer address",
        )
    return f"{value} is not of the form address@domain", "please write one @, and no spaces"


def _of_characters(field: Field, value: str, text: str, allowed: str, names: str) -> tuple[str, str]:
    wrong = "" if field.secret else " ".join(dict.fromkeys(each for each in text if each not in allowed))
    message = f"{value} holds {wrong}" if wrong else f"{value} holds a character"
    return f"{message} which is not allowed here", f"please use only {names}"
