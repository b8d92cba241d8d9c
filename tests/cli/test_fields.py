"""`fields` as a person and a script call it."""

import json
import subprocess
import sys
from typing import Any

import pytest

import installed
from xlsx2opeasy.cli.fields import entries
from xlsx2opeasy.spec.catalogue import TASK_TYPES


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return installed.run("fields", *arguments)


def names(*arguments: str) -> list[str]:
    return [field["name"] for field in document(*arguments)]


def document(*arguments: str) -> list[dict[str, Any]]:
    done = run("--json", *arguments)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["fields"]


def test_a_field_in_full() -> None:
    done = run("user.extension")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        "user.extension  (Users, Appendix I)\n"
        "  Primary extension.\n"
        "  Kind       text\n"
        "  Rule       digits only; at most 20 characters\n"
        "  Example    0101\n"
        "  Used by    AddUser, AddUserDevice, ModifyUser\n"
    )


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (
            "device.name",
            "Needed by  AddDevice, ModifyDevice, DeleteDevice; AddUserDevice unless userProfile is filled",
        ),
        ("activated", "Sent as    phoneNumbers.activated"),
        ("user.voicemailAccout", "Also       user.voicemailAccout"),
        ("user.userPassword", "Secret     yes"),
        ("USER . Extension", "digits only"),
        ("callCenterInfo[1].skillLevel", "a whole number from 1 to 20"),
        ("user.servicePacks[0]", "a list, its items separated by semicolons"),
    ],
)
def test_what_else_a_field_tells(name: str, words: str) -> None:
    assert words in run(name).stdout


def test_a_name_of_two_sheets_tells_both() -> None:
    done = run("groupId")
    assert "groupId  (Users, Appendix I)" in done.stdout
    assert "groupId  (PhoneNumbers, Appendix V)" in done.stdout


def test_searching_by_a_part_a_sheet_or_a_command() -> None:
    assert names("mac") == ["device.macAddress"]
    assert names("PINGUSER") == [
        *("user.pingUserName", "user.pingUserPassword", "user.pingUserDispositionalState")
    ]
    assert len(names("callforwarding")) == 11
    assert names("deleteuser") == ["user.userId", "user.pingUserDispositionalState"]
    listed = run("sas").stdout
    assert "device.audioCodesDeviceSettings.sasRegistrarPort       a whole number from 1 to 65535\n" in listed
    assert (
        "4 fields; one in full: xlsx2opeasy fields device.audioCodesDeviceSettings.sasRegistrar\n" in listed
    )


def test_without_a_name_all_are_listed_by_sheet() -> None:
    lines = run().stdout.splitlines()
    assert [line.split(" (")[0] for line in lines if line and not line.startswith((" ", "1"))] == [
        task_type.name for task_type in TASK_TYPES
    ]
    assert len([line for line in lines if line.startswith("  ")]) == sum(
        len(each.fields) for each in TASK_TYPES
    )


def test_json_has_everything_about_each_field() -> None:
    found = {(each["taskType"], each["name"]): each for each in document()}
    assert len(found) == sum(len(each.fields) for each in TASK_TYPES)
    for task_type in TASK_TYPES:
        for field in task_type.fields:
            each = found[(task_type.name, field.name)]
            assert set(each["commands"]) == field.commands
            assert [rule["code"] for rule in each["rules"]] == [rule.code for rule in field.rules]
            assert (each["wireName"], each["secret"], each["example"]) == (
                field.wire_name,
                field.secret,
                field.example,
            )
    assert found[("Users", "device.level")]["values"] == ["Enterprise", "Group"]
    assert found[("Users", "groupId")]["requiredBy"][-1] == {
        "command": "AddDevice",
        "unless": "device.level",
        "value": "Enterprise",
        "oneOf": [],
    }
    assert found[("PhoneNumbers", "activated")]["requiredBy"] == [
        {"command": "Modify", "unless": None, "value": None, "oneOf": ["groupId", "activated"]}
    ]


def test_no_such_field_names_the_nearest() -> None:
    done = run("usr.extenson")
    assert (done.returncode, done.stdout) == (2, "")
    assert 'no field has "usr.extenson" in its name' in done.stderr
    assert "did you mean user.extension?" in done.stderr
    done = run("usr.extenson", "--json")
    document = json.loads(done.stdout)
    assert (done.returncode, document["fields"]) == (2, [])
    assert "usr.extenson" in document["message"]


def test_every_field_is_found_by_its_own_name() -> None:
    for task_type in TASK_TYPES:
        for field in task_type.fields:
            found = entries(field.name)
            assert field in [entry.field for entry in found]
            assert {entry.field.name for entry in found} == {field.name}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["fields"], ["fields", "mac", "--json"], ["template", "--help"]]
)
def test_nothing_heavy_is_imported(arguments: list[str]) -> None:
    """A reference that answers at once does not wait for pandas."""
    program = (
        "import sys; from xlsx2opeasy.cli.main import cli; cli.main(sys.argv[1:], standalone_mode=False);"
        "heavy = {'pandas', 'numpy', 'pandera', 'httpx', 'starlette', 'openpyxl'} & set(sys.modules);"
        "sys.exit(f'imported: {heavy}' if heavy else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
