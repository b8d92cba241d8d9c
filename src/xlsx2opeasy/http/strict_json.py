"""Reading what a server sent, which may be anything: JSON, strictly."""

import json
import math
import re
from typing import Any, Final, NoReturn

import orjson

MAX_BODY_BYTES: Final = 64 * 2**20
"""The largest answer that is read into memory; files have their own limit."""

_MAX_DEPTH = 40
_NOT_ALIKE = object()
_CONTAINERS = frozenset({dict, list})
_MAX_DIGITS = 18
_ESCAPE = re.compile(
    r"\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|(?P<half>u[dD][89a-fA-F][0-9a-fA-F]{2})|.)",
    re.DOTALL,
)


class BadAnswer(Exception):
    """A 2xx answer that does not say what it should: not to be taken for a success."""


def read_json(body: bytes | bytearray) -> object:
    """The one JSON value of `body`; raises BadAnswer.

    Refused: text that is not UTF-8, more than one value, a duplicate key in an object, NaN and
    infinity, nesting deeper than 40. Integers of more than 18 digits stay texts, and half a character (a
    lone surrogate, which no file can hold) becomes U+FFFD.
    """
    value = _written_alike(body)
    if value is _NOT_ALIKE:
        value = _read_by_parts(body)
    _limit_depth(value)
    return value


def _written_alike(body: bytes | bytearray) -> object:
    """The value of a body that is written again just as it came: quick, and proof that nothing is hidden.

    A key that stands twice, a number that is not kept, an escape and a space would be missing from it.
    """
    try:
        value = orjson.loads(body)
        return value if orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER) == body else _NOT_ALIKE
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return _NOT_ALIKE


def _read_by_parts(body: bytes | bytearray) -> object:
    """The value of any body, each object and number looked at; raises BadAnswer."""
    try:
        return json.loads(
            _whole_characters(body.decode("utf-8-sig")),
            object_pairs_hook=_object,
            parse_constant=_no_number,
            parse_float=_finite,
            parse_int=_integer,
        )
    except RecursionError:
        raise BadAnswer("it is nested too deeply") from None
    except ValueError as problem:
        raise BadAnswer(f"it is not valid JSON ({_reason(problem)})") from None


def _whole_characters(text: str) -> str:
    if "\\ud" not in text and "\\uD" not in text:
        return text
    return _ESCAPE.sub(lambda found: "\\ufffd" if found["half"] else found[0], text)


def _reason(problem: ValueError) -> str:
    if isinstance(problem, json.JSONDecodeError):
        return f"{problem.msg} at byte {problem.pos}"
    return "not UTF-8" if isinstance(problem, UnicodeDecodeError) else str(problem)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("a key stands twice")
    return made


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) <= _MAX_DIGITS else digits


def _limit_depth(value: object) -> None:
    level: list[Any] = [value]
    for _ in range(_MAX_DEPTH):
        level = [
            child
            for each in level
            if type(each) in _CONTAINERS
            for child in (each.values() if type(each) is dict else each)
            if type(child) in _CONTAINERS
        ]
        if not level:
            return
    raise BadAnswer("it is nested too deeply")
