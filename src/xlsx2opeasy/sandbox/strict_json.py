"""JSON as RFC 8259 has it and no more: no duplicate keys, no NaN, nothing that could not be sent on."""

import json
import math
from typing import Any, Final, NoReturn


class BrokenJson(ValueError):
    """The text is not acceptable JSON; the message says why."""


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BrokenJson(f"the key {twice!r} stands twice in one object")
    return found


def _constant(name: str) -> NoReturn:
    raise BrokenJson(f"{name} is not a JSON number")


def _float(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise BrokenJson(f"the number {text[:20]} is too large")
    return number


def _int(text: str) -> int:
    if len(text) > 1000:
        raise BrokenJson("a number has more than 1000 digits")
    return int(text)


DECODER: Final = json.JSONDecoder(
    object_pairs_hook=_object, parse_constant=_constant, parse_float=_float, parse_int=_int
)
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def dump(value: object) -> bytes:
    """Compact UTF-8; raises `BrokenJson` where a text holds half a surrogate pair."""
    try:
        return _ENCODER.encode(value).encode()
    except RecursionError as error:
        raise BrokenJson("it is nested too deeply") from error
    except UnicodeEncodeError as error:
        raise BrokenJson("a text holds half a surrogate pair") from error


def loads(raw: bytes) -> object:
    """The value that `raw` (UTF-8) holds; raises `BrokenJson`."""
    try:
        value: object = DECODER.decode(raw.decode())
    except BrokenJson:
        raise
    except RecursionError as error:
        raise BrokenJson("it is nested too deeply") from error
    except ValueError as error:
        raise BrokenJson(str(error)) from error
    dump(value)
    return value
