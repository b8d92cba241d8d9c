"""The lines of the table: what is measured, against what, which ratio is due, and which was reached."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `reached` is `mine` by `other`, or `other` by `mine` where `faster` is asked for."""

    name: str
    measured: str
    against: str
    due: float
    mine: float
    other: float
    unit: str
    faster: bool = False
    note: str = ""

    @property
    def reached(self) -> float:
        """The ratio."""
        return self.other / self.mine if self.faster else self.mine / self.other

    @property
    def is_met(self) -> bool:
        """Whether what was reached is what is due, or better."""
        return self.reached >= self.due if self.faster else self.reached <= self.due

    def as_json(self) -> dict[str, Any]:
        """The line with what follows from it."""
        return asdict(self) | {"reached": self.reached, "met": self.is_met}

    @property
    def due_in_words(self) -> str:
        """The bound as a person reads it."""
        if self.faster:
            return f"{self.due:g} x faster or more"
        return f"{self.due:,.0f} {self.unit} or less" if self.other == 1.0 else f"{self.due:g} x or less"

    @property
    def reached_in_words(self) -> str:
        """The figure as a person reads it."""
        if self.faster:
            return f"{self.reached:.1f} x faster"
        if self.other == 1.0:
            return f"{self.reached:,.0f} {self.unit}"
        return f"{self.reached:.2f} x"


def limit(name: str, measured: str, due: float, mine: float, unit: str) -> Line:
    """A line with an absolute bound instead of something to be measured against."""
    return Line(name, measured, "", due, mine, 1.0, unit)
