"""The secret values of a task, to keep them out of the server's messages about it."""

import html
import json
import re
from collections.abc import Iterable, Iterator
from urllib.parse import quote

from xlsx2opeasy.problems import MASK
from xlsx2opeasy.spec.catalogue import TASK_TYPES

_SECRET_NAMES = frozenset(
    field.wire_name.rpartition(".")[2].casefold() for of in TASK_TYPES for field in of.fields if field.secret
) | {"apikey", "token"}

_RUN = re.compile("[A-Za-z0-9]+")
"""What no way of quoting changes in a value: where it is not, the value is not, and need not be spelt."""


def is_secret_name(path: str) -> bool:
    """Whether a field, by its last name (`user.userPassword`), holds a secret."""
    return path.rpartition(".")[2].casefold() in _SECRET_NAMES


def without_secrets(text: str, content: object) -> str:
    """`text` with every secret value of `content` masked, where it stands as a word of its own."""
    return without_values(text, _secret_values(content)) if text else text


def without_values(text: str, values: Iterable[str]) -> str:
    """`text` with each of `values` masked where it stands as a word of its own, however it is quoted."""
    near = {value for value in values if value and all(run in text for run in _RUN.findall(value))}
    spelt = {each for value in near for each in _spellings(value) if each in text}
    for secret in sorted(spelt, key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, text)
    return text


def _spellings(value: str) -> tuple[str, ...]:
    """The value as it is, and as JSON, HTML and a URL write it: servers quote what they were sent."""
    if value.isascii() and value.isalnum():
        return (value,)
    in_json = (json.dumps(value, ensure_ascii=ascii_only)[1:-1] for ascii_only in (True, False))
    return (value, *in_json, html.escape(value), html.escape(value, quote=False), quote(value, safe=""))


def _secret_values(value: object, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _secret_values(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _secret_values(inner, name)
    elif value not in (None, "", True, False) and is_secret_name(name):
        yield str(value)
