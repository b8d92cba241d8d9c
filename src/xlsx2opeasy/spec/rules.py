"""The kinds of rules that the Appendix sets for a value, as data.

A rule says what is allowed; it does not check. Two rooms interpret it on their own, `check` on whole columns
and `sandbox` on one value at a time, so that a slip in one is caught by the other.
"""

from dataclasses import dataclass, field
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class MaxLength:
    """At most `limit` characters (Unicode code points)."""

    limit: int
    code: ClassVar[str] = "max-length"

    @property
    def words(self) -> str:
        """The rule as a person reads it."""
        return f"at most {self.limit} characters"


@dataclass(frozen=True, slots=True)
class Digits:
    """The digits 0-9 and nothing else; `advised` where the Appendix only says "should"."""

    advised: bool = field(default=False, compare=False)
    code: ClassVar[str] = "digits"

    @property
    def words(self) -> str:
        """The rule as a person reads it."""
        return "digits only"


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of `values`, in any letter case; the spelling here is what is sent.

    An `open` enumeration is one that the Appendix introduces with "E.g.": another value is a warning.
    """

    values: tuple[str, ...]
    open: bool = False
    code: ClassVar[str] = "one-of"

    @property
    def words(self) -> str:
        """The rule as a person reads it."""
        listed = ", ".join(self.values[:-1])
        return f"{listed} or {self.values[-1]}" + (", or another name the system knows" if self.open else "")


@dataclass(frozen=True, slots=True)
class EmailStyle:
    """address@domain, where the address has at least `min_address` characters; no white space, one @.

    A shorter address is only noted for the commands `existing`, whose users are there already.
    """

    min_address: int = 6
    existing: frozenset[str] = field(default=frozenset(), compare=False)
    code: ClassVar[str] = "email-style"

    @property
    def words(self) -> str:
        """The rule as a person reads it."""
        return f"address@domain with at least {self.min_address} characters before the @"


@dataclass(frozen=True, slots=True)
class Between:
    """An integer from `low` to `high`, both included."""

    low: int
    high: int
    code: ClassVar[str] = "between"

    @property
    def words(self) -> str:
        """The rule as a person reads it."""
        return f"a whole number from {self.low} to {self.high}"


@dataclass(frozen=True, slots=True)
class Characters:
    """Only characters out of `allowed`, which is named to people as `names`; `advised` where it is unclear."""

    allowed: str
    names: str
    advised: bool = field(default=False, compare=False)
    code: ClassVar[str] = "characters"

    @property
    def words(self) -> str:
        """The rule as a person reads it."""
        return f"only {self.names}"


@dataclass(frozen=True, slots=True)
class MacAddress:
    """At most `limit` characters; `: - .` are removed first where exactly 12 hexadecimal digits remain."""

    limit: int = 12
    separators: ClassVar[str] = ":-."
    code: ClassVar[str] = "mac-address"

    @property
    def words(self) -> str:
        """The rule as a person reads it."""
        return f"at most {self.limit} characters, such as 00085D123456 (or 00:08:5D:12:34:56)"


@dataclass(frozen=True, slots=True)
class NumberOrRange:
    """One phone number, or an inclusive range `A - B` with A not after B and as many digits in both."""

    separator: ClassVar[str] = " - "
    code: ClassVar[str] = "number-or-range"

    @property
    def words(self) -> str:
        """The rule as a person reads it."""
        return 'one phone number, or a range such as "214-844-6611 - 214-844-6612" (space, dash, space)'


@dataclass(frozen=True, slots=True)
class Keyword:
    """`word` in any letter case means something of its own to `commands`, and is refused with the others."""

    word: str
    commands: frozenset[str]
    code: ClassVar[str] = "keyword"

    @property
    def words(self) -> str:
        """The rule as a person reads it."""
        return f"the word {self.word} only with {', '.join(sorted(self.commands))}"


@dataclass(frozen=True, slots=True)
class MaxItems:
    """At most `limit` items in the list."""

    limit: int
    code: ClassVar[str] = "max-items"

    @property
    def words(self) -> str:
        """The rule as a person reads it."""
        return f"at most {self.limit} items"


Rule = (
    MaxLength
    | Digits
    | OneOf
    | EmailStyle
    | Between
    | Characters
    | MacAddress
    | NumberOrRange
    | Keyword
    | MaxItems
)
