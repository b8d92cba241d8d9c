"""The package as a library: its public names, their types, and the examples of docs/library.md."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import xlsx2opeasy
from xlsx2opeasy import errors, library
from xlsx2opeasy.sandbox.serve import serve_in_thread

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
EXAMPLES = "\n".join(re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL))
HEAVY = {"pandas", "pandera", "httpx", "starlette", "openpyxl", "rich", "click"}


def python(*arguments: str, **options: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=120, **options
    )  # type: ignore[call-overload,no-any-return]


def test_every_public_name_is_there_and_no_other_error_is() -> None:
    for name in xlsx2opeasy.__all__:
        assert getattr(xlsx2opeasy, name) is not None
        assert name in dir(xlsx2opeasy)
    defined = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.Xlsx2OpeasyError)
    }
    assert defined <= set(xlsx2opeasy.__all__)
    with pytest.raises(AttributeError, match="nonsense"):
        xlsx2opeasy.nonsense  # noqa: B018


def test_a_public_name_is_never_that_of_a_module() -> None:
    # An imported submodule would take the name's place.
    modules = {path.stem for path in (ROOT / "src" / "xlsx2opeasy").iterdir()}
    assert not modules & set(xlsx2opeasy.__all__)


@pytest.mark.parametrize("name", library.__all__)
@pytest.mark.parametrize("first", ["", "import xlsx2opeasy.check, xlsx2opeasy.load\n"])
def test_a_function_is_one_whatever_was_imported_before(name: str, first: str) -> None:
    # In a process of this test's own state: names of functions and of packages never meet.
    space: dict[str, object] = {}
    exec(f"{first}from xlsx2opeasy.library import {name} as found\nimport xlsx2opeasy.check", space)
    exec("import xlsx2opeasy.load\nfrom xlsx2opeasy import library", space)
    assert space["found"] is getattr(library, name)
    assert callable(space["found"])


def test_a_template_is_not_replaced_unless_one_says_so(tmp_path: Path) -> None:
    file = library.template(tmp_path / "a.xlsx", task_types=["PhoneNumbers"])
    before = file.read_bytes()
    with pytest.raises(errors.WorkbookUnusable, match="exists"):
        library.template(file)
    assert file.read_bytes() == before
    library.template(file, commands=["DeleteUser"], replace_file=True)
    assert file.read_bytes() != before
    assert library.check(file).total == 0
    for wrong in ({"commands": ["AddUsr"]}, {"task_types": ["User"]}):
        with pytest.raises(errors.UsageError, match="is no"):
            library.template(tmp_path / "b.xlsx", **wrong)
    with pytest.raises(errors.UsageError, match="xlsx"):
        library.template(tmp_path / "b.txt")


def test_check_and_convert_tell_what_happens(tmp_path: Path) -> None:
    told: list[xlsx2opeasy.Event] = []
    mistakes = ROOT / "example_workbooks" / "typical-mistakes.xlsx"
    checked = library.check(mistakes, tell=told.append)
    assert [type(each).__name__ for each in told] == ["WorkbookOpened", "WorkbookChecked"]
    with pytest.raises(errors.InvalidWorkbook, match=f"{len(checked.errors)} errors, the first at Users!A3"):
        library.convert(mistakes, tmp_path / "tasks")
    assert not (tmp_path / "tasks").exists()


def test_importing_the_package_imports_nothing_heavy() -> None:
    done = python("-c", "import sys, xlsx2opeasy; print(*sys.modules)")
    assert not HEAVY & set(done.stdout.split())


def test_the_errors_of_the_document_have_their_exit_codes() -> None:
    told = {name: int(code) for name, code in re.findall(r"^- `(\w+)` \((\d+)\)", DOCUMENT, re.MULTILINE)}
    assert told == {
        name: value.exit_code
        for name, value in vars(errors).items()
        if isinstance(value, type)
        and issubclass(value, errors.Xlsx2OpeasyError)
        and value is not errors.Xlsx2OpeasyError
    }


def test_the_examples_of_the_document_run(tmp_path: Path) -> None:
    shutil.copy(ROOT / "example_workbooks" / "new-branch-office.xlsx", tmp_path / "branch.xlsx")
    (tmp_path / "examples.py").write_text(EXAMPLES, encoding="utf-8")
    with serve_in_thread() as sandbox:
        connection = {
            "OPEASY_URL": sandbox.url,
            "OPEASY_ENTERPRISE_ID": sandbox.enterprise_id,
            "OPEASY_API_KEY": sandbox.api_key,
        }
        done = python("-W", "error", "examples.py", cwd=tmp_path, env=os.environ | connection)
    assert (done.returncode, done.stderr) == (0, "")
    said = done.stdout.splitlines()
    assert "55 rows, 0 of them invalid" in said
    assert "55 tasks in ['operation-1-chunk-0001.json', 'operation-2-chunk-0001.json', " in done.stdout
    assert said.count("operation 2 started") == 1
    assert "operation 2: 54 tasks uploaded" in said
    assert f"completed 55 of 55 {tmp_path / 'done.xlsx'}" in said
    assert any("the same tasks were loaded by job" in line or "correct the rows" in line for line in said)
    assert said[-3:-1] == ["1 task", "DeleteUser"]
    assert said[-1].startswith("404 REJECTED the server refused the request: ")
    assert (tmp_path / "done.xlsx").exists()


def test_the_examples_of_the_document_are_typed(tmp_path: Path) -> None:
    (tmp_path / "examples.py").write_text(EXAMPLES, encoding="utf-8")
    cache = str(ROOT / ".mypy_cache")
    done = python(
        "-m",
        "mypy",
        "--strict",
        "--cache-dir",
        cache,
        "--config-file",
        "",
        str(tmp_path / "examples.py"),
        cwd=ROOT,
    )
    assert "Success" in done.stdout, done.stdout


def test_a_job_of_another_enterprise_is_not_resumed(tmp_path: Path) -> None:
    shutil.copy(ROOT / "example_workbooks" / "new-branch-office.xlsx", tmp_path / "branch.xlsx")
    with serve_in_thread() as sandbox:
        secret = xlsx2opeasy.Secret(sandbox.api_key)
        mine = xlsx2opeasy.Connection(sandbox.url, "mine", xlsx2opeasy.Secret("wrong"))
        stopped = library.load(tmp_path / "branch.xlsx", mine)
        assert (stopped.status, stopped.exit_code) == ("failed", 4)
        refused = library.resume(stopped.job, xlsx2opeasy.Connection(sandbox.url, "other", secret))
        assert refused.exit_code == 6
        assert "belongs to enterprise mine" in refused.message
        done = library.resume(None, xlsx2opeasy.Connection(sandbox.url, "mine", secret))
        assert (done.job, done.exit_code) == (stopped.job, 0)
