"""The registry holds every rule: whatever raises a problem finds its code there, and no problem goes without."""

import ast
from pathlib import Path

import pytest

from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.problems import Problem, Severity, problem
from xlsx2opeasy.registry import RULES, allowed_rules

SOURCE = Path(__file__).parents[2] / "src" / "xlsx2opeasy"
RAISING = {"Problem", "problem", "refused", "repaired", "Conflict", "_warning"}


def _literal_codes() -> set[str]:
    """The codes that calls in the reader and the check name as literals."""
    found = set()
    for path in (*SOURCE.glob("workbook/**/*.py"), *SOURCE.glob("check/*.py"), *SOURCE.glob("cli/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in RAISING:
                given = [*node.args, *(each.value for each in node.keywords if each.arg == "rule")]
                found |= {
                    each.value for each in given if isinstance(each, ast.Constant) and each.value in RULES
                }
    return found


def test_every_entry_is_whole() -> None:
    for code, entry in RULES.items():
        assert entry.code == code
        assert entry.says[0].isupper()
        assert entry.says.endswith(".")
        assert entry.origin
        assert entry.why


def test_a_problem_without_an_entry_cannot_be_built() -> None:
    with pytest.raises(ValueError, match="the registry has no rule made-up"):
        Problem("Users", "made-up", "")
    with pytest.raises(ValueError, match="macros has no errors"):
        Problem("", "macros", "")
    with pytest.raises(ValueError, match="required has no warnings"):
        Problem("Users", "required", "", severity=Severity.WARNING)


def test_only_what_may_be_allowed_is_lowered() -> None:
    needed, long = Problem("Users", "required", ""), Problem("Users", "max-length", "")
    assert long.under({"max-length"}).severity is Severity.WARNING
    assert long.under({"digits"}).severity is Severity.ERROR
    with pytest.raises(ValueError, match="required"):
        needed.under({"required"})
    assert allowed_rules(["max-length"], ["digits"]) == {"max-length", "digits"}
    with pytest.raises(UsageError, match="there is no rule") as unknown:
        allowed_rules(["max-lenght"])
    assert unknown.value.hint == "did you mean max-length?"
    with pytest.raises(UsageError, match="cannot be allowed: the task would have no subject"):
        allowed_rules(["required"])


def test_a_sentence_is_filled() -> None:
    found = problem("sync-twice", "Users", row=3, places={"command": "SyncDeletedTeamsUsers", "other": 2})
    assert found.severity is Severity.WARNING
    assert found.message == "SyncDeletedTeamsUsers is in row 2 already; it is sent once"


def test_the_reader_and_the_check_raise_what_is_there() -> None:
    assert len(_literal_codes()) > 30
