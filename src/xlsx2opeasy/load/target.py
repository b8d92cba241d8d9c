"""Where a workbook is to be loaded."""

from collections.abc import Callable
from dataclasses import dataclass, field

from xlsx2opeasy.http.names import canonical_enterprise, canonical_origin
from xlsx2opeasy.secret import Secret

REHEARSAL_ORIGIN = "rehearsal"


def no_key() -> Secret | None:
    """For where no API key is at hand."""
    return None


@dataclass(frozen=True)
class Target:
    """Server and enterprise in their one spelling. A rehearsal's address varies, so its origin is a word.

    `find_key` finds the enterprise's API key where it is at hand, else None: fingerprints of tasks with
    secrets are keyed with one that is derived from it.
    """

    origin: str
    enterprise_id: str
    rehearsal: bool = False
    find_key: Callable[[], Secret | None] = field(default=no_key, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "enterprise_id", canonical_enterprise(self.enterprise_id))
        if "://" in self.origin:
            object.__setattr__(self, "origin", canonical_origin(self.origin))
