"""Every rule of the Appendix, broken once: ninety and more rows, and as many errors, each at its cell."""

from pathlib import Path

import openpyxl
import pytest
from openpyxl.utils import get_column_letter

from check.good_rows import GOOD, USER
from xlsx2opeasy.check.checked import Checked, check_workbook
from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.workbook.read import read_workbook

USERS, AGENT, RECORDING, FORWARDING, NUMBERS = (each.name for each in TASK_TYPES)
BLANK = ""
HANDSET = "device.dect112Info.handsetInfo[0].registrationCode"
REPEATERS = "device.dect112Info.repeaterIpeiNumber"
SAS = "device.audioCodesDeviceSettings"
CENTER = "callCenterInfo[0]"

# Sheet, command, the field that is wrong, what stands there, the rule that it breaks.
BROKEN = [
    (USERS, "AddUser", "groupId", BLANK, "required"),
    (USERS, "AddUserDevice", "groupId", BLANK, "required"),
    (USERS, "AddDevice", "groupId", BLANK, "required"),
    (USERS, "AddUser", "user.userId", BLANK, "required"),
    (USERS, "AddUserDevice", "user.userId", BLANK, "required"),
    (USERS, "ModifyUser", "user.userId", BLANK, "required"),
    (USERS, "AddUserDevice", "device.name", BLANK, "required"),
    (USERS, "AddDevice", "device.name", BLANK, "required"),
    (USERS, "ModifyDevice", "device.name", BLANK, "required"),
    (USERS, "AddUser", "user.userId", "short@example.com", "email-style"),
    (USERS, "ModifyUser", "user.userId", "john.doe", "email-style"),
    (USERS, "DeleteUser", "user.userId", "john.doe@", "email-style"),
    (USERS, "DeleteUserAndDevices", "user.userId", "john.doe@a@b", "email-style"),
    (USERS, "SuspendUser", "user.userId", "@example.com", "email-style"),
    (USERS, "RestoreUser", "user.userId", "john doe@example.com", "email-style"),
    (USERS, "AddUser", "user.lastName", "x" * 31, "max-length"),
    (USERS, "AddUser", "user.firstName", "x" * 31, "max-length"),
    (USERS, "AddUser", "user.clidLastName", "x" * 31, "max-length"),
    (USERS, "AddUser", "user.clidFirstName", "x" * 31, "max-length"),
    (USERS, "AddUser", "user.clidPhoneNumber", "1" * 24, "max-length"),
    (USERS, "AddUser", "user.phoneNumber", "+" + "1" * 23, "max-length"),
    (USERS, "AddUser", "user.phoneNumberActivation", "Maybe", "one-of"),
    (USERS, "AddUser", "user.extension", "12a", "digits"),
    (USERS, "AddUser", "user.extension", "1" * 21, "max-length"),
    (USERS, "AddUser", "user.emailAddress", "short@example.com", "email-style"),
    (USERS, "AddUser", "user.emailAddress", "x" * 70 + "@example.com", "max-length"),
    (USERS, "AddUser", "user.userErlRecordName", "x" * 51, "max-length"),
    (USERS, "AddUser", "user.endpointType", "Device", "one-of"),
    (USERS, "AddUser", "user.vmTranscription", "perhaps", "boolean"),
    (USERS, "AddUser", "user.voicemailAccount", "E-Mail", "one-of"),
    (USERS, "AddUser", "user.msTeamsXsiPlugin", "on", "boolean"),
    (USERS, "AddUser", "user.teamsVoiceRoute", "US East", "unused"),
    (USERS, "AddUser", "user.teamsPbxLocation", "PBX HQ", "unused"),
    (USERS, "AddUser", "user.sipAuthName", "x" * 81, "max-length"),
    (USERS, "AddUser", "user.sipAuthPassword", "x" * 21, "max-length"),
    (USERS, "AddUser", "user.alias1", "alias-1", "email-style"),
    (USERS, "AddUser", "user.alias2", "x" * 150 + "@example.com", "max-length"),
    (USERS, "AddUser", "user.alias3", "abcde@example.com", "email-style"),
    (USERS, "AddUser", "user.title", "x" * 51, "max-length"),
    (USERS, "AddUser", "user.pagerNumber", "214-555", "digits"),
    (USERS, "AddUser", "user.pagerNumber", "1" * 18, "max-length"),
    (USERS, "AddUser", "user.mobileNumber", "+1214", "digits"),
    (USERS, "AddUser", "user.mobileNumber", "1" * 18, "max-length"),
    (USERS, "AddUser", "user.addressLocation", "x" * 81, "max-length"),
    (USERS, "AddUser", "user.addressLine1", "x" * 81, "max-length"),
    (USERS, "AddUser", "user.addressLine2", "x" * 81, "max-length"),
    (USERS, "AddUser", "user.city", "x" * 51, "max-length"),
    (USERS, "AddUser", "user.stateProvince", "x" * 51, "max-length"),
    (USERS, "AddUser", "user.zipPostalCode", "x" * 51, "max-length"),
    (USERS, "AddUser", "user.country", "x" * 51, "max-length"),
    (USERS, "AddUser", "user.useExistingPingAccount", "2", "boolean"),
    (USERS, "ModifyUser", "user.useExistingPingAccount", "TRUE", "unused"),
    (USERS, "ModifyUser", "user.pingUserName", "j" * 257, "max-length"),
    (USERS, "AddUserDevice", "user.pingUserPassword", "no-dash", "characters"),
    (USERS, "DeleteUser", "user.pingUserDispositionalState", "Keep", "one-of"),
    (USERS, "ModifyUser", "user.pingUserDispositionalState", "Retain", "unused"),
    (USERS, "ModifyUser", "user.pingEnabledFeatures", "SMS;Fax", "one-of"),
    (USERS, "DeleteUser", "user.lastName", "Doe", "unused"),
    (USERS, "SuspendUser", "groupId", "Dallas", "unused"),
    (USERS, "SyncDeletedTeamsUsers", "user.userId", USER, "unused"),
    (USERS, "DeleteDevice", "device.type", "Mitel 6930", "unused"),
    (USERS, "AddDevice", "device.name", "x" * 81, "max-length"),
    (USERS, "AddDevice", "device.linePort", "x" * 162, "max-length"),
    (USERS, "AddDevice", "device.physicalLocation", "x" * 1025, "max-length"),
    (USERS, "AddDevice", "device.macAddress", "00:08:5D:12:34", "mac-address"),
    (USERS, "AddDevice", "device.macAddress", "00085D1234567", "mac-address"),
    (USERS, "AddDevice", "device.erlRecordName", "x" * 51, "max-length"),
    (USERS, "AddDevice", "device.description", "x" * 81, "max-length"),
    (USERS, "AddDevice", REPEATERS, "1;2;3;4", "max-items"),
    (USERS, "AddUser", "user.servicePacks", " ; ", "empty-list"),
    (USERS, "DeleteUser", HANDSET, "0000", "unused"),
    (USERS, "AddDevice", f"{SAS}.sasRegistrarPort", "0", "between"),
    (USERS, "AddDevice", f"{SAS}.sasDefaultGatewayPort", "65536", "between"),
    (AGENT, "Assign", "agentId", BLANK, "required"),
    (AGENT, "Assign", f"{CENTER}.callCenterId", BLANK, "required"),
    (AGENT, "Assign", f"{CENTER}.join", "maybe", "boolean"),
    (AGENT, "Assign", f"{CENTER}.skillLevel", "21", "between"),
    (AGENT, "Modify", f"{CENTER}.skillLevel", "1.5", "between"),
    (AGENT, "Remove", f"{CENTER}.supervisors", "jane.doe@example.com", "unused"),
    (RECORDING, "Modify", "userId", BLANK, "required"),
    (RECORDING, "Modify", "callRecording.recordCall", "Sometimes", "one-of"),
    (RECORDING, "Modify", "callRecording.recordVoiceMessaging", "2", "boolean"),
    (RECORDING, "Modify", "callRecording.pauseResumeNotification", "Ring", "one-of"),
    (RECORDING, "Modify", "callRecording.repeatRecordCallWarningToneSeconds", "9", "between"),
    (RECORDING, "Modify", "callRecording.repeatRecordCallWarningToneSeconds", "1801", "between"),
    (FORWARDING, "Modify", "callforwarding.callFwdNoAnswerRings", "21", "between"),
    (FORWARDING, "Modify", "callforwarding.callFwdNoAnswerRings", "-1", "between"),
    (FORWARDING, "Modify", "callforwarding.callFwdAllReminder", "ja", "boolean"),
    (NUMBERS, "Assign", "groupId", BLANK, "required"),
    (NUMBERS, "Unassign", "groupId", BLANK, "required"),
    (NUMBERS, "Assign", "groupId", "None", "keyword"),
    (NUMBERS, "Unassign", "groupId", "none", "keyword"),
    (NUMBERS, "Assign", "phoneNumbers", BLANK, "required"),
    (NUMBERS, "Modify", "phoneNumbers", "312-448-1108 - 312-448-1107", "number-or-range"),
    (NUMBERS, "Modify", "phoneNumbers", "312-448-1107 - 448-1108", "number-or-range"),
    (NUMBERS, "Modify", "phoneNumbers", "the first ten", "number-or-range"),
    (NUMBERS, "Assing", "command", "Assing", "command"),
    (NUMBERS, "Add", "command", "Add", "command"),
]


def broken_row(sheet: str, command: str, field: str, value: str, number: int) -> dict[str, str]:
    """A right row with one rule broken; its names differ from those of every other row."""
    row = {"command": command, **GOOD.get((sheet, command), {"phoneNumbers": "312-448-1107"})}
    if field == "command":
        return row
    for name in ("user.userId", "device.name"):
        if name in row and name != field:
            row[name] = row[name].replace("DAL", f"DAL-{number}").replace("john.doe", f"john.doe{number}")
    if sheet == NUMBERS and field != "phoneNumbers":
        row["phoneNumbers"] = f"312-448-{number:04}"
    row[field] = value
    return {name: text for name, text in row.items() if text}


def write_rows(path: Path, rows: dict[str, list[dict[str, str]]]) -> dict[str, dict[str, str]]:
    """Writes the rows; gives the letter of each header by sheet."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    letters: dict[str, dict[str, str]] = {}
    for title, of_sheet in rows.items():
        headers = list(dict.fromkeys(["command", *(name for row in of_sheet for name in row)]))
        letters[title] = {name: get_column_letter(place) for place, name in enumerate(headers, 1)}
        sheet = book.create_sheet(title)
        sheet.append(headers)
        for row in of_sheet:
            sheet.append([row.get(name) for name in headers])
    book.save(path)
    return letters


def _check(path: Path) -> Checked:
    return check_workbook(read_workbook(path))


def test_each_broken_rule_is_one_error_at_its_cell(tmp_path: Path) -> None:
    rows: dict[str, list[dict[str, str]]] = {}
    expected = set()
    for number, (sheet, command, field, value, rule) in enumerate(BROKEN, 100):
        rows.setdefault(sheet, []).append(broken_row(sheet, command, field, value, number))
        expected.add((sheet, len(rows[sheet]) + 1, field, rule))
    letters = write_rows(tmp_path / "broken.xlsx", rows)
    errors = _check(tmp_path / "broken.xlsx").errors
    assert {(each.sheet, each.row, each.field, each.rule) for each in errors} == expected
    assert len(errors) == len(BROKEN) >= 87
    for each in errors:
        assert each.cell == f"{letters[each.sheet][each.field or '']}{each.row}"


def test_right_rows_of_all_commands_give_no_problem(tmp_path: Path) -> None:
    rows: dict[str, list[dict[str, str]]] = {}
    for number, (sheet, command) in enumerate(GOOD, 100):
        row = broken_row(sheet, command, "#", str(number), number)
        rows.setdefault(sheet, []).append(row)
    write_rows(tmp_path / "right.xlsx", rows)
    assert _check(tmp_path / "right.xlsx").problems == ()


@pytest.mark.parametrize(
    ("sheet", "command", "extra"),
    [
        (USERS, "AddUserDevice", {"device.name": BLANK, "userProfile": "MS Teams"}),
        (USERS, "AddDevice", {"groupId": BLANK, "device.level": "enterprise"}),
        (USERS, "AddUser", {"device.physicalLocation": "DALLAS TX"}),
        (USERS, "AddUser", {"user.phoneNumberActivation": "ACTIVATE", "user.endpointType": "deviceuser"}),
        (USERS, "AddUser", {"user.lastName": "x" * 30, "user.extension": "1" * 20, "user.title": "x" * 50}),
        (USERS, "AddUser", {"user.emailAddress": "sixsix@example.com"}),
        (USERS, "AddDevice", {f"{SAS}.sasRegistrarPort": "1", f"{SAS}.sasDefaultGatewayPort": "65535"}),
        (USERS, "AddDevice", {"device.macAddress": "00:08:5D:12:34:56"}),
        (USERS, "AddDevice", {"device.macAddress": "0008.5d12.3456"}),
        (USERS, "ModifyUser", {"user.pingUserName": "a-z='_./\"}9"}),
        (USERS, "ModifyUser", {"user.pingEnabledFeatures": "call center; sms"}),
        (USERS, "ModifyUser", {"user.title": ";", "user.servicePacks[0]": ";"}),
        (USERS, "ModifyUser", {"user.title": '""', "user.servicePacks": '""', "user.alias1": '""'}),
        (USERS, "AddDevice", {REPEATERS: "1;2;3"}),
        (
            AGENT,
            "Assign",
            {"callCenterInfo[2].callCenterId": "late@example.com", f"{CENTER}.skillLevel": "20"},
        ),
        (RECORDING, "Modify", {"callRecording.repeatRecordCallWarningToneSeconds": "1800"}),
        (RECORDING, "Modify", {"callRecording.repeatRecordCallWarningToneSeconds": "10"}),
        (FORWARDING, "Modify", {"callforwarding.callFwdNoAnswerRings": "0"}),
        (NUMBERS, "Modify", {"groupId": "NONE", "activated": BLANK}),
        (NUMBERS, "Modify", {"phoneNumbers": "+1 (312) 448-1107"}),
    ],
)
def test_what_the_readings_allow_is_no_error(
    tmp_path: Path, sheet: str, command: str, extra: dict[str, str]
) -> None:
    row = {"command": command, **GOOD[(sheet, command)], **extra}
    write_rows(tmp_path / "allowed.xlsx", {sheet: [{name: text for name, text in row.items() if text}]})
    assert _check(tmp_path / "allowed.xlsx").problems == ()


@pytest.mark.parametrize(
    ("sheet", "command", "extra", "at", "rule"),
    [
        (USERS, "ModifyUser", {"user.userId": '""'}, "user.userId", "clear"),
        (USERS, "ModifyUser", {"user.vmTranscription": '""'}, "user.vmTranscription", "clear"),
        (AGENT, "Modify", {f"{CENTER}.skillLevel": '""'}, f"{CENTER}.skillLevel", "clear"),
        (
            USERS,
            "ModifyUser",
            {"user.servicePacks": "A", "user.servicePacks[0]": "B"},
            "user.servicePacks",
            "list-twice",
        ),
        (AGENT, "Assign", {"callCenterInfo[1].join": "TRUE"}, "callCenterInfo[1].callCenterId", "required"),
        (USERS, "AddUser", {"groupId": BLANK, "user.title": "x"}, "groupId", "required"),
        (USERS, "ModifyUser", {"user.pingEnabledFeatures": " ; "}, "user.pingEnabledFeatures", "empty-list"),
    ],
)
def test_what_a_row_as_a_whole_breaks(
    tmp_path: Path, sheet: str, command: str, extra: dict[str, str], at: str, rule: str
) -> None:
    row = {"command": command, **GOOD[(sheet, command)], **extra}
    write_rows(tmp_path / "row.xlsx", {sheet: [{name: text for name, text in row.items() if text}]})
    (error,) = _check(tmp_path / "row.xlsx").errors
    assert (error.field, error.rule) == (at, rule)


def test_an_open_enumeration_only_warns(tmp_path: Path) -> None:
    row = {"command": "AddDevice", **GOOD[(USERS, "AddDevice")], "device.level": "System"}
    write_rows(tmp_path / "open.xlsx", {USERS: [row]})
    checked = _check(tmp_path / "open.xlsx")
    assert checked.errors == ()
    (warning,) = checked.problems
    assert (warning.field, warning.severity.value, warning.value) == ("device.level", "warning", "System")


def test_a_secret_is_masked_in_every_word(tmp_path: Path) -> None:
    row = {"command": "AddUser", **GOOD[(USERS, "AddUser")], "user.sipAuthPassword": "canary-" * 4}
    write_rows(tmp_path / "secret.xlsx", {USERS: [row]})
    (error,) = _check(tmp_path / "secret.xlsx").errors
    assert "canary" not in repr(error)
    assert error.value == "********"


def test_a_row_with_an_unknown_command_has_that_one_error(tmp_path: Path) -> None:
    row = {"command": "AdUser", "user.userId": "x", "user.extension": "abc", "user.lastName": "y" * 99}
    write_rows(tmp_path / "command.xlsx", {USERS: [row]})
    (error,) = _check(tmp_path / "command.xlsx").errors
    assert (error.cell, error.rule) == ("A2", "command")
    assert "AddUser" in error.hint
