"""The lines of the table: what is measured, against what, which ratio is due, and which was reached."""

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Floor:
    """Something that a line cannot be without, measured in the same run and the unit of its line."""

    what: str
    value: float


@dataclass(frozen=True, slots=True)
class Line:
    """One line. `reached` is `mine` by `other`, or `other` by `mine` where `faster` is asked for.

    `name` is short, and the key of what `bounds` says about it.
    """

    name: str
    measured: str
    against: str
    due: float
    mine: float
    other: float
    unit: str
    faster: bool = False
    note: str = ""
    floors: tuple[Floor, ...] = ()

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
    def is_absolute(self) -> bool:
        """Whether the line has a bound of its own instead of something to be measured against."""
        return not self.against

    @property
    def due_in_words(self) -> str:
        """The bound as a person reads it."""
        if self.faster:
            return f"{self.due:g} x faster or more"
        return f"{self.due:,.0f} {self.unit} or less" if self.is_absolute else f"{self.due:g} x or less"

    @property
    def reached_in_words(self) -> str:
        """The figure as a person reads it."""
        if self.faster:
            return f"{self.reached:.1f} x faster"
        return f"{self.reached:,.0f} {self.unit}" if self.is_absolute else f"{self.reached:.2f} x"

    def floor_in_words(self, floor: Floor) -> str:
        """A floor, and what share it is of the other side of the line."""
        value = f"{floor.value:,.2f} {self.unit}"
        return f"{floor.what}: {value}" + ("" if self.is_absolute else f" ({floor.value / self.other:.2f} x)")


@dataclass(frozen=True, slots=True)
class Missing:
    """A group of lines that could not be measured, and why."""

    group: str
    reason: str


def limit(name: str, measured: str, due: float, mine: float, unit: str, *floors: Floor) -> Line:
    """A line with an absolute bound instead of something to be measured against."""
    return Line(name, measured, "", due, mine, 1.0, unit, floors=floors)
