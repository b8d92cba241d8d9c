"""Who may import whom: imports point down only, and each library stays in its room (ARCHITECTURE.md)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parent.parent / "src" / "xlsx2opeasy"

LEVELS: dict[str, float] = {
    "spec": 0,
    "errors": 0,
    "streams": 0,
    "shell": 0,
    "registry": 0.5,
    "operating_system": 0,
    "problems": 1,
    "reduced_gc": 0,
    "secret": 1.2,
    "display": 0,
    "masking": 1.4,
    "durable": 0.5,
    "paths": 0,
    "job_model": 0,
    "http": 1.5,
    "ooxml": 1,
    "workbook": 2,
    "opeasy": 3,
    "webex": 3,
    "check": 3,
    "tasks": 4,
    "importing": 4.5,
    "undo": 6,
    "load": 5,
    "store": 6,
    "settings": 7,
    "report": 6,
    "library": 8,
    "session": 8,
    "support": 8,
    "diagnosis": 9,
    "web": 10,
    "cli": 11,
    "__init__": 11,
    "start": 12,
    "__main__": 13,
}
"""A room may import rooms of a lower level, and itself. The sandbox stands apart: it imports spec alone."""

SUBROOMS: dict[str, tuple[str, ...]] = {
    "load": ("job", "webhook", "run", "results", "jobs", "plan"),
    "workbook": ("reading", "results", "annotate"),
}
"""The rooms inside a room, lowest first: each may import those before it, never those after it."""

ROOMS_OF = {
    "httpx": {"opeasy", "webex", "sandbox", "http"},
    "httpcore": {"opeasy", "webex", "http"},
    "pandera": {"check"},
    "python_calamine": set(),
    "starlette": {"sandbox", "web"},
    "uvicorn": {"sandbox", "web"},
    "click": {"cli"},
    "rich": {"cli"},
    "keyring": {"settings", "cli"},
    "sqlite3": {"load"},
    "psycopg": {"store"},
    "procrastinate": {"store"},
    "cryptography": {"store"},
}
"""Libraries that only these rooms may know."""

MODULES = sorted(SOURCE.rglob("*.py"))


def _room(path: Path) -> str:
    first = path.relative_to(SOURCE).parts[0]
    return first.removesuffix(".py")


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(SOURCE).as_posix())
def test_imports_point_down(path: Path) -> None:
    room = _room(path)
    for name in _imports(path):
        parts = name.split(".")
        if parts[0] == "xlsx2opeasy" and len(parts) > 1:
            other = parts[1]
            if room == "sandbox":
                assert other in ("sandbox", "spec"), f"the sandbox imports {name}"
            elif other == "sandbox":
                assert room in ("cli", "session"), f"{room} imports the sandbox"
            elif other != room:
                assert LEVELS[other] < LEVELS[room], f"{room} imports {name}"
        elif parts[0] in ROOMS_OF:
            assert room in ROOMS_OF[parts[0]], f"{room} imports {parts[0]}"


@pytest.mark.parametrize(("room", "subrooms"), SUBROOMS.items(), ids=[f"{room}/" for room in SUBROOMS])
def test_imports_point_down_inside_a_room(room: str, subrooms: tuple[str, ...]) -> None:
    for level, subroom in enumerate(subrooms):
        above = subrooms[level + 1 :]
        for path in (SOURCE / room / subroom).glob("*.py"):
            for name in _imports(path):
                parts = name.split(".")
                if parts[:2] == ["xlsx2opeasy", room] and len(parts) > 2:
                    assert parts[2] not in above, f"{room}/{subroom}/{path.name} imports {name}"


def test_the_catalogue_needs_nothing_but_the_standard_library() -> None:
    for path in (SOURCE / "spec").glob("*.py"):
        for name in _imports(path):
            assert name.startswith(("xlsx2opeasy.spec", "re", "difflib", "unicodedata")) or name in (
                "collections.abc",
                "dataclasses",
                "enum",
                "functools",
                "typing",
            ), f"{path.name} imports {name}"


def test_every_module_says_what_it_is() -> None:
    for path in MODULES:
        assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))), f"{path} has no docstring"


FOR_ONE_SYSTEM = re.compile(
    r"\b(fcntl|resource|pwd|grp|termios|msvcrt|winreg)\b"
    r"|\bos\.(name|getuid|geteuid|fork|fchmod|fchown|chown|setsid|O_NOFOLLOW|O_CLOEXEC)\b"
    r"|\bsys\.platform\b|\bctypes\b|\bsignal\.(SIGKILL|SIGHUP|SIGUSR1|SIGUSR2)\b"
)
"""What only some operating systems have, and the questions which of them it is."""
KNOWS_THE_SYSTEM = {
    "operating_system.py",
    "shell.py",  # how a command is typed there
    "load/job/machine_lock.py",  # three kinds of lock
    "load/job/journal.py",  # tests of crashes, off otherwise
    "cli/questions.py",  # the terminal
    "ooxml/replace.py",  # flags of open, each with a default
    "sandbox/serve.py",  # stands apart, imports spec alone
    "web/serve.py",
}


def test_what_only_some_systems_have_is_in_few_modules() -> None:
    found = set()
    for path in MODULES:
        code = "\n".join(
            ast.unparse(node)
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Attribute | ast.Import | ast.ImportFrom)
        )
        if FOR_ONE_SYSTEM.search(code):
            found.add(path.relative_to(SOURCE).as_posix())
    assert found <= KNOWS_THE_SYSTEM
