"""Holds the catalogue against tables that were transcribed from the specification on their own.

`appendix.tsv` has a line for each field row of Appendix I-V, `endpoints.tsv` one for each endpoint page; both
say what is printed, misprints and all. Where the project reads the specification differently, the difference
stands here, with the number of the reading that decided it.
"""

import csv
import re
import string
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xlsx2opeasy.spec.catalogue import BY_NAME, PROCESSING_ORDER, TASK_TYPES, task_type_of_sheet
from xlsx2opeasy.spec.endpoints import ENDPOINTS
from xlsx2opeasy.spec.error_codes import ERROR_CODES
from xlsx2opeasy.spec.model import Column, Field, Group, Kind, Required
from xlsx2opeasy.spec.rules import (
    Between,
    Characters,
    Digits,
    EmailStyle,
    Keyword,
    MacAddress,
    MaxItems,
    MaxLength,
    NumberOrRange,
    OneOf,
)

HERE = Path(__file__).parent

TASK_TYPE_OF_APPENDIX = {
    "I": "Users",
    "II": "CallCenterAgent",
    "III": "CallRecording",
    "IV": "CallForwarding",
    "V": "PhoneNumbers",
}
ROWS_OF_APPENDIX = {"I": 95, "II": 8, "III": 8, "IV": 12, "V": 3}

RENAMED = {
    "device.eriRecordName": "device.erlRecordName",  # reading 4
    "callCenterInfo[0].CallCenterId": "callCenterInfo[0].callCenterId",  # reading 6
    "Activated": "activated",  # reading 7
}
ALSO_WITH = {"device.physicalLocation": {"AddUser"}}  # reading 11
WIRE_PATHS = {  # reading 8; every other field travels under its own name
    ("PhoneNumbers", "groupId"): "phoneNumbers.groupId",
    ("PhoneNumbers", "phoneNumbers"): "phoneNumbers.phoneNumbers",
    ("PhoneNumbers", "activated"): "phoneNumbers.activated",
}
MISSPELT_HEADERS = {
    ("Users", "user.voicemailAccout"): "user.voicemailAccount",  # reading 3
    ("Users", "device.eriRecordName"): "device.erlRecordName",  # reading 4
    ("Users", "device.audioCodesDeviceSettngs.SasRegistrar"): "device.audioCodesDeviceSettings.sasRegistrar",
    ("Users", "device.audioCodesDeviceSettngs.SasRegistrarPort"): (
        "device.audioCodesDeviceSettings.sasRegistrarPort"
    ),
    ("Users", "device.audioCodesDeviceSettngs.SasDefaultGateway"): (
        "device.audioCodesDeviceSettings.sasDefaultGateway"
    ),
    ("Users", "device.audioCodesDeviceSettngs.SasDefaultGatewayPort"): (
        "device.audioCodesDeviceSettings.sasDefaultGatewayPort"
    ),  # reading 5, and the three below it in the same example
    ("CallCenterAgent", "callCenterInfo[1].CallCenterId"): "callCenterInfo[1].callCenterId",  # reading 6
    ("PhoneNumbers", "Activated"): "activated",  # reading 7
    ("PhoneNumbers", "phoneNumbers.groupId"): "groupId",  # reading 8
    ("PhoneNumbers", "phoneNumbers.phoneNumbers"): "phoneNumbers",
    ("PhoneNumbers", "phoneNumbers.activated"): "activated",
}
ADDED_RULES = {
    # The Appendix says "Port" and no range; a port number has 16 bits, and 0 is none.
    ("Users", "device.audioCodesDeviceSettings.sasRegistrarPort"): {Between(1, 65535)},
    ("Users", "device.audioCodesDeviceSettings.sasDefaultGatewayPort"): {Between(1, 65535)},
    ("PhoneNumbers", "groupId"): {Keyword("None", frozenset({"Modify"}))},  # readings 22 and 33
}

AVAILABLE_COMMANDS = {
    "Users": {
        "AddUser",
        "AddUserDevice",
        "ModifyUser",
        "ModifyDevice",
        "DeleteUser",
        "DeleteDevice",
        "DeleteUserAndDevices",
        "SuspendUser",
        "RestoreUser",
        "SyncAddedModifiedTeamsUsers",
        "SyncDeletedTeamsUsers",
        "AddDevice",  # reading 2: the 12th, which "Available Commands" leaves out
    },
    "CallCenterAgent": {"Assign", "Modify", "Remove"},
    "CallRecording": {"Modify"},
    "CallForwarding": {"Modify"},
    "PhoneNumbers": {"Modify", "Unassign", "Assign"},
}

SECRETS = {  # the outer face's list; `registrationCode` of any handset
    "user.userPassword",
    "user.voicePortalPasscode",
    "user.mailServerPassword",
    "user.commBarringAuthCode",
    "user.sipAuthPassword",
    "user.pingUserPassword",
    "device.accessPassword",
    "device.dect112Info.handsetInfo[n].registrationCode",
}

USER_COMMANDS = {
    "AddUser",
    "AddUserDevice",
    "ModifyUser",
    "DeleteUser",
    "DeleteUserAndDevices",
    "SuspendUser",
    "RestoreUser",
}
# "Which fields a row must have": (task type, field) -> the commands that need it, each with what excuses it.
REQUIRED: dict[tuple[str, str], dict[str, tuple[str, str | None] | None]] = {
    ("Users", "user.userId"): dict.fromkeys(USER_COMMANDS),
    ("Users", "device.name"): {
        "AddDevice": None,
        "ModifyDevice": None,
        "DeleteDevice": None,
        "AddUserDevice": ("userProfile", None),
    },
    ("Users", "groupId"): {
        "AddUser": ("userProfile", None),  # a warning then
        "AddUserDevice": ("userProfile", None),
        "AddDevice": ("device.level", "Enterprise"),
    },
    ("CallCenterAgent", "agentId"): dict.fromkeys(("Assign", "Modify", "Remove")),
    ("CallCenterAgent", "callCenterInfo[n].callCenterId"): dict.fromkeys(("Assign", "Modify", "Remove")),
    ("CallRecording", "userId"): {"Modify": None},
    ("CallForwarding", "userId"): {"Modify": None},
    ("PhoneNumbers", "phoneNumbers"): dict.fromkeys(("Assign", "Modify", "Unassign")),
    ("PhoneNumbers", "groupId"): dict.fromkeys(("Assign", "Unassign")),  # reading 22
}

BACK_END_ERRORS = {  # Appendix VII, misprints and all
    "100": "General Error.",
    "101": "User does not exist.",
    "102": "User already exists.",
    "103": "Device does not exist.",
    "104": "Device already exists.",
    "105": "Call Center does not exist or agent cannot be assigned to call center.",
    "106": "Validation Error",
    "107": "User is already assigned to Call Center(s) in the list",
    "108": "The User Suspend/Restore function is not enabled for this system.",
    "109": "Call Forwarding Always is not enabled for the user.",
    "110": "Unsupported API command.",
    "111": "The user is not currently suspended",
    "112": "User does not exist in teammate portal",
    "113": "Call Foward All cannot be disabled for a SUSPENDED team user.",
    "401": "Unauthorized",
    "500": "System Error",
}


@dataclass(frozen=True)
class AppendixRow:
    """One field row as printed; an empty text where the row says nothing."""

    appendix: str
    field: str
    type: str
    commands: str
    max_length: str
    digits_only: str
    enumeration: str
    format: str
    integer_range: str
    max_items: str

    @property
    def task_type(self) -> str:
        return TASK_TYPE_OF_APPENDIX[self.appendix]

    @property
    def key(self) -> tuple[str, str]:
        """The task type and the catalogue's name: `[n]` inside, and no index for the items of a list."""
        name = RENAMED.get(self.field, self.field).replace("[0].", "[n].").removesuffix("[0]")
        return self.task_type, name

    @property
    def decided_commands(self) -> set[str]:
        return set(self.commands.split(";")) | ALSO_WITH.get(self.field, set())


def table(name: str) -> list[dict[str, str]]:
    with (HERE / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))


ROWS = [AppendixRow(**line) for line in table("appendix.tsv")]
PAGES = table("endpoints.tsv")
FIELDS = [(task_type.name, field) for task_type in TASK_TYPES for field in task_type.fields]

each_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.appendix}-{row.field}")
each_task_type = pytest.mark.parametrize("task_type", TASK_TYPES, ids=lambda task_type: task_type.name)


def holders() -> dict[tuple[str, str], Field | Group]:
    """Whatever the catalogue has for a row: a field, or a group where the row holds fields."""
    fields = {(name, field.name): field for name, field in FIELDS}
    groups = {(each.name, group.name): group for each in TASK_TYPES for group in each.groups}
    assert not fields.keys() & groups.keys()
    return fields | groups


def test_the_transcription_has_every_row_once() -> None:
    assert Counter(row.appendix for row in ROWS) == ROWS_OF_APPENDIX
    assert len({(row.appendix, row.field) for row in ROWS}) == len(ROWS)


def test_the_catalogue_has_what_the_appendix_has_and_nothing_else() -> None:
    assert holders().keys() == {row.key for row in ROWS}


def test_the_order_of_the_fields_is_the_appendix_s() -> None:
    printed = list(dict.fromkeys(row.key for row in ROWS))
    names = [(name, field.name) for name, field in FIELDS]
    assert names == [key for key in printed if key in set(names)]


@each_row
def test_the_kind_is_the_printed_type(row: AppendixRow) -> None:
    holder = holders()[row.key]
    if isinstance(holder, Group):
        is_list = row.type == "JSON List"
        assert row.type in {"JSON Object", "JSON List"}
        assert holder.many is (is_list or row.field.endswith("[0]"))
    elif row.type == "JSON List" or row.field.endswith("[0]"):
        assert holder.kind is Kind.TEXTS
    else:
        expected = {"String": Kind.TEXT, "Boolean": Kind.BOOLEAN, "Integer": Kind.INTEGER}
        assert holder.kind is expected[row.type]


@each_row
def test_the_commands_are_the_printed_ones(row: AppendixRow) -> None:
    assert holders()[row.key].commands == row.decided_commands


def printed_rules(row: AppendixRow) -> set[object]:
    """The rules that a row prints, as the catalogue's values."""
    rules: set[object] = set()
    if row.max_length:
        limit = int(row.max_length)
        is_mac = row.field == "device.macAddress"  # reading 13: its separators do not count
        rules.add(MacAddress(limit) if is_mac else MaxLength(limit))
    if row.digits_only:
        rules.add(Digits())
    if row.enumeration:
        rules.add(OneOf(tuple(row.enumeration.split("|")), open=row.format == "E.g."))  # reading 10
    if row.format.startswith("address@domain"):
        rules.add(EmailStyle(int("".join(re.findall("[0-9]+", row.format)))))
    if row.format.startswith("one number or an inclusive range"):
        rules.add(NumberOrRange())
    if row.integer_range:
        rules.add(Between(*map(int, row.integer_range.split("-"))))
    if row.max_items:
        rules.add(MaxItems(int(row.max_items)))
    return rules


def printed_characters(row: AppendixRow) -> set[str] | None:
    """The characters that a row allows; None where it does not say."""
    if not row.format.startswith("characters "):
        return None
    ranges = {"a-z": string.ascii_lowercase, "A-Z": string.ascii_uppercase, "0-9": string.digits}
    return {each for part in row.format.split()[1:] for each in ranges.get(part, part)}


@pytest.mark.parametrize(("task_type", "field"), FIELDS, ids=lambda each: getattr(each, "name", each))
def test_the_rules_are_the_printed_ones(task_type: str, field: Field) -> None:
    rows = [row for row in ROWS if row.key == (task_type, field.name)]
    expected = set().union(*(printed_rules(row) for row in rows))
    expected |= ADDED_RULES.get((task_type, field.name), set())
    characters = {frozenset(each) for row in rows if (each := printed_characters(row)) is not None}
    assert {each for each in field.rules if not isinstance(each, Characters)} == expected
    assert {frozenset(each.allowed) for each in field.rules if isinstance(each, Characters)} == characters
    assert len({rule.code for rule in field.rules}) == len(field.rules)


def test_a_range_of_numbers_is_separated_as_printed() -> None:
    assert NumberOrRange.separator == " - "


@each_task_type
def test_the_available_commands(task_type) -> None:
    assert Counter(task_type.command_names) == Counter(AVAILABLE_COMMANDS[task_type.name])
    assert all(command.description for command in task_type.commands)


def test_only_the_sync_commands_stand_last_and_once_and_have_no_fields() -> None:
    last = {command.name for each in TASK_TYPES for command in each.commands if command.last_and_once}
    assert last == {"SyncAddedModifiedTeamsUsers", "SyncDeletedTeamsUsers"}
    assert not last & set().union(*(field.commands for _, field in FIELDS))


def test_the_secrets() -> None:
    assert {field.name for _, field in FIELDS if field.secret} == SECRETS


def as_required(needs: dict[str, tuple[str, str | None] | None]) -> set[tuple[str, str | None, str | None]]:
    return {(command, *(excuse or (None, None))) for command, excuse in needs.items()}


def flat(required: tuple[Required, ...]) -> set[tuple[str, str | None, str | None]]:
    return {(command, each.unless, each.value) for each in required for command in each.commands}


def test_the_required_fields() -> None:
    catalogue = {(name, field.name): flat(field.required) for name, field in FIELDS if field.required}
    assert catalogue == {key: as_required(needs) for key, needs in REQUIRED.items()}


@pytest.mark.parametrize("name", ["CallRecording", "CallForwarding"])
def test_a_row_of_settings_needs_one_and_says_so_at_the_user_id(name: str) -> None:
    settings = {row.key[1] for row in ROWS if row.task_type == name and "." in row.field}
    (rule,) = BY_NAME[name].at_least_one
    assert (rule.commands, set(rule.fields), rule.stands_at) == ({"Modify"}, settings, "userId")


def test_an_agent_needs_a_call_center() -> None:
    (rule,) = BY_NAME["CallCenterAgent"].at_least_one
    assert rule.commands == {"Assign", "Modify", "Remove"}
    assert rule.fields == ("callCenterInfo[n].callCenterId",)
    assert rule.stands_at == "callCenterInfo[0].callCenterId"


def test_a_modify_of_numbers_needs_something_to_change() -> None:
    (rule,) = BY_NAME["PhoneNumbers"].at_least_one  # reading 33
    assert rule.commands == {"Modify"}
    assert set(rule.fields) == {"groupId", "activated"}


def test_users_needs_no_further_choice() -> None:
    assert BY_NAME["Users"].at_least_one == ()


def test_wire_paths() -> None:
    differing = {
        (name, field.name): field.wire_name for name, field in FIELDS if field.wire_name != field.name
    }
    assert differing == WIRE_PATHS


@each_row
def test_the_printed_name_is_understood_as_a_header(row: AppendixRow) -> None:
    task_type = BY_NAME[row.task_type]
    holder = holders()[row.key]
    column = task_type.column(row.field)
    if isinstance(holder, Group):
        assert column is None
    else:
        assert column is not None
        assert (column.field, column.name) == (holder, RENAMED.get(row.field, row.field))


@pytest.mark.parametrize(("header", "name"), MISSPELT_HEADERS.items())
def test_the_specification_s_misspelt_headers_are_understood(header: tuple[str, str], name: str) -> None:
    task_type, misspelt = header
    column = BY_NAME[task_type].column(misspelt)
    assert column is not None
    assert column.name == name


@pytest.mark.parametrize(
    "header",
    [
        "user",
        "user.",
        "user.userIdd",
        "user.userId[0]",
        "callCenterInfo.callCenterId",
        "callCenterInfo[x].callCenterId",
        "callCenterInfo[0].supervisors[0][0]",
        "callCenterInfo[n].callCenterId",
        "command",
        "",
    ],
)
@each_task_type
def test_what_is_no_field_is_no_column(task_type, header: str) -> None:
    assert task_type.column(header) is None


def dressed(name: str) -> st.SearchStrategy[str]:
    """The same header as people type it: any letter case, white and invisible space anywhere."""
    spaces = st.sampled_from(["", "", "", " ", "\t", "\u00a0", "\u200b", "\n"])
    letters = [st.tuples(st.sampled_from([each.lower(), each.upper()]), spaces) for each in name]
    return st.tuples(*letters).map(lambda pairs: "".join(map("".join, pairs)))


def a_column(pair: tuple[str, Field]) -> st.SearchStrategy[tuple[str, Column]]:
    task_type, field = pair
    index = st.integers(0, 99)
    item = st.none() | index if field.kind is Kind.TEXTS else st.none()
    indices = st.tuples(*[index] * field.name.count("[n]"))
    return st.builds(lambda numbers, last: (task_type, Column(field, numbers, last)), indices, item)


@given(st.data())
def test_any_dress_of_a_header_is_its_column(data: st.DataObject) -> None:
    task_type, column = data.draw(st.sampled_from(FIELDS).flatmap(a_column))
    assert BY_NAME[task_type].column(data.draw(dressed(column.name))) == column


@each_row
def test_the_example_obeys_the_printed_row(row: AppendixRow) -> None:
    holder = holders()[row.key]
    if isinstance(holder, Group):
        return
    assert holder.example
    for value in holder.example.split(";") if holder.kind is Kind.TEXTS else [holder.example]:
        assert len(value) <= int(row.max_length or 10_000)
        assert not row.digits_only or re.fullmatch("[0-9]+", value)
        assert not row.enumeration or value in row.enumeration.split("|")
        assert not row.format.startswith("address@domain") or re.fullmatch("[^@ ]{6,}@[^@ ]+", value)
        assert set(value) <= (printed_characters(row) or set(value))
        if row.integer_range:
            low, high = map(int, row.integer_range.split("-"))
            assert low <= int(value) <= high


def test_the_sheets_and_the_order_of_processing() -> None:
    assert [each.name for each in TASK_TYPES] == list(TASK_TYPE_OF_APPENDIX.values())
    assert [each.appendix for each in TASK_TYPES] == list(TASK_TYPE_OF_APPENDIX)
    assert [each.name for each in PROCESSING_ORDER] == [
        "Users",
        "CallCenterAgent",
        "CallForwarding",
        "CallRecording",
        "PhoneNumbers",
    ]


@each_task_type
def test_a_sheet_is_found_by_its_name_in_any_dress(task_type) -> None:
    assert task_type_of_sheet(f" {task_type.name.upper()}\u00a0") is task_type
    assert task_type_of_sheet(f"{task_type.name} 2") is None


def test_the_error_codes_of_appendix_vii() -> None:
    assert {each.code: each.description for each in ERROR_CODES.values()} == BACK_END_ERRORS
    assert {code: each.code for code, each in ERROR_CODES.items()} == {code: code for code in BACK_END_ERRORS}
    assert all(each.remedy.endswith(".") for each in ERROR_CODES.values())


def numbers(text: str) -> frozenset[int]:
    return frozenset(int(each) for each in text.split(",") if each)


def test_the_endpoints_are_the_specification_s_pages() -> None:
    printed = [
        (
            page["heading"],
            page["method"],
            page["path"],
            numbers(page["success"]),
            numbers(page["refusals"]),
            page["download"] == "yes",
        )
        for page in PAGES
    ]
    catalogue = [
        (each.page, each.method, each.path, frozenset(each.success), frozenset(each.refusals), each.download)
        for each in ENDPOINTS
    ]
    assert len(printed) == 38
    assert Counter(catalogue) == Counter(printed)
    assert len({each.name for each in ENDPOINTS}) == 38


def test_an_endpoint_of_a_task_type_says_which() -> None:
    for endpoint in ENDPOINTS:
        segments = endpoint.path.split("/")
        named = [each.name for each in TASK_TYPES if each.name.lower() in segments]
        assert [endpoint.task_type] == (named or [None])
