"""Text from outside (a server, a workbook, a file name) made safe for where it is shown.

One function for each place: `on_terminal`, `in_log`, `in_cell` (cells and HTML), `in_message` for a server's
text that becomes part of a sentence, and `readable` for file names in documents. None of them masks secrets:
`masking` does, before.
"""

import re
import unicodedata
from typing import Final

MOST_IN_MESSAGE: Final = 600

_UNDECODED = re.compile("[\udc80-\udcff]+")
_LINE_BREAKS = "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029"
_BREAK = re.compile(rf"[{_LINE_BREAKS}]+")
_LINE_END = re.compile("\r\n|[\r\v\f\x1c\x1d\x1e\x85\u2028\u2029]")
_BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_STEERING = re.compile(rf"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{_BIDI}\ud800-\udfff\ufffe\uffff]")


def readable(text: str) -> str:
    """`text` with the bytes of file names that Python could not decode read as UTF-8, else U+FFFD.

    So a name in it can be written and sent, whatever the locale; it need not open the file any more.
    """
    return _UNDECODED.sub(
        lambda found: found[0].encode("utf-8", "surrogateescape").decode("utf-8", "replace"), text
    )


def on_terminal(text: str) -> str:
    """`text` as one line of a terminal: line breaks become blanks, what could steer a terminal is removed.

    That is control characters (ESC and C1 too), marks of writing direction and tag characters; half a
    character becomes U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(map(_printable, _BREAK.sub(" ", readable(text))))


def _printable(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    steers = category == "Cc" or character in _BIDI or "\U000e0000" <= character <= "\U000e007f"
    return "" if steers else character


def in_message(text: str) -> str:
    """A server's text as part of a sentence: one line, blanks joined, of a bounded length."""
    joined = " ".join(
        "".join(each if each.isprintable() else " " for each in text[: 4 * MOST_IN_MESSAGE]).split()
    )
    return joined if len(joined) <= MOST_IN_MESSAGE else f"{joined[:MOST_IN_MESSAGE]}…"


def in_log(text: str) -> str:
    r"""`text` as part of a line of a log: whatever is not printable is written as `\x1b`, `\n`, `\u2028`."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape").decode("ascii") for each in text
    )


def in_cell(text: str) -> str:
    r"""`text` for a cell or a page: line ends are LF, what nobody sees but programs obey is `\u{202E}`."""
    if text.isascii() and text.isprintable():
        return text
    return _STEERING.sub(lambda found: f"\\u{{{ord(found[0]):04X}}}", _LINE_END.sub("\n", readable(text)))
