"""Reading what a server sent, which may be anything: JSON, strictly."""

import json
import math
import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from secrets import token_hex
from typing import Any, Final, NoReturn

import orjson

MAX_BODY_BYTES: Final = 64 * 2**20
"""The largest answer that is read into memory; files have their own limit."""

_MAX_DEPTH = 40
_MOST_WRITTEN = 254
"""Lists and objects in one another, beyond which orjson writes none."""
_NOT_ALIKE = object()
_SPACE = rb"[ \t\r\n]*"
_HEAD = re.compile(rb'%b\{%b"([A-Za-z]+)"%b:%b\[%b' % ((_SPACE,) * 5))
_TAIL = re.compile(rb"%b\]%b\}%b\Z" % ((_SPACE,) * 3))
_LONGEST_TAIL = 64
_FIRST = re.compile(rb'\{%b"[^"\\]{1,64}"%b:' % (_SPACE, _SPACE))
_BLOCK = 2**20
_MOST_MISSES = 8
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
    value = _written_alike(body, _MAX_DEPTH)
    return _read_by_parts(body, _MAX_DEPTH) if value is _NOT_ALIKE else value


def read_list(body: bytes | bytearray, name: str, check: Callable[[list[Any]], object]) -> list[bytes] | None:
    """The list of objects under `name` (in any letter case), as strictly as `read_json`, in blocks.

    Each block is a JSON array of some of its items without spaces, about a MiB of them, and `check` gets
    its items once. None where the body is anything but an object with this list alone.
    """
    head, tail = _HEAD.match(body), _TAIL.search(body, max(0, len(body) - _LONGEST_TAIL))
    if head is None or tail is None or head[1].decode().casefold() != name.casefold():
        return None
    # It is cut where an item seems to end and another to begin: between two cuts there is valid JSON only
    # where they were no part of a text or of an inner list.
    start, end = head.end(), tail.start()
    if (first := _FIRST.match(body, start, end)) is None:
        return [b"[]"] if start == end else None
    seam = re.compile(rb"\}%b,%b%b" % (_SPACE, _SPACE, re.escape(first[0])))
    blocks: list[bytes] = []
    misses, at, found = 0, start, seam.search(body, start + _BLOCK, end)
    while True:
        block = b"[" + body[at : found.start() + 1 if found else end] + b"]"
        try:
            items, block = _read_block(block)
        except BadAnswer:
            misses += 1
            if found is None or misses > _MOST_MISSES:
                return None
            found = seam.search(body, found.end(), end)
            continue
        check(items)
        blocks.append(block)
        if found is None:
            return blocks
        at = found.end() - len(first[0])
        found = seam.search(body, at + _BLOCK, end)


def is_list_of(body: bytes | bytearray, name: str, lists: Iterable[bytes]) -> bool:
    """Whether `body` is an object with the list `name` alone, of the items of `lists` to the letter.

    Each of `lists` is JSON without the brackets, so that what is the same needs no reading.
    """
    head, tail = _HEAD.match(body), _TAIL.search(body, max(0, len(body) - _LONGEST_TAIL))
    if head is None or tail is None or head[1].decode().casefold() != name.casefold():
        return False
    at, end = head.end(), tail.start()
    for number, each in enumerate(lists):
        expected = b"," + each if number else each
        if not body.startswith(expected, at, end):
            return False
        at += len(expected)
    return at == end


@dataclass(frozen=True, slots=True)
class Abridged:
    """A body in which a word stands for each of some values; where each of these began and ended."""

    body: bytes
    word: str
    begins: Sequence[int]
    ends: Sequence[int]


def abridged(body: bytes | bytearray, key: str, values: Iterable[bytes]) -> Abridged | None:
    """`body` with a word that nobody can guess for each of `values`, so that these need not be read.

    Each of `values` is a JSON object. None unless they stand in the body one after the other to the letter,
    and nothing else there under `key` in this spelling. What is abridged is as good JSON as the body was; a
    value was where it should be if the word is there now, once for each.
    """
    member, between, at = b'"%b":' % key.encode(), [], 0
    begins, ends = array("Q"), array("Q")
    for value in values:
        begin = body.find(member, at) + len(member)
        if begin < at or not body.startswith(value, begin):
            return None
        between.append(body[at:begin])
        at = begin + len(value)
        begins.append(begin)
        ends.append(at)
    if body.find(member, at) >= 0:
        return None
    between.append(body[at:])
    word = token_hex(16)
    return Abridged((b'"%b"' % word.encode()).join(between), word, begins, ends)


def _read_block(block: bytes) -> tuple[list[Any], bytes]:
    """The items of a block, and the block without spaces; raises BadAnswer."""
    items: Any = _written_alike(block, _MAX_DEPTH - 1)  # in the object that the list is in
    if items is not _NOT_ALIKE:
        return items, block
    items = _read_by_parts(block, _MAX_DEPTH - 1)
    return items, orjson.dumps(items)


def _written_alike(body: bytes | bytearray, deepest: int) -> object:
    """The value of a body that is written again just as it came: quick, and proof that nothing is hidden.

    A key that is there twice, a number that is not kept, an escape and a space would be missing from it. It
    is written within so many lists that orjson refuses a value of more than `deepest` levels.
    """
    around = _MOST_WRITTEN - deepest
    try:
        value = nested = orjson.loads(body)
        for _ in range(around):
            nested = [nested]
        written = orjson.dumps(nested, option=orjson.OPT_STRICT_INTEGER)
    except (orjson.JSONDecodeError, orjson.JSONEncodeError):
        return _NOT_ALIKE
    return value if written[around:-around] == body else _NOT_ALIKE


def _read_by_parts(body: bytes | bytearray, deepest: int) -> object:
    """The value of any body, each object and number looked at; raises BadAnswer."""
    try:
        value = json.loads(
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
    _limit_depth(value, deepest)
    return value


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


def _limit_depth(value: object, deepest: int) -> None:
    level: list[Any] = [value]
    for _ in range(deepest):
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
