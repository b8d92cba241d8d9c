"""XML as a list of tokens, of which some can be changed and all others stay as they are."""

import re
from random import Random
from typing import Self

from readers.packages import Entry

_TOKEN = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>|<(?:[^<>\"']|\"[^\"]*\"|'[^']*')*>|[^<]+|<", re.DOTALL
)
_ATTRIBUTE = re.compile(r"""(\s+)([^\s=/>]+)(\s*=\s*)("[^"]*"|'[^']*')""")
_NAME = re.compile(r"</?([^\s/>]+)")


class Markup:
    """The tokens of a part: tags, texts, comments and the like, each as it is written."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens

    @classmethod
    def of(cls, entry: Entry) -> Self | None:
        """The tokens of a part that is XML in UTF-8."""
        if not entry.name.endswith((".xml", ".rels", ".vml")):
            return None
        try:
            return cls(_TOKEN.findall(entry.content.decode()))
        except UnicodeDecodeError:
            return None

    def into(self, entry: Entry) -> None:
        """Puts the tokens into the part."""
        entry.content = "".join(self.tokens).encode("utf-8", "surrogatepass")

    def starts(self, *names: str) -> list[int]:
        """Where start tags are, of elements of these local names or of all."""
        return [
            at
            for at, token in enumerate(self.tokens)
            if token[0] == "<" and token[1:2].isalpha() and (not names or local(token) in names)
        ]

    def texts(self) -> list[int]:
        """Where texts are that stand between a start tag and its own end tag."""
        return [
            at
            for at, token in enumerate(self.tokens[:-1])
            if at
            and token[0] != "<"
            and self.tokens[at + 1][:2] == "</"
            and self.tokens[at - 1][1:2].isalpha()
        ]

    def end(self, start: int) -> int:
        """Where the token after the element is that begins at `start`."""
        depth = 0
        for at in range(start, len(self.tokens)):
            token = self.tokens[at]
            if token[0] != "<" or token[1:2] in ("!", "?"):
                continue
            depth += -1 if token[1:2] == "/" else 0 if token.endswith("/>") else 1
            if depth <= 0:
                return at + 1
        return len(self.tokens)

    def children(self, start: int) -> list[tuple[int, int]]:
        """The elements directly within the one at `start`, as spans of tokens."""
        found, at, end = [], start + 1, self.end(start) - 1
        while at < end:
            if self.tokens[at][0] == "<" and self.tokens[at][1:2].isalpha():
                after = self.end(at)
                found.append((at, after))
                at = after
            else:
                at += 1
        return found


def local(tag: str) -> str:
    """The name of a tag without its prefix."""
    found = _NAME.match(tag)
    return found[1].rpartition(":")[2] if found else ""


def attributes(tag: str) -> list[tuple[str, str]]:
    """Names and values, as written, of a start tag."""
    return [(name, value[1:-1]) for _, name, _, value in _ATTRIBUTE.findall(tag)]


def with_attributes(tag: str, wanted: list[tuple[str, str]], quote: str = '"') -> str:
    """The tag with these attributes and no others."""
    found = _NAME.match(tag)
    assert found
    inner = "".join(f" {name}={quote}{value}{quote}" for name, value in wanted)
    return f"<{found[1]}{inner}{'/' * tag.endswith('/>')}>"


def chosen(dice: Random, places: list[int], most: int = 3) -> list[int]:
    """Some of the places, mostly one; at times a great part of them."""
    if not places:
        return []
    if dice.random() < 0.15:
        return [each for each in places if dice.random() < 0.5]
    return dice.sample(places, min(len(places), dice.randint(1, most)))
