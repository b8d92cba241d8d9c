"""Builders for writing the Appendix down, one line a field."""

from xlsx2opeasy.spec.effects import NO_INVERSE, Effect, Inverse, ServedBy
from xlsx2opeasy.spec.model import Command, Content, Field, Kind, Required, Subject
from xlsx2opeasy.spec.rules import Rule

NO_FORMER_VALUE = Inverse(
    why_not="the task says what was set, not what was there before: set the former values by hand,"
    " if you know them"
)
"""The inverse of commands that overwrite values."""


def command(
    name: str,
    description: str,
    *effects: Effect,
    inverse: Inverse = NO_INVERSE,
    served_by: ServedBy | None = None,
) -> Command:
    """A command with what it does beyond its own row, and what reverses it."""
    return Command(name, description, frozenset(effects), inverse, served_by)


def required(
    *commands: str, unless: str | None = None, value: str | None = None, advised: bool = False
) -> Required:
    """The field is needed by `commands`, unless the field `unless` is filled (with `value`, if given)."""
    return Required(frozenset(commands), unless, value, advised)


def text(
    name: str,
    description: str,
    commands: frozenset[str],
    *rules: Rule,
    required: tuple[Required, ...] = (),
    wire: str = "",
    aliases: tuple[str, ...] = (),
    secret: bool = False,
    content: Content = Content.WORDS,
    subject: Subject | None = None,
    example: str = "",
) -> Field:
    """A String of the Appendix."""
    return Field(
        name,
        Kind.TEXT,
        description,
        commands,
        rules,
        required,
        example,
        wire,
        aliases,
        secret,
        content,
        subject,
    )


def texts(
    name: str,
    description: str,
    commands: frozenset[str],
    *rules: Rule,
    content: Content = Content.WORDS,
    example: str = "",
) -> Field:
    """A JSON List of Strings: the Appendix's row for the list and, with `[0]`, the one for its items."""
    return Field(name, Kind.TEXTS, description, commands, rules, example=example, content=content)


def boolean(
    name: str,
    description: str,
    commands: frozenset[str],
    *,
    wire: str = "",
    aliases: tuple[str, ...] = (),
    number_field: str = "",
) -> Field:
    """A Boolean of the Appendix; `number_field` is the phone number that it switches on."""
    return Field(
        name,
        Kind.BOOLEAN,
        description,
        commands,
        example="TRUE",
        wire=wire,
        aliases=aliases,
        number_field=number_field,
    )


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
