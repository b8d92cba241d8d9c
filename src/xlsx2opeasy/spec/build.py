"""Short words for writing the Appendix down, one line a field; only the task type files use them."""

from xlsx2opeasy.spec.model import Field, Kind, Required
from xlsx2opeasy.spec.rules import Rule


def required(*commands: str, unless: str | None = None, value: str | None = None) -> Required:
    """The field is needed by `commands`, unless the field `unless` is filled (with `value`, if given)."""
    return Required(frozenset(commands), unless, value)


def text(
    name: str,
    description: str,
    commands: frozenset[str],
    *rules: Rule,
    required: tuple[Required, ...] = (),
    wire: str = "",
    aliases: tuple[str, ...] = (),
    secret: bool = False,
    example: str = "",
) -> Field:
    """A String of the Appendix."""
    return Field(name, Kind.TEXT, description, commands, rules, required, example, wire, aliases, secret)


def texts(name: str, description: str, commands: frozenset[str], *rules: Rule, example: str = "") -> Field:
    """A JSON List of Strings: the Appendix's row for the list and, with `[0]`, the one for its items."""
    return Field(name, Kind.TEXTS, description, commands, rules, example=example)


def boolean(
    name: str, description: str, commands: frozenset[str], *, wire: str = "", aliases: tuple[str, ...] = ()
) -> Field:
    """A Boolean of the Appendix."""
    return Field(name, Kind.BOOLEAN, description, commands, example="TRUE", wire=wire, aliases=aliases)


def integer(
    name: str,
    description: str,
    commands: frozenset[str],
    rule: Rule,
    *,
    aliases: tuple[str, ...] = (),
    example: str,
) -> Field:
    """An Integer of the Appendix, with the range it may have."""
    return Field(name, Kind.INTEGER, description, commands, (rule,), example=example, aliases=aliases)
