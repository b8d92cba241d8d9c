"""Every document of `--json` keeps to its JSON Schema, at every exit code; scripts rely on these."""

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, ValidationError

import installed
from workbooks import write_workbook

EXAMPLES = Path(__file__).parents[2] / "example_workbooks"
GOOD, BAD = EXAMPLES / "new-branch-office.xlsx", EXAMPLES / "typical-mistakes.xlsx"


def schema(name: str) -> Draft202012Validator:
    """As it is shipped in the package."""
    text = files("xlsx2opeasy").joinpath("schema", f"{name}.json").read_text(encoding="utf-8")
    return Draft202012Validator(json.loads(text))


SCHEMAS = ("check", "plan", "load", "jobs", "webex-jobs", "manifest", "fields", "rules", "queue")


def document(name: str, *arguments: object, codes: tuple[int, ...] = (0,)) -> Any:
    """What a command prints, which its schema holds."""
    done = installed.run(*arguments, "--json", timeout=120)
    assert done.returncode in codes, done.stderr
    found = json.loads(done.stdout)
    schema(name).validate(found)
    return found


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_schemas_are_schemas_and_refuse_nonsense(name: str) -> None:
    validator = schema(name)
    Draft202012Validator.check_schema(validator.schema)
    for nonsense in ({}, [], {"items": [{"id": []}]}, {"rows": "many"}):
        with pytest.raises(ValidationError):
            validator.validate(nonsense)


def test_checks(home: Path) -> None:
    document("check", "check", GOOD)
    assert document("check", "check", BAD, codes=(3,))["problems"]
    document("check", "check", "missing.xlsx", codes=(7,))


def test_plans(home: Path) -> None:
    assert {each["stage"] for each in document("plan", "plan", GOOD)["operations"]} == {None}
    staged = document("plan", "plan", GOOD, "--canary", "2", "--stop-after", "10%")
    assert {"canary", "stage 1"} <= {each["stage"] for each in staged["operations"]}
    document("plan", "plan", BAD, codes=(3,))
    document("plan", "plan", "missing.xlsx", codes=(7,))


def test_loads_and_jobs(home: Path, tmp_path: Path) -> None:
    rehearse = ("load", GOOD, "--sandbox", "--output", tmp_path / "a.xlsx")
    assert document("load", *rehearse)["rows"]["succeeded"] == 55
    invalid = document(
        "load", "load", BAD, "--sandbox", "--rows", "--output", tmp_path / "b.xlsx", codes=(3,)
    )
    wrong = {each["retryable"] for each in invalid["failures"] if each["result"] == "INVALID"}
    assert wrong == {"no"}
    document("load", "load", "missing.xlsx", "--sandbox", "--rows", codes=(7,))
    document("load", "resume", codes=(2,))
    assert document("jobs", "jobs")["items"]


def test_each_failure_names_its_row(home: Path, tmp_path: Path) -> None:
    path = write_workbook(
        tmp_path / "a.xlsx",
        {
            "Users": "| command | groupId | user.userId | device.name |\n"
            "| DeleteUser | | nobody@example.com | |\n"
            "| DeleteDevice | | | DAL-1 |",
            "PhoneNumbers": "| command | groupId | phoneNumbers |\n| Assign | Dallas | 2145550100 |",
        },
    )
    found = document("load", "load", path, "--sandbox", "--rows", "--output", tmp_path / "b.xlsx", codes=(1,))
    told = [
        tuple(each[name] for name in ("sheet", "row", "command", "identity", "code", "retryable"))
        for each in found["failures"]
    ]
    assert told == [
        ("Users", 2, "DeleteUser", "nobody@example.com", "101", "no"),
        ("Users", 3, "DeleteDevice", "DAL-1", "103", "no"),
    ]
    assert all(each["words"] for each in found["failures"])


def test_the_others(home: Path, tmp_path: Path) -> None:
    document("manifest", "convert", GOOD, "--output", tmp_path / "out")
    schema("manifest").validate(json.loads((tmp_path / "out" / "manifest.json").read_text()))
    document("manifest", "convert", BAD, "--output", tmp_path / "out", codes=(3,))
    document("fields", "fields")
    document("fields", "fields", "nosuchfield", codes=(2,))
    document("queue", "queue", "list", codes=(2,))
    document("webex-jobs", "webex", "jobs", codes=(4,))
