"""Secrets in texts of a server: API key, tokens and the tasks' passwords are masked before all else.

A server may echo what it was sent in any answer, quoted in its own way. So a secret is recognised as it is,
and as JSON, HTML, a URL or a backslash writes it, each of its characters in any of these ways, twice too.
"""

import re
import string
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from enum import Enum, auto
from functools import cache
from html.entities import codepoint2name
from operator import is_
from typing import Any, Final, TypeAlias

import orjson

from xlsx2opeasy.problems import MASK
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.spec.catalogue import BY_NAME, TASK_TYPES

LONG: Final = 8
"""From so many characters on (digits alone apart) a value is masked wherever it is, also within a word."""

_PIECE: Final = 16
"""So many characters in a row of a long credential give it away: a cut token is one still."""

_ALNUM = frozenset(string.ascii_letters + string.digits)
_RUN = re.compile("[A-Za-z0-9]+")
_CREDENTIAL_RUN = re.compile(rf"[A-Za-z0-9._~+/=-]{{{_PIECE},}}")
_ESCAPES = {"\n": "n", "\t": "t", "\r": "r", "\b": "b", "\f": "f"}
_BEFORE = r"(?:(?<!\w)|(?<=%[0-9A-Fa-f]{2})|(?<=\\[nrtbf])|(?<=\\u[0-9A-Fa-f]{4}))"
_AFTER = r"(?!\w)"
_MOST_REMEMBERED = 10_000

_SECRET_NAMES = frozenset(
    field.wire_name.rpartition(".")[2].casefold() for of in TASK_TYPES for field in of.fields if field.secret
) | {"apikey", "token"}
_SOUNDS_SECRET = re.compile(r"pass(word|code|wd)|secret|token|api_?key|authcode", re.IGNORECASE)
"""Names under which another program's tasks, whose results come with ours, may hold what is secret."""


def is_secret_name(path: str) -> bool:
    """Whether a field, by its last name (`user.userPassword`), holds a secret."""
    return path.rpartition(".")[2].casefold() in _SECRET_NAMES


def sounds_secret(name: str) -> bool:
    """Whether a name that is no field's may be that of a secret."""
    return _SOUNDS_SECRET.search(name) is not None


# -- values in texts -----------------------------------------------------------------------------------------


def _hex(number: int, digits: int) -> str:
    return "".join(f"[{each}{each.upper()}]" if each.isalpha() else each for each in f"{number:0{digits}x}")


@cache
def _spelt(character: str) -> str:
    """The pattern of one character in all its spellings."""
    if character in _ALNUM:
        return character
    code, utf16 = ord(character), character.encode("utf-16-be", "surrogatepass")
    units = [int.from_bytes(utf16[at : at + 2], "big") for at in range(0, len(utf16), 2)]
    ways = [
        re.escape(character),
        r"\\+" + re.escape(_ESCAPES.get(character, character)),
        "".join(r"\\+u" + _hex(each, 4) for each in units),
        "".join("%(?:25)*" + _hex(each, 2) for each in character.encode("utf-8", "surrogatepass")),
        rf"&(?:amp;)*#0*{code};",
        rf"&(?:amp;)*#[xX]0*{_hex(code, 1)};",
    ]
    if (name := codepoint2name.get(code)) is not None:
        ways.append(rf"&(?:amp;)*{name};")
    if character == " ":
        ways.append(r"\+")
    if character == "'":
        ways.append(r"&(?:amp;)*apos;")
    return f"(?:{'|'.join(sorted(ways, key=len, reverse=True))})"


def is_long(value: str) -> bool:
    """Whether a value is hardly anything but itself, so that it is masked wherever it occurs."""
    return len(value) >= LONG and not value.isdigit()


def _pattern(value: str) -> re.Pattern[str]:
    spelt = "".join(map(_spelt, value))
    return re.compile(spelt if is_long(value) else f"{_BEFORE}{spelt}{_AFTER}")


def without_values(text: str, values: Iterable[str]) -> str:
    """`text` with each of `values` masked, however it is quoted; a short one only where it is a word."""
    near = {value for value in values if value and all(run in text for run in _RUN.findall(value))}
    for value in sorted(near, key=len, reverse=True):
        text = _pattern(value).sub(MASK, text)
    return text


def without_secrets(text: str, content: object) -> str:
    """`text` with every value of `content` masked whose key is the name of a secret."""
    return without_values(text, _named_secrets(content)) if text else text


def _named_secrets(value: object, name: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _named_secrets(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _named_secrets(inner, name)
    elif value not in (None, "", MASK, True, False) and is_secret_name(name):
        yield str(value)


class SecretValues:
    """The secret values of many tasks, found in a text without trying each of them."""

    def __init__(self, values: Iterable[str]) -> None:
        self._by_run: dict[str, list[str]] = defaultdict(list)
        self._others: list[str] = []
        for value in dict.fromkeys(values):
            if value and value[0] in _ALNUM and not is_long(value):
                self._by_run[_RUN.findall(value)[0]].append(value)
            elif value:
                self._others.append(value)
        self._long = [value for value in self._others if is_long(value)]
        self._known: dict[tuple[str, bool], str] = {}

    def masked(self, text: str, *, long_only: bool = False) -> str:
        """`text` without them; `long_only` keeps short ones, which may be an extension in a text."""
        key = (text, long_only)
        if (shown := self._known.get(key)) is None:
            if len(self._known) >= _MOST_REMEMBERED:
                self._known.clear()
            near = self._long if long_only else [*self._others, *self._beginning_in(text)]
            shown = self._known[key] = without_values(text, near)
        return shown

    def _beginning_in(self, text: str) -> Iterator[str]:
        """Short values one of whose runs is one of the text's, by itself or after an escape such as `%22`."""
        for run in set(_RUN.findall(text)):
            for start in range(min(len(run), 6)):
                yield from self._by_run.get(run[start:], ())


# -- values in tasks -----------------------------------------------------------------------------------------

_Tree: TypeAlias = "dict[str, _Tree]"
"""The keys on the way to secret values, `[n]` for the items of a list; `_SECRET` marks a secret value."""

_LISTED = "[n]"
_SECRET: _Tree = {}
_NOTHING: _Tree = {}
_NESTED = frozenset({dict, list})


class SecretFields:
    """Which places in the tasks of one type are secret; `wire_names` are those of `[wire]`."""

    def __init__(self, task_type: str, wire_names: Mapping[str, str]) -> None:
        of = BY_NAME[task_type]
        self._known_keys: dict[tuple[tuple[str, ...], int], list[str]] = {}
        self._tree = _tree_of(of.wire_path(each, wire_names) for each in of.fields if each.secret)
        plain = (of.wire_path(each, wire_names) for each in of.fields if not each.secret)
        renamed = (
            other.wire_path(each, wire_names) for other in TASK_TYPES for each in other.fields if each.secret
        )
        self._kinds = _Kinds(
            _SECRET_NAMES | {_keys_of(path)[-1].casefold() for path in renamed},
            {key.casefold() for path in plain for key in _keys_of(path)},
        )

    def masked(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """A task's content in which each secret value is the mask: the same object where it has none."""
        masked: Mapping[str, Any] = self._masked(content, self._tree, "")
        return masked

    def without(self, content: Any) -> Any:  # noqa: ANN401
        """A task's content that has no secret values; it shares with `content` what holds none."""
        return _without(content, self._tree)

    def hidden_in(self, text: str, content: Mapping[str, Any]) -> str:
        """`text` in which each secret value of `content` is the mask."""
        return without_values(text, self.values_in(content)) if text else text

    def values_in(self, content: Mapping[str, Any]) -> Iterator[str]:
        """The secret values of a task's content, as texts."""
        return (str(each) for each in self._values(content, self._tree, "") if each not in (None, "", MASK))

    def _is_secret(self, value: object, tree: _Tree, name: str) -> bool:
        """Whether the place, or the name in any case of letters, says that a value is secret.

        A name on the way to a field of the type that is no secret says it of texts and numbers only: what is
        below it is looked at by its own names.
        """
        if tree is _SECRET:
            return True
        kind = self._kinds[name]
        if kind is _Kind.PLAIN or value is None:
            return False
        if isinstance(value, bool):
            return kind is _Kind.SECRET
        return kind is not _Kind.SOUNDING_PLAIN or isinstance(value, str | int)

    def _masked(self, value: Any, tree: _Tree, name: str) -> Any:  # noqa: ANN401
        if self._is_secret(value, tree, name):
            return MASK
        if isinstance(value, dict):
            looked_at = self._looked_at(tuple(value), tree)
            if not _NESTED.isdisjoint(map(type, value.values())):
                nested = [
                    key for key, item in value.items() if type(item) in _NESTED and key not in looked_at
                ]
                looked_at = looked_at + nested
            masked = value
            for key in looked_at:
                below = tree.get(key, _NOTHING)
                item = MASK if below is _SECRET else self._masked(value[key], below, key)
                if item is not value[key]:
                    if masked is value:
                        masked = dict(value)
                    masked[key] = item
            return masked
        if isinstance(value, list):
            items = [self._masked(item, tree.get(_LISTED, _NOTHING), name) for item in value]
            return value if all(map(is_, items, value)) else items
        return value

    def _looked_at(self, keys: tuple[str, ...], tree: _Tree) -> list[str]:
        """The keys of an object whose texts may be secret; tasks have the same keys over and over."""
        known = self._known_keys
        if (found := known.get((keys, id(tree)))) is None:
            if len(known) >= _MOST_REMEMBERED:
                known.clear()
            found = [key for key in keys if key in tree or self._kinds[key] is not _PLAIN]
            known[keys, id(tree)] = found
        return found

    def _values(self, value: Any, tree: _Tree, name: str) -> Iterator[Any]:  # noqa: ANN401
        if self._is_secret(value, tree, name):
            yield from _leaves(value)
        elif isinstance(value, dict):
            for key, item in value.items():
                yield from self._values(item, tree.get(key, _NOTHING), key)
        elif isinstance(value, list):
            for item in value:
                yield from self._values(item, tree.get(_LISTED, _NOTHING), name)


def _tree_of(paths: Iterable[str]) -> _Tree:
    tree: _Tree = {}
    for path in paths:
        *parents, last = path.replace(_LISTED, f".{_LISTED}").split(".")
        place = tree
        for key in parents:
            if (place := place.setdefault(key, {})) is _SECRET:
                break  # all below is secret already
        else:
            place[last] = _SECRET
    return tree


def _keys_of(path: str) -> list[str]:
    return path.replace(_LISTED, "").split(".")


class _Kind(Enum):
    """What a name says of the value under it."""

    PLAIN = auto()
    SOUNDING_PLAIN = auto()
    """It sounds secret, but is on the way to a field of the type that is none."""
    SOUNDING = auto()
    SECRET = auto()


_PLAIN: Final = _Kind.PLAIN


class _Kinds(dict[str, _Kind]):
    """The kinds of names, each found out when it is first asked for: tasks have the same few."""

    def __init__(self, secret: Set[str], plain: Set[str]) -> None:
        super().__init__()
        self._secret, self._plain = secret, plain

    def __missing__(self, name: str) -> _Kind:
        folded = name.casefold()
        if folded in self._secret and folded not in self._plain:
            kind = _Kind.SECRET
        elif not sounds_secret(name):
            kind = _PLAIN
        else:
            kind = _Kind.SOUNDING_PLAIN if folded in self._plain else _Kind.SOUNDING
        return self.setdefault(name, kind)


def _leaves(value: Any) -> Iterator[Any]:  # noqa: ANN401
    """The texts and numbers within a secret value; true and false are words of any text."""
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _leaves(item)
    elif not isinstance(value, bool):
        yield value


def _without(value: Any, tree: _Tree) -> Any:  # noqa: ANN401
    if isinstance(value, dict):
        kept = dict(value)
        for key, below in tree.items():
            if key in kept:
                if below is _SECRET:
                    del kept[key]
                else:
                    kept[key] = _without(kept[key], below)
        return kept
    if isinstance(value, list) and _LISTED in tree:
        return [_without(item, tree[_LISTED]) for item in value]
    return value


# -- what one connection must not show -----------------------------------------------------------------------


class Masker:
    """Masks the credentials of one connection, and what its owner knows to be secret; for several threads.

    `plain` are words of the API, and the enterprise's id: a text that is one of them is never masked,
    whatever the API key is.
    """

    def __init__(self, *credentials: Secret, plain: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._credentials: tuple[str, ...] = ()
        self._plain = frozenset(each.casefold() for each in plain)
        self._known: dict[str, str] = {}
        self.hidden: Callable[[str], str] = str
        """Takes out of a text what only the owner of the connection knows to be secret."""
        for each in credentials:
            self.learn(each)

    def learn(self, credential: Secret) -> None:
        """One more credential: a token."""
        text = credential.reveal()
        with self._lock:
            if text and text not in self._credentials:
                self._credentials = (*self._credentials, text)
                self._known = {}

    def __call__(self, text: str) -> str:
        """`text` without credentials, cut ones too."""
        known = self._known
        if (shown := known.get(text)) is None:
            if len(known) >= _MOST_REMEMBERED:
                known.clear()
            is_plain = not text or text.casefold() in self._plain
            masked = text if is_plain else self._without_pieces(without_values(text, self._credentials))
            shown = known[text] = masked
        return shown

    def whole(self, text: str) -> str:
        """`text` without credentials, and without what the owner hides."""
        return self.hidden(self(text))

    def _without_pieces(self, text: str) -> str:
        long = [each for each in self._credentials if len(each) > _PIECE]
        return _CREDENTIAL_RUN.sub(lambda found: _piece_masked(found[0], long), text) if long else text

    def document(self, value: Any) -> bytes:  # noqa: ANN401
        """A JSON value as it is kept, credentials masked within the contents of tasks too.

        Only long ones are looked for there: a short API key may be a value that a row has sent.
        """
        written = orjson.dumps(value)
        text = written.decode()
        long = (each for each in self._credentials if len(each) > _PIECE)
        if any(all(run in text for run in _RUN.findall(each)) for each in long):
            return orjson.dumps(self.tree(value))
        return written

    def _is_known(self, item: Mapping[str, Any], apart: frozenset[str]) -> bool:
        """Whether an object has nothing to mask: its keys and texts were seen before, and it has no others.

        Those of most tasks and results are a few words, again and again.
        """
        known = self._known
        for key, value in item.items():
            if known.get(key) != key:
                return False
            if key not in apart and (type(value) is not str or known.get(value) != value):
                return False
        return True

    def tree(self, value: Any, *, apart: frozenset[str] = frozenset()) -> Any:  # noqa: ANN401
        """A JSON value in which every text and key is masked, but what is under the keys `apart`.

        The value is changed in place where it is an object or a list.
        """
        if isinstance(value, str):
            return self(value)
        pending = [value]
        while pending:
            each = pending.pop()
            if type(each) is dict and self._is_known(each, apart):
                continue
            items: Iterable[tuple[Any, Any]] = (
                list(each.items())
                if isinstance(each, dict)
                else enumerate(each)
                if isinstance(each, list)
                else ()
            )
            for key, item in items:
                place = self(key) if isinstance(key, str) else key
                if place != key:
                    each[place] = each.pop(key)
                if place in apart:
                    continue
                if type(item) in _NESTED:
                    pending.append(item)
                elif isinstance(item, str) and (masked := self(item)) != item:
                    each[place] = masked
        return value


def _piece_masked(run: str, credentials: Iterable[str]) -> str:
    for start in range(len(run) - _PIECE + 1):
        piece = run[start : start + _PIECE]
        if any(piece in each for each in credentials):
            return MASK
    return run
