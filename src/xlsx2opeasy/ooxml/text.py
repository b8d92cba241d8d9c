"""Text for cells: what XML or Excel would refuse is made visible, what is too long is cut visibly.

And back: the escapes of stored texts are undone.

ECMA-376 part 1, 22.9.2.19 (ST_Xstring) and 18.3.1.4; XML 1.0, 2.2.
"""

import re

XML_SPACE = " \t\r\n"

LIMIT = 32_767
"""The most UTF-16 units a cell holds."""

_NOTE_ROOM = 40
_PLAIN = re.compile(rf"[ !-%'-;=?-^`-~]{{1,{LIMIT}}}")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_LINE_END = re.compile(r"\r\n?")
_LOOKS_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")
_ESCAPE = re.compile("_x([0-9A-Fa-f]{4})_")
_LONE = re.compile("[\ud800-\udfff]")
_KEEPS_SPACE = re.compile(r"\A\s|\s\Z|[\t\n]|  ")


def visible(text: str) -> str:
    r"""`text` with line ends as LF and every character that XML forbids as `\u{0001}`."""
    return _ILLEGAL.sub(lambda found: f"\\u{{{ord(found[0]):04X}}}", _LINE_END.sub("\n", text))


def cut(text: str) -> str:
    """`text` within a cell's limit; what is cut off is counted at its end, in the units that Excel counts."""
    units = _units(text)
    if units <= LIMIT:
        return text
    kept = text.encode("utf-16-le")[: 2 * (LIMIT - _NOTE_ROOM)].decode("utf-16-le", "ignore")
    return f"{kept}… [+{units - _units(kept):,} characters]"


def text_element(text: str, prefix: str = "") -> str:
    """`text` as the `t` element of an inline string; `prefix` is the namespace's, with its colon."""
    if _PLAIN.fullmatch(text) and text[0] != " " != text[-1] and "  " not in text:
        return f"<{prefix}t>{text}</{prefix}t>"
    shown = cut(visible(text))
    space = ' xml:space="preserve"' if _KEEPS_SPACE.search(shown) else ""
    escaped = (
        _LOOKS_ESCAPED.sub("_x005F_", shown).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    )
    return f"<{prefix}t{space}>{escaped}</{prefix}t>"


def _units(text: str) -> int:
    """Length in UTF-16 units."""
    return len(text) + sum(character > "\uffff" for character in text)


def _paired(text: str) -> str:
    """Paired surrogates as the characters they mean."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def unescaped(text: str) -> str:
    """`_xHHHH_` as the character it stands for, decoded once; carriage returns become line feeds.

    Half of a surrogate pair is no character and stays as it is written.
    """
    if "_x" in text:
        text = _ESCAPE.sub(lambda found: chr(int(found[1], 16)), text)
        text = _LONE.sub(lambda found: f"_x{ord(found[0]):04X}_", _paired(text))
    return text.replace("\r\n", "\n").replace("\r", "\n")
