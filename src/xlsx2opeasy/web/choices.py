"""What a person chose for a load on its plan: rows left out, a canary, a budget of failures, a question."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.load.plan.staging import Staging, StopAfter

_MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class Choices:
    """`asks`: after a canary a person says whether the other rows follow."""

    skip_invalid: bool = False
    staging: Staging = field(default_factory=Staging)
    asks: bool = False

    @classmethod
    def of(cls, fields: Mapping[str, str]) -> Self:
        """Those of a form's fields, or of an address. Raises UsageError for a number that is none."""
        canary, stop_after = (fields.get(name, "").strip() for name in ("canary", "stop_after"))
        staging = Staging(_rows(canary), StopAfter.parse(stop_after) if stop_after else None)
        asks = fields.get("ask") == "1"
        if asks and staging.canary is None:
            raise UsageError(
                "there is nothing to ask after: no rows run first",
                "say how many rows of each command run first",
            )
        return cls(fields.get("skip") == "1", staging, asks)

    @property
    def fields(self) -> dict[str, str]:
        """The fields that say the same; those of what was not chosen are missing."""
        canary, stop_after = self.staging.canary, self.staging.stop_after
        every = {
            "skip": "1" if self.skip_invalid else "",
            "canary": "" if canary is None else str(canary),
            "stop_after": "" if stop_after is None else str(stop_after),
            "ask": "1" if self.asks else "",
        }
        return {name: text for name, text in every.items() if text}


def _rows(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS and int(text)):
        raise UsageError(
            f"{text!r} is no number of rows that run first", "give a whole number from 1 on, such as 10"
        )
    return int(text)
