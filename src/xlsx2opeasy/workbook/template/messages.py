"""The words that Excel shows beside a chosen cell, and when a value breaks a rule, within Excel's limits."""

from xlsx2opeasy.spec.model import Field, TaskType
from xlsx2opeasy.spec.words import needs_in_words, rule_words, users_in_words

MOST_TITLE, MOST_MESSAGE = 32, 255
"""Excel's limits for a message's title and text (ECMA-376 Part 1, 18.18, ST_Xstring of dataValidation)."""


def title_of(header: str) -> str:
    """The header, or as much of its end as the title holds (`sasDefaultGatewayPort`)."""
    while len(header) > MOST_TITLE and "." in header:
        header = header.partition(".")[2]
    return header if len(header) <= MOST_TITLE else f"{header[: MOST_TITLE - 1]}…"


def message_of(task_type: TaskType, field: Field, commands: tuple[str, ...]) -> str:
    """What the field is, its rule, an example, and the commands that need and use it.

    Where that is too long the description is cut, as the rest is what the cell is filled in by.
    """
    rule = _sentence("Rule", rule_words(field))
    needed = _sentence("Needed by", needs_in_words(task_type, field, commands))
    example = _sentence("Example", field.example)
    used = _sentence("Used by", users_in_words(field, commands))
    lines = [line for line in (rule, example, needed, used) if line]
    if len("\n".join(lines)) > MOST_MESSAGE - 40:
        lines.remove(used)
    room = MOST_MESSAGE - len("\n".join(lines)) - 1
    return "\n".join([_cut(field.description, room), *lines])


def refusal_of(field: Field) -> str:
    """What Excel says when a value breaks the field's rule and the person may keep it all the same."""
    return _cut(f"Allowed: {rule_words(field)}. Example: {field.example}", MOST_MESSAGE)


def _sentence(label: str, words: str) -> str:
    return f"{label}: {words}" if words else ""


def _cut(text: str, most: int) -> str:
    """The text, else its first clause, else as many words of it as there is room for."""
    if len(text) <= most:
        return text
    clause = text.partition(";")[0]
    return f"{clause}." if len(clause) < most else f"{text[: most - 1].rpartition(' ')[0]}…"
