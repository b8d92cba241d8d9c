"""A sheet's comments part with comments of ours.

ECMA-376 part 1, 18.7. Comments of others stay; where one is at a cell already, ours
goes on from it. One that stands in for a thread (its author begins `tc=`) is left alone: Excel shows the
thread instead, and the problem sheet has the words.
"""

from collections.abc import Iterable

from xlsx2opeasy.ooxml.text import text_element
from xlsx2opeasy.ooxml.xml import Element, parsed, spliced, with_last_child
from xlsx2opeasy.workbook.annotate.marks import Comment

AUTHOR = "xlsx2opeasy"
LONGEST = 2_000
"""Characters of a comment; the problem sheet has all of them."""

_FONT = (
    '<{0}rPr><{0}sz val="9"/><{0}color indexed="81"/><{0}rFont val="Tahoma"/><{0}family val="2"/></{0}rPr>'
)
_THREAD = "tc="


def no_comments(namespace: str) -> bytes:
    """A comments part without any."""
    declaration = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
    return f'{declaration}<comments xmlns="{namespace}"><authors/><commentList/></comments>'.encode()


def with_comments(before: bytes, part: str, ours: Iterable[Comment]) -> tuple[bytes, list[Comment]]:
    """The comments part (UTF-8) with `ours`, and those of them that are new and so need a shape."""
    root = parsed(before, part)
    authors = _authors(root)
    known = AUTHOR in authors
    author = authors.index(AUTHOR) if known else len(authors)
    there = _by_reference(root)
    p, entries = root.prefix, list[str]()
    new, edits = list[Comment](), list[tuple[int, int, bytes]]()
    for each in ours:
        if (own := there.get(each.reference)) is not None:
            edits += _continued(before, own, each, _author(authors, own))
            continue
        new.append(each)
        text = f"<{p}text>{_run(each.words, p)}</{p}text>"
        entries.append(f'<{p}comment ref="{each.reference}" authorId="{author}">{text}</{p}comment>')
    after = spliced(before, edits)
    if not entries:
        return after, new
    after = _appended(after, part, "commentList", "".join(entries))
    return (after if known else _appended(after, part, "authors", f"<{p}author>{AUTHOR}</{p}author>")), new


def _by_reference(root: Element) -> dict[str, Element]:
    """The comments there are, by the address of their cell."""
    comments = root.child("commentList")
    return {each.attributes.get("ref", ""): each for each in (comments.all("comment") if comments else ())}


def _authors(root: Element) -> list[str]:
    authors = root.child("authors")
    return [each.text for each in authors.all("author")] if authors else []


def _author(authors: list[str], comment: Element) -> str:
    index = comment.attributes.get("authorId", "")
    return authors[int(index)] if index.isdecimal() and int(index) < len(authors) else ""


def _continued(data: bytes, comment: Element, ours: Comment, author: str) -> list[tuple[int, int, bytes]]:
    """The edits that let somebody's comment go on with ours; none for a thread's."""
    text = comment.child("text")
    if text is None or author.startswith(_THREAD):
        return []
    run = _run(f"\n\n{AUTHOR}\n{ours.words}", text.prefix).encode()
    if text.end == text.inside:
        opening = data[text.start : text.end].removesuffix(b"/>").rstrip()
        return [(text.start, text.end, opening + b">" + run + f"</{text.prefix}text>".encode())]
    later = (each.start for each in text.children if each.name in {"rPh", "phoneticPr"})
    place = next(later, text.close)
    return [(place, place, run)]


def _appended(data: bytes, part: str, name: str, entries: str) -> bytes:
    """`data` with entries at the end of a child of its root, which is made where it is missing."""
    root = parsed(data, part)
    if (parent := root.child(name)) is not None:
        return with_last_child(data, parent, entries.encode())
    block = f"<{root.prefix}{name}>{entries}</{root.prefix}{name}>".encode()
    return spliced(data, [(root.inside, root.inside, block)])


def _run(text: str, prefix: str) -> str:
    """Text in the font that Excel gives to comments (18.4.4)."""
    shown = text if len(text) <= LONGEST else f"{text[:LONGEST]}… (all of it: see the problem sheet)"
    return f"<{prefix}r>{_FONT.format(prefix)}{text_element(shown, prefix)}</{prefix}r>"
