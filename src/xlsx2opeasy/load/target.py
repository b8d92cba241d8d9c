"""Where a workbook is to be loaded."""

from dataclasses import dataclass

from xlsx2opeasy.http.names import canonical_enterprise, canonical_origin

REHEARSAL_ORIGIN = "rehearsal"


@dataclass(frozen=True)
class Target:
    """Server and enterprise in their one spelling. A rehearsal's address varies, so its origin is a word."""

    origin: str
    enterprise_id: str
    rehearsal: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "enterprise_id", canonical_enterprise(self.enterprise_id))
        if "://" in self.origin:
            object.__setattr__(self, "origin", canonical_origin(self.origin))
