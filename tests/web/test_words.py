"""Sentences as the page shows them: nothing in them is for a terminal."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import xlsx2opeasy
from xlsx2opeasy.web.words import laid_out, plain

_NOT_ON_THE_PAGE = ("cli", "sandbox", "store", "webex", "start.py")
_TYPED = re.compile(
    r"--[a-z]|\bxlsx2opeasy (?!template version|notes$|enterprise$|that |loaded |to be )[a-z]|\b(?:OPEASY|WEBEX)_[A-Z]"
)


def _texts() -> Iterator[tuple[str, str]]:
    """Every text of the rooms whose messages the page shows, an X for each value in it; no docstrings."""
    root = Path(xlsx2opeasy.__file__).parent
    for file in sorted(root.rglob("*.py")):
        place = file.relative_to(root)
        if place.parts[0] in _NOT_ON_THE_PAGE or place == Path("web/words.py"):
            continue
        tree = ast.parse(file.read_text(encoding="utf-8"))
        skipped = {id(each.value) for each in ast.walk(tree) if isinstance(each, ast.Expr)}
        for joined in ast.walk(tree):
            if isinstance(joined, ast.JoinedStr):
                skipped |= {id(each) for each in joined.values}
                yield (
                    str(place),
                    "".join(
                        str(getattr(each, "value", "")) if isinstance(each, ast.Constant) else "X"
                        for each in joined.values
                    ),
                )
        yield from (
            (str(place), each.value)
            for each in ast.walk(tree)
            if isinstance(each, ast.Constant) and isinstance(each.value, str) and id(each) not in skipped
        )


def test_no_message_speaks_of_a_terminal() -> None:
    found = [(place, text) for place, text in _texts() if _TYPED.search(text)]
    assert len(found) > 80
    assert [each for each in found if _TYPED.search(plain(each[1]))] == []


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        (
            "1 row has failed, and the budget (--stop-after) allows 0",
            "1 row has failed, and the budget allows 0",
        ),
        ("interrupted; go on with: xlsx2opeasy resume L20260101-aaaa", "interrupted"),
        ("look. Then: xlsx2opeasy load '/my. files; all/a.xlsx' --sandbox", "look."),
        ("wait for it to end; xlsx2opeasy jobs follow shows how far it is", "wait for it to end"),
        ("Close it elsewhere, or name another file with --output.", "Close it elsewhere"),
        ("add --large; else split the rows.", "split the rows."),
        (
            "the server could not be reached: no network (GET /v1/scheduledoperations/{scheduled-operation-id}/status)",
            "the server could not be reached: no network",
        ),
        ("the server refused it: no (POST /v1/operations, 403). Ask", "the server refused it: no (403). Ask"),
        ("nothing is typed here, -- and --nothing of a server's text is taken away", None),
    ],
)
def test_what_is_typed_into_a_terminal_is_left_out(message: str, shown: str | None) -> None:
    assert plain(message) == (message if shown is None else shown)


def test_a_message_of_several_lines_keeps_them() -> None:
    message = "NOT KNOWN - on purpose.\nSo    : look at it: now.\nThen  : go\n   it has one : xlsx2opeasy resume L --port 1"
    assert laid_out(message) == [("", "NOT KNOWN - on purpose."), ("So", "look at it: now."), ("Then", "go")]
    assert laid_out("Refused: look. Then: xlsx2opeasy jobs") == [("", "Refused: look.")]
