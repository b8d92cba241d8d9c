"""Rare branches of the program, named by comments (`# rare: append in doubt, counts unchanged`), and which were reached.

The comments cost the program nothing. Only a campaign, which installs this before it imports the program, has a
call put before each statement that such a comment names.
"""

import ast
import importlib.machinery
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

SOURCE = Path(__file__).parents[1] / "src"
REACHED: Counter[str] = Counter()
"""How often each rare branch was reached."""
_MARK = re.compile(r"^ *# rare: (.+)$")
_CALL = "_reached"


def marks_in(source: str) -> dict[int, str]:
    """By the line (from 1) of the statement that follows, the names of the rare branches of a module."""
    lines = enumerate(source.splitlines(), 2)
    return {number: found[1] for number, line in lines if (found := _MARK.match(line))}


def every() -> list[str]:
    """The names of all rare branches; one that stands twice is there twice."""
    files = sorted(SOURCE.rglob("*.py"))
    return [name for file in files for name in marks_in(file.read_text(encoding="utf-8")).values()]


def missed() -> list[str]:
    """Those that were not reached."""
    return sorted(set(every()) - set(REACHED))


class _Marking(ast.NodeTransformer):
    def __init__(self, marks: dict[int, str]) -> None:
        self.left = dict(marks)

    def generic_visit(self, node: ast.AST) -> ast.AST:
        super().generic_visit(node)
        for name in ("body", "orelse", "finalbody"):
            statements = getattr(node, name, None)
            if isinstance(statements, list):
                setattr(node, name, list(self._marked(statements)))
        return node

    def _marked(self, statements: list[ast.stmt]) -> Iterator[ast.stmt]:
        for statement in statements:
            if name := self.left.pop(statement.lineno, ""):
                call = ast.parse(f"{_CALL}({name!r})").body[0]
                yield ast.fix_missing_locations(ast.copy_location(call, statement))
            yield statement


def marked(source: str, path: str) -> ast.Module:
    """The module, with a call before each statement of a rare branch. ValueError for a mark before none."""
    marking = _Marking(marks_in(source))
    tree: ast.Module = marking.visit(ast.parse(source, path))
    if marking.left:
        raise ValueError(f"{path}: no statement follows {sorted(marking.left.values())}")
    return tree


def _reached(name: str) -> None:
    REACHED[name] += 1


class _Loader(importlib.machinery.SourceFileLoader):
    """Compiles a module anew, with the calls, and leaves its compiled file alone."""

    def path_stats(self, path: Any) -> Any:
        raise OSError("not from a compiled file")

    def set_data(self, path: Any, data: Any, *, _mode: int = 0o666) -> None:
        pass

    def source_to_code(self, data: Any, path: Any, *, _optimize: int = -1) -> Any:  # type: ignore[override]
        tree = marked(bytes(data).decode(), str(path))
        return compile(tree, path, "exec", dont_inherit=True, optimize=_optimize)

    def exec_module(self, module: ModuleType) -> None:
        setattr(module, _CALL, _reached)
        super().exec_module(module)


class _Finder(importlib.machinery.PathFinder):
    @classmethod
    def find_spec(
        cls, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if not fullname.startswith("xlsx2opeasy."):
            return None
        spec = super().find_spec(fullname, path, target)
        if spec and spec.origin and b"# rare: " in Path(spec.origin).read_bytes():
            spec.loader = _Loader(fullname, spec.origin)
        return spec


def install() -> None:
    """From now on the rare branches of modules that are imported are counted."""
    sys.meta_path.insert(0, _Finder)
