"""Rows become the tasks of the Appendix's examples, to the letter (readings.md decides where these differ)."""

import json
from pathlib import Path
from typing import Any

import pytest

from workbooks import write_workbook
from xlsx2opeasy.check.checked import check_workbook
from xlsx2opeasy.errors import UsageError
from xlsx2opeasy.tasks import build
from xlsx2opeasy.tasks.build import all_tasks
from xlsx2opeasy.workbook.read import read_workbook


def _tasks(path: Path, sheets: dict[str, str]) -> list[dict[str, Any]]:
    checked = check_workbook(read_workbook(write_workbook(path, sheets)))
    assert checked.errors == ()
    return [json.loads(json.dumps(task.as_sent())) for task in all_tasks(checked.sheets)]


def test_add_user_with_a_user_profile(tmp_path: Path) -> None:
    (task,) = _tasks(
        tmp_path / "a.xlsx",
        {
            "Users": """
| command | groupId | userProfile | user.userId | user.department | user.lastName | user.phoneNumberActivation | user.extension | user.msTeamsXsiPlugin | user.useExistingPingAccount | device.physicalLocation |
| AddUser | group | MS Teams | john.doe@example.com | department | Doe | activate | 31 | TRUE | yes | DALLAS TX |
"""
        },
    )
    assert task == {
        "command": "AddUser",
        "content": {
            "groupId": "group",
            "userProfile": "MS Teams",
            "user": {
                "userId": "john.doe@example.com",
                "department": "department",
                "lastName": "Doe",
                "phoneNumberActivation": "Activate",
                "extension": "31",
                "msTeamsXsiPlugin": True,
                "useExistingPingAccount": True,
            },
            "device": {"physicalLocation": "DALLAS TX"},
        },
    }


def test_add_user_device_with_every_kind_of_nesting(tmp_path: Path) -> None:
    (task,) = _tasks(
        tmp_path / "a.xlsx",
        {
            "Users": """
| command | groupId | user.userId | user.vmTranscription | user.voicemailAccout | user.servicePacks | user.alternateUserIds[0] | user.alternateUserIds[2] | device.name | device.eriRecordName | device.macAddress | device.dect112Info.handsetInfo[0].ipeiNumber | device.dect112Info.handsetInfo[0].registrationCode | device.dect112Info.handsetInfo[3].ipeiNumber | device.dect112Info.repeaterIpeiNumber | device.audioCodesDeviceSettngs.SasRegistrarPort | device.trunkUserInformation.trunkGroup |
| AddUserDevice | group-id | john.doe@example.com | 0 | EmailNotification | service-pack-1; service-pack-2 | alt-user-id-1 | alt-user-id-2 | my-device-name | device-erl-record-name | 00:08:5d:12:34:56 | ipei-number-1 | registration-code-1 | ipei-number-2 | ipei-number | 5060 | trunk-group |
"""
        },
    )
    assert task["content"] == {
        "groupId": "group-id",
        "user": {
            "userId": "john.doe@example.com",
            "vmTranscription": False,
            "voicemailAccount": "EmailNotification",
            "servicePacks": ["service-pack-1", "service-pack-2"],
            "alternateUserIds": ["alt-user-id-1", "alt-user-id-2"],
        },
        "device": {
            "name": "my-device-name",
            "erlRecordName": "device-erl-record-name",
            "macAddress": "00085d123456",
            "dect112Info": {
                "handsetInfo": [
                    {"ipeiNumber": "ipei-number-1", "registrationCode": "registration-code-1"},
                    {"ipeiNumber": "ipei-number-2"},
                ],
                "repeaterIpeiNumber": ["ipei-number"],
            },
            "audioCodesDeviceSettings": {"sasRegistrarPort": 5060},
            "trunkUserInformation": {"trunkGroup": "trunk-group"},
        },
    }


def test_an_agent_of_two_call_centers(tmp_path: Path) -> None:
    assign, remove = _tasks(
        tmp_path / "a.xlsx",
        {
            "CallCenterAgent": """
| command | agentId | callCenterInfo[0].CallCenterId | callCenterInfo[0].join | callCenterInfo[0].skillLevel | callCenterInfo[0].supervisors | callCenterInfo[1].callCenterId |
| Assign | john.doe@example.com | call-center-1-id | FALSE | 20 | jane.doe@example.com | call-center-2-id |
| Remove | john.doe@example.com | call-center-1-id | | | | call-center-2-id |
"""
        },
    )
    assert assign["content"] == {
        "agentId": "john.doe@example.com",
        "callCenterInfo": [
            {
                "callCenterId": "call-center-1-id",
                "join": False,
                "skillLevel": 20,
                "supervisors": ["jane.doe@example.com"],
            },
            {"callCenterId": "call-center-2-id"},
        ],
    }
    assert remove["content"]["callCenterInfo"] == [
        {"callCenterId": "call-center-1-id"},
        {"callCenterId": "call-center-2-id"},
    ]


def test_recording_forwarding_numbers_and_sync(tmp_path: Path) -> None:
    tasks = _tasks(
        tmp_path / "a.xlsx",
        {
            "Users": "| command |\n| SyncDeletedTeamsUsers |",
            "CallRecording": """
| command | userId | callRecording.recordCall | callRecording.recordVoiceMessaging | callRecording.repeatRecordCallWarningToneSeconds |
| Modify | user-id | always | False | 10 |
""",
            "CallForwarding": """
| command | userId | callForwarding.callFwdAllActive | callforwarding.callFwdAllNumber | callforwarding.callFwdNoAnswerRings |
| Modify | user-id | true | 0123456789 | 12 |
""",
            "PhoneNumbers": """
| command | groupId | phoneNumbers | Activated |
| Modify | Shop | 312-448-1107 - 312-448-1108 | no |
| Modify | none | 312-448-1109 | |
""",
        },
    )
    assert [task["content"] for task in tasks] == [
        {},
        {
            "userId": "user-id",
            "callRecording": {
                "recordCall": "Always",
                "recordVoiceMessaging": False,
                "repeatRecordCallWarningToneSeconds": 10,
            },
        },
        {
            "userId": "user-id",
            "callforwarding": {
                "callFwdAllActive": True,
                "callFwdAllNumber": "0123456789",
                "callFwdNoAnswerRings": 12,
            },
        },
        {
            "phoneNumbers": {
                "groupId": "Shop",
                "phoneNumbers": "312-448-1107 - 312-448-1108",
                "activated": False,
            }
        },
        {"phoneNumbers": {"groupId": "None", "phoneNumbers": "312-448-1109"}},
    ]


def test_two_quotes_clear_a_field(tmp_path: Path) -> None:
    (task,) = _tasks(
        tmp_path / "a.xlsx",
        {
            "Users": """
| command | user.userId | user.title | user.servicePacks | user.alternateUserIds[0] |
| ModifyUser | john.doe@example.com | "" | "" | "" |
"""
        },
    )
    assert task["content"]["user"] == {
        "userId": "john.doe@example.com",
        "title": "",
        "servicePacks": [],
        "alternateUserIds": [],
    }


def test_values_go_out_as_typed(tmp_path: Path) -> None:
    (task,) = _tasks(
        tmp_path / "a.xlsx",
        {
            "Users": """
| command | groupId | user.userId | user.phoneNumber | user.lastName | user.extension |
| AddUser | group | John.DOE@Example.com | +1 (214) 555-0101 | =O'Brien, "Ünï" | 0031 |
"""
        },
    )
    assert task["content"] == {
        "groupId": "group",
        "user": {
            "userId": "John.DOE@Example.com",
            "phoneNumber": "+1 (214) 555-0101",
            "lastName": '=O\'Brien, "Ünï"',
            "extension": "0031",
        },
    }


def test_a_row_may_write_its_list_in_one_cell_and_the_next_one_item_a_column(tmp_path: Path) -> None:
    tasks = _tasks(
        tmp_path / "a.xlsx",
        {
            "Users": """
| command | user.userId | user.servicePacks | user.servicePacks[0] | user.servicePacks[3] |
| ModifyUser | jane.a@example.com | one; two | | |
| ModifyUser | jane.b@example.com | | three | "four" \\ |
| ModifyUser | jane.c@example.com | | | |
"""
        },
    )
    lists = [task["content"]["user"].get("servicePacks") for task in tasks]
    assert lists == [["one", "two"], ["three", '"four" \\'], None]


def test_sheets_longer_than_a_block_lose_and_mix_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = "\n".join(f"| ModifyUser | number{n}@example.com | {'Boss' * (n % 3 == 0)} |" for n in range(7))
    sheets = {"Users": f"| command | user.userId | user.title |\n{rows}"}
    whole = _tasks(tmp_path / "a.xlsx", sheets)
    monkeypatch.setattr(build, "_BLOCK", 2)
    assert _tasks(tmp_path / "b.xlsx", sheets) == whole
    assert [task["content"]["user"]["userId"] for task in whole] == [
        f"number{n}@example.com" for n in range(7)
    ]


@pytest.mark.parametrize(
    "path",
    ["user.title", "user.title.inner", "user.userId[0]", "user"],
    ids=["same", "below", "list", "above"],
)
def test_no_field_is_sent_to_the_place_of_another(tmp_path: Path, path: str) -> None:
    table = "| command | user.userId | user.title | user.department |\n| ModifyUser | jane.a@example.com | b | c |"
    checked = check_workbook(read_workbook(write_workbook(tmp_path / "a.xlsx", {"Users": table})))
    with pytest.raises(UsageError, match="the place of another field"):
        list(all_tasks(checked.sheets, {"user.department": path}))
