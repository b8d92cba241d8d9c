"""The secret values of a task, to keep them out of the server's messages about it."""

import re
from collections.abc import Iterator

from xlsx2opeasy.problems import MASK
from xlsx2opeasy.spec.catalogue import TASK_TYPES

_SECRET_NAMES = frozenset(
    field.wire_name.rpartition(".")[2].casefold() for of in TASK_TYPES for field in of.fields if field.secret
) | {"apikey", "token"}


def is_secret_name(path: str) -> bool:
    """Whether a field, by its last name (`user.userPassword`), holds a secret."""
    return path.rpartition(".")[2].casefold() in _SECRET_NAMES


def without_secrets(text: str, content: object) -> str:
    """`text` with every secret value of `content` masked, where it stands as a word of its own."""
    if not text:
        return text
    for secret in sorted(set(_secret_values(content)), key=len, reverse=True):
        text = re.sub(rf"(?<!\w){re.escape(secret)}(?!\w)", MASK, text)
    return text


def _secret_values(value: object, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _secret_values(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _secret_values(inner, name)
    elif value not in (None, "", True, False) and is_secret_name(name):
        yield str(value)
