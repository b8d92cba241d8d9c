"""Whether a row says something of its columns: `(required)`, `max 30 characters`, 1 2 3, headers again."""

import re
from collections.abc import Collection, Mapping
from itertools import pairwise

from xlsx2opeasy.spec.catalogue import COMMAND_HEADER
from xlsx2opeasy.spec.model import folded

_FEWEST = 2
_TYPES = "text|string|char|varchar|number|integer|int|boolean|bool"
_EXAMPLES = "example|beispiel|exemple|ejemplo|esempio"
_REMARK = re.compile(
    rf"""
    [(\[<{{].*[)\]>}}] | [*!]+
    | (?:required|mandatory|optional|conditional|pflicht|pflichtfeld|muss|kann|erforderlich|obligatoire
        |facultatif|obligatorio|obbligatorio|opcional|verplicht|optioneel)[*!.]?
    | (?:{_TYPES})(?:\s*[(\[].*[)\]]|\s+[0-9]{{1,4}})?
    | (?:max|min)(?:imum)?(?:[.:]\s*|\s+)[0-9]{{1,4}}
        (?:\s+(?:char|character|digit|letter|item|zeichen|stelle|ziffer|buchstabe)(?:s|n)?\b.*)?
    | (?:e\.\s?g\.|z\.\s?b\.|(?:{_EXAMPLES})\s*:).*
    """,
    re.IGNORECASE | re.DOTALL | re.VERBOSE,
)
"""A text that says something of a column and nothing else."""

_DOUBTFUL = re.compile(rf"(?:{_TYPES}|{_EXAMPLES}|max|min|e\.g)\b.*", re.IGNORECASE | re.DOTALL)
"""A text that may say something of a column, and may be a name."""

_PARTS = re.compile(r"\s*[,;/|\n]\s*")
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+")
_NUMBER = re.compile("[0-9]{5}")


def is_second_header(cells: Mapping[str, str], commands: frozenset[str]) -> bool:
    """Whether the filled cells of a row below the headers, by header, say something of the columns.

    Each is a remark such as `(required)`, or all count the columns, that of the commands too. The sheet has
    such a column: a row with one of its `commands` (folded) is always a task.
    """
    filled = _filled(cells)
    if folded(filled.get(COMMAND_HEADER, "")) in commands:
        return False
    if len(filled) < _FEWEST and COMMAND_HEADER not in filled:
        return False
    if all(map(_is_remark, filled.values())):
        return True
    return COMMAND_HEADER in filled and _counts_columns(filled.values())


def may_be_remark(cells: Mapping[str, str]) -> bool:
    """Whether a row below the headers of a list whose rows have all one command may be a remark on them.

    A row with an address is a task.
    """
    texts = _filled(cells).values()
    if len(texts) < _FEWEST or any(map(_ADDRESS.fullmatch, texts)):
        return False
    return all(_DOUBTFUL.fullmatch(each) or _is_remark(each) for each in texts) or _counts_columns(texts)


def _filled(cells: Mapping[str, str]) -> dict[str, str]:
    return {header: text.strip() for header, text in cells.items() if text.strip()}


def _is_remark(text: str) -> bool:
    """Whether the text, or each of its parts, is a remark; one with an address or a number is none."""
    if "@" in text or _NUMBER.search(text):
        return False
    return bool(_REMARK.fullmatch(text)) or all(map(_REMARK.fullmatch, _PARTS.split(text)))


def _counts_columns(texts: Collection[str]) -> bool:
    """Whether there are three texts or more that go on as 1, 2, 3 do."""
    if len(texts) <= _FEWEST or not all(text.isdecimal() and len(text) < 6 for text in texts):
        return False
    return all(int(after) == int(before) + 1 for before, after in pairwise(texts))


def repeats_headers(cells: Mapping[str, str], headers: Mapping[str, str]) -> bool:
    """Whether every filled cell of a row has the header of its column again.

    `headers` has each header as it is typed, by its canonical name, which counts as well.
    """
    return all(
        folded(text) in ("", folded(name), folded(headers.get(name, name))) for name, text in cells.items()
    )
