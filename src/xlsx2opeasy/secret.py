"""A text that must not show: keys and tokens are passed about in this, never as bare strings."""

from xlsx2opeasy.problems import MASK


class Secret:
    """Holds a text; `reveal()` is the only way to it. Printed, formatted or in a traceback it is a mask."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself, for the one place that must send it."""
        return self._text

    def __repr__(self) -> str:
        return f"Secret({MASK})"

    __str__ = __repr__

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a secret is not written anywhere")
