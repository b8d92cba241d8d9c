"""What is known of one rule: the shape of the registry's entries."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final


class Severity(StrEnum):
    """An error stops the row; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


READING_THE_FILE: Final = "reading the file"
"""The origin of rules that no specification has: what a workbook's cells can and cannot say."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A message and the remedy that follows it, with `{places}` to fill."""

    message: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule.

    `says` is the rule in a line, `origin` the paragraph of the specification, the reading of it with its text,
    or `READING_THE_FILE`; `why` is the reason for the severity. `softer` says in which cases an error is only
    a warning. `allowed` says whether `--allow` may make its errors warnings. `sentences` are the messages by
    variant, the usual one under "".
    """

    code: str
    says: str
    severity: Severity
    origin: str
    why: str
    allowed: bool
    softer: str = ""
    sentences: dict[str, Sentence] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The usual message."""
        return self.sentences[""].message

    def permits(self, severity: Severity) -> bool:
        """Whether a problem of this rule may have this severity before anything is allowed."""
        return severity is self.severity or (severity is Severity.WARNING and bool(self.softer))

    def filled(self, variant: str, places: Mapping[str, object]) -> Sentence:
        """A variant's message and remedy with its places filled. Raises KeyError where one is missing."""
        sentence = self.sentences[variant]
        return Sentence(sentence.message.format_map(places), sentence.remedy.format_map(places))


def error(
    code: str,
    says: str,
    origin: str,
    why: str,
    *,
    allowed: bool = False,
    softer: str = "",
    **sentences: tuple[str, str] | str,
) -> Entry:
    """A rule whose problems are errors; `sentences` by variant, the usual one as `usual`."""
    return Entry(code, says, Severity.ERROR, origin, why, allowed, softer, _sentences(sentences))


def warning(code: str, says: str, origin: str, why: str, **sentences: tuple[str, str] | str) -> Entry:
    """A rule whose problems are warnings, which nothing need allow."""
    return Entry(code, says, Severity.WARNING, origin, why, True, "", _sentences(sentences))


def _sentences(given: dict[str, tuple[str, str] | str]) -> dict[str, Sentence]:
    return {
        "" if variant == "usual" else variant: Sentence(*((text,) if isinstance(text, str) else text))
        for variant, text in given.items()
    }
