"""Answers of a server as JSON, changed: other spellings of the same, and damage; each change says what it did."""

import json
from collections.abc import Callable, Iterator
from random import Random
from typing import Any

from foreign.messages import Answer

Change = Callable[[Any, Random], tuple[bytes, str]]
Slot = tuple[Any, Any]
"""A dict or list, and the key or index of a value in it."""

_VALUES = (
    None, True, False, 0, -1, 1, 2, 1.5, 1e308, 10**17, 10**30, "", " ", "0", "1", "x", "completed", "pending", "SUCCESS",
    "FAILED", "\u0000", "a\nb", "\x1b[31mred\x1b[0m", "\u202e\u2066", "é" * 300, "x" * 200_000, "..", "/", "%2e%2e%2f", "a b",
    [], {}, [[]], [None], {"": None}, {"id": "x"}, ["a"], [{}], "https://192.0.2.1/", "2026-13-45T99:99:99Z", "0" * 32,
)  # fmt: skip
_BODIES = (
    b"", b"{", b"[]", b"{}", b"null", b"true", b"1", b'""', b"<html>Sign in</html>", b"NaN", b"[" * 100_000, b"\xff\xfe{\0}\0",
    b"{} {}", b"\0", b"{" + b'"a":1,' * 5 + b'"a":1}', b'{"a":' * 50 + b"1" + b"}" * 50, b"\xef\xbb\xbf", b" " * 100_000,
)  # fmt: skip


def slots(body: Any) -> list[Slot]:
    """Every place of a value within the body."""
    return list(_slots(body))


def _slots(body: Any) -> Iterator[Slot]:
    pairs = body.items() if isinstance(body, dict) else enumerate(body) if isinstance(body, list) else ()
    for key, value in pairs:
        yield body, key
        yield from _slots(value)


def _shuffled(body: Any, dice: Random) -> Any:
    """The same with keys in another order."""
    if isinstance(body, dict):
        keys = list(body)
        dice.shuffle(keys)
        return {key: _shuffled(body[key], dice) for key in keys}
    return [_shuffled(each, dice) for each in body] if isinstance(body, list) else body


def order_of_keys(body: Any, dice: Random) -> tuple[bytes, str]:
    return _dumped(_shuffled(body, dice)), "keys in another order"


def space(body: Any, dice: Random) -> tuple[bytes, str]:
    text = json.dumps(
        body, indent=dice.choice((0, 1, "\t")), separators=(dice.choice((",", " ,\r\n")), ":  ")
    )
    return f"\r\n {text}\t\n".encode(), "white space"


def escapes(body: Any, dice: Random) -> tuple[bytes, str]:
    text = json.dumps(body)
    return "".join(
        f"\\u{ord(each):04{dice.choice('xX')}}" if each.isalpha() and at and text[at - 1] == '"' and '"' in text[at + 1 :] else each
        for at, each in enumerate(text)
    ).replace("/", dice.choice(("/", r"\/"))).encode(), "escapes"  # fmt: skip


def byte_order_mark(body: Any, dice: Random) -> tuple[bytes, str]:
    return b"\xef\xbb\xbf" + _dumped(body), "byte order mark"


def unknown_keys(body: Any, dice: Random) -> tuple[bytes, str]:
    for each in _objects_around_tasks(body):
        if dice.random() < 0.5:
            each[dice.choice(("zz", "x-new", "links", "metadata"))] = dice.choice(
                (None, 1, {"a": [1]}, "x" * 5000)
            )
    return _dumped(body), "unknown keys"


def _objects_around_tasks(value: Any) -> Iterator[dict[str, Any]]:
    """The objects in a body, without tasks and their contents: these are the customer's own."""
    if isinstance(value, dict) and not {"command", "content"} & value.keys():
        yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        if not (isinstance(value, dict) and each is value.get("content")):
            yield from _objects_around_tasks(each)


def _at(body: Any, dice: Random, change: Callable[[Any, Any], str]) -> tuple[bytes, str]:
    places = slots(body)
    if not places:
        return dice.choice(_BODIES), "another body"
    where, key = dice.choice(places)
    told = change(where, key)
    return _dumped(body), f"{key!r}: {told}"


def value(body: Any, dice: Random) -> tuple[bytes, str]:
    new = dice.choice(_VALUES)

    def change(where: Any, key: Any) -> str:
        where[key] = new
        return repr(new)[:60]

    return _at(body, dice, change)


def kind(body: Any, dice: Random) -> tuple[bytes, str]:
    """The same value as another kind: a number as a text, an object as a list of it."""

    def change(where: Any, key: Any) -> str:
        old = where[key]
        where[key] = dice.choice((str(old), [old], {"value": old}, [], None, json.dumps(old)))
        return f"as {type(where[key]).__name__}"

    return _at(body, dice, change)


def missing(body: Any, dice: Random) -> tuple[bytes, str]:
    def change(where: Any, key: Any) -> str:
        del where[key]
        return "missing"

    return _at(body, dice, change)


def doubled(body: Any, dice: Random) -> tuple[bytes, str]:
    """An item or key that is there twice."""
    places = slots(body)
    if not places:
        return b"{}{}", "two bodies"
    where, key = dice.choice(places)
    if isinstance(where, list):
        where.insert(key, where[key])
        return _dumped(body), "an item twice"
    mark = "doubled-key"
    where[mark] = where[key]
    return _dumped(body).replace(mark.encode(), json.dumps(key)[1:-1].encode()), f"{key!r} twice"


def deep(body: Any, dice: Random) -> tuple[bytes, str]:
    depth = dice.choice((10, 39, 41, 500))

    def change(where: Any, key: Any) -> str:
        for _ in range(depth):
            where[key] = [where[key]] if dice.random() < 0.5 else {"a": where[key]}
        return f"{depth} deep"

    return _at(body, dice, change)


def encoding(body: Any, dice: Random) -> tuple[bytes, str]:
    name = dice.choice(("utf-16", "utf-16-le", "utf-32", "latin-1", "utf-7", "cp037"))
    return json.dumps(body, ensure_ascii=name == "latin-1").encode(name), name


def cut(body: Any, dice: Random) -> tuple[bytes, str]:
    whole = _dumped(body)
    at = dice.randint(0, len(whole))
    return whole[:at] + dice.choice((b"", b"", b"\0", b"garbage")), f"cut at {at}"


def raw(body: Any, dice: Random) -> tuple[bytes, str]:
    whole = _dumped(body)
    at, piece = (
        dice.randint(0, len(whole)),
        dice.choice((b'"', b"{", b"]", b"\xff", b"\\ud800", b"NaN", b"\x01", b",", b"9" * 400)),
    )
    return whole[:at] + piece + whole[at + 1 :], f"{piece!r} at {at}"


def other(body: Any, dice: Random) -> tuple[bytes, str]:
    return dice.choice(_BODIES), "another body"


SPELLINGS: tuple[Change, ...] = (order_of_keys, space, escapes, byte_order_mark, unknown_keys)
DAMAGE: tuple[Change, ...] = (
    value,
    value,
    value,
    kind,
    kind,
    missing,
    missing,
    doubled,
    deep,
    encoding,
    cut,
    raw,
    other,
)
_HEADERS = (
    {}, {}, {"Content-Type": "application/json; charset=utf-8"}, {"Content-Type": "APPLICATION/JSON"}, {"X-New": "1"},
)  # fmt: skip
_ODD_HEADERS = (
    {"Content-Type": "text/html"}, {"Content-Type": ""}, {"Content-Type": "application/json; charset=utf-16"},
    {"Content-Encoding": "gzip"}, {"Retry-After": "-1"}, {"Location": "https://192.0.2.1/"}, {"Date": "x"},
)  # fmt: skip


def _dumped(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode("utf-8", "surrogatepass")


def changed(answer: Answer, dice: Random, *, harmless: bool) -> tuple[Answer, str]:
    """The answer with one change; "" where it has no body to change."""
    try:
        body = json.loads(answer.content)
    except ValueError:
        return answer, ""
    change = dice.choice(SPELLINGS if harmless else DAMAGE)
    content, told = change(body, dice)
    headers = dict(answer.headers) | dice.choice(_HEADERS)
    status = answer.status
    if not harmless and dice.random() < 0.1:
        headers |= dice.choice(_ODD_HEADERS)
    if not harmless and dice.random() < 0.05:
        status = dice.choice((200, 201, 202, 204, 206, 299))
    return Answer(
        status, content if status != 204 else None, headers, answer.cut_after
    ), f"{change.__name__} {told}"
