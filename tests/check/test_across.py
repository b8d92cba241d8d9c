"""Rows held against each other: an error only where the load must fail, a warning where it may."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbooks import write_workbook
from xlsx2opeasy.check import across, schema
from xlsx2opeasy.check.checked import check_workbook
from xlsx2opeasy.workbook.read import read_workbook

ADD = "| command | groupId | user.userId | user.phoneNumber | user.extension |\n"
DEVICE = "| command | groupId | device.name | device.linePort | device.accessUserName | device.trunkUserInformation.trunkLinePort |\n"
USER_DEVICE = "| command | groupId | user.userId | device.name | device.linePort |\n"
NUMBERS = "| command | groupId | phoneNumbers | activated |\n"
TEAMS = "| command | groupId | user.userId | user.title | user.msTeamsXsiPlugin |\n"

USER_A, USER_B = "anna.able@example.com", "bert.bold@example.com"
USER_C, USER_D = "carl.cook@example.com", "dora.dell@example.com"


@pytest.mark.parametrize(
    ("sheet", "table", "expected"),
    [
        (
            "Users",
            ADD + f"| AddUser | D | {USER_A} |\n| AddUser | D | {USER_A.upper()} |",
            ["C3 added-twice"],
        ),
        (
            "Users",
            ADD
            + f"| AddUser | D | {USER_A} |\n| DeleteUser | | {USER_A} |\n| AddUser | D | {USER_A} | | 7 |",
            [],
        ),
        (
            "Users",
            ADD
            + f"| AddUser | D | {USER_A} |\n| ModifyUser | | {USER_A} | 1 |\n| ModifyUser | | {USER_A} | 2 |",
            [],
        ),
        ("Users", ADD + f"| DeleteUser | | {USER_A} |\n| ModifyUser | | {USER_A} | 2 |", ["C3 after-delete"]),
        (
            "Users",
            ADD + f"| DeleteUser | | {USER_A} |\n| DeleteUserAndDevices | | {USER_A} |",
            ["C3 after-delete"],
        ),
        (
            "Users",
            ADD + f"| AddUser | D | {USER_A} | 2145550100 |\n| AddUser | D | {USER_B} | +1 214-555-0100 |",
            ["D3 given-twice (warning)"],
        ),
        (
            "Users",
            ADD
            + f"| AddUser | D | {USER_A} | 2145550100 |\n| ModifyUser | | {USER_A} | 2145550101 |\n| AddUser | D | {USER_B} | 2145550100 |",
            [],
        ),
        (
            "Users",
            ADD
            + f"| AddUser | D | {USER_A} | 2145550100 |\n| DeleteUser | | {USER_A} |\n| AddUser | D | {USER_B} | 2145550100 |",
            [],
        ),
        (
            "Users",
            ADD + f"| AddUser | D | {USER_A} | | 31 |\n| AddUser | D | {USER_B} | | 31 |",
            ["E3 given-twice (warning)"],
        ),
        ("Users", ADD + f"| AddUser | D | {USER_A} | | 31 |\n| AddUser | E | {USER_B} | | 31 |", []),
        (
            "Users",
            DEVICE + "| AddDevice | D | A | 1 | a | t |\n| AddDevice | D | A | 2 | b | t |",
            ["C3 added-twice"],
        ),
        (
            "Users",
            DEVICE + "| AddDevice | D | A | 1 | a | t |\n| AddDevice | D | B | 1 | b | t |",
            ["D3 given-twice"],
        ),
        (
            "Users",
            DEVICE + "| AddDevice | D | A | 1 | a | t |\n| AddDevice | D | B | 2 | a | t |",
            ["E3 given-twice"],
        ),
        ("Users", DEVICE + '| AddDevice | D | A | "" | "" |\n| AddDevice | D | B | "" | "" |', []),
        ("Users", ADD + f'| AddUser | D | {USER_A} | | "" |\n| AddUser | D | {USER_B} | | "" |', []),
        (
            "Users",
            DEVICE + "| AddDevice | D | A | 1 |\n| DeleteDevice | | A |\n| AddDevice | D | B | 1 |",
            [],
        ),
        (
            "Users",
            DEVICE + "| AddDevice | D | A | 1 |\n| ModifyDevice | | A | 2 |\n| AddDevice | D | B | 1 |",
            [],
        ),
        (
            "Users",
            DEVICE + "| AddDevice | D | A | 1 |\n| ModifyDevice | | A | | c |\n| AddDevice | D | B | 1 |",
            ["D4 given-twice"],
        ),
        (
            "Users",
            USER_DEVICE
            + f"| AddUserDevice | D | {USER_A} | A | 1 |\n| DeleteUserAndDevices | | {USER_A} |\n"
            + f"| AddUserDevice | D | {USER_B} | B | 1 |\n| DeleteUser | | {USER_B} |\n"
            + f"| AddUserDevice | D | {USER_A} | C | 1 |",
            ["E6 given-twice"],
        ),
        ("Users", DEVICE + "| DeleteDevice | | A |\n| ModifyDevice | | A | 2 |", ["C3 after-delete"]),
        (
            "Users",
            "| command |\n| SyncDeletedTeamsUsers |\n| SyncDeletedTeamsUsers |",
            ["A3 sync-twice (warning)"],
        ),
        (
            "Users",
            TEAMS + f"| SyncAddedModifiedTeamsUsers |\n| ModifyUser | | {USER_A} | x |",
            ["A2 sync-not-last (warning)"],
        ),
        ("Users", TEAMS + f"| AddUser | D | {USER_A} | x | TRUE |", ["A2 sync-missing (warning)"]),
        ("Users", TEAMS + f"| AddUser | D | {USER_A} | x | TRUE |\n| SyncAddedModifiedTeamsUsers |", []),
        (
            "Users",
            TEAMS + f"| ModifyUser | | {USER_A} | x |\n| ModifyUser | | {USER_A} | x |",
            ["A3 same-row (warning)"],
        ),
        (
            "PhoneNumbers",
            NUMBERS + "| Assign | D | 214-555-0100 - 214-555-0109 |\n| Assign | D | 214-555-0105 |",
            ["C3 ranges-overlap (warning)"],
        ),
        (
            "PhoneNumbers",
            NUMBERS + "| Assign | D | 214-555-0100 - 214-555-0109 |\n| Modify | D | 214-555-0105 | TRUE |",
            [],
        ),
        ("PhoneNumbers", NUMBERS + "| Unassign | D | 214-555-0100 |\n| Assign | E | 214-555-0100 |", []),
    ],
)
def test_rows_that_do_not_go_together(tmp_path: Path, sheet: str, table: str, expected: list[str]) -> None:
    checked = check_workbook(read_workbook(write_workbook(tmp_path / "rows.xlsx", {sheet: table})))
    told = [
        f"{each.cell} {each.rule}{' (warning)' if each.severity.value == 'warning' else ''}"
        for each in checked.problems
    ]
    assert told == expected


def test_the_message_names_the_other_row(tmp_path: Path) -> None:
    table = ADD + f"| AddUser | D | {USER_A} |\n| |\n| AddUser | D | {USER_A} |"
    checked = check_workbook(read_workbook(write_workbook(tmp_path / "rows.xlsx", {"Users": table})))
    (error,) = checked.errors
    assert (error.row, error.message) == (4, f'"{USER_A}" is added in row 2 already')


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        # Added, deleted, and added again: the last that counts is named.
        (
            ADD
            + f"| DeleteUser | | {USER_A} |\n| AddUser | D | {USER_A} |\n| ModifyUser | | {USER_A} | 1 |\n"
            f"| AddUser | D | {USER_A} | 2 |",
            [f'C5: "{USER_A}" is added in row 3 already'],
        ),
        (
            ADD + f"| AddUser | D | {USER_A} |\n| AddUser | E | {USER_A} |\n| AddUser | F | {USER_A} |",
            [f'C3: "{USER_A}" is added in row 2 already', f'C4: "{USER_A}" is added in row 3 already'],
        ),
        (
            ADD
            + f"| DeleteUser | | {USER_A} |\n| SuspendUser | | {USER_A} |\n| DeleteUserAndDevices | | {USER_A} |\n"
            f"| RestoreUser | | {USER_A} |",
            [
                f'C{row}: "{USER_A}" is deleted in row 2, so {command} must fail'
                for row, command in ((3, "SuspendUser"), (4, "DeleteUserAndDevices"), (5, "RestoreUser"))
            ],
        ),
        # A number stays with its first user until that one gets another, none, or is deleted.
        (
            ADD
            + f"| AddUser | D | {USER_A} | 2145550100 |\n| ModifyUser | | {USER_A} | | 7 |\n| AddUser | D | {USER_B} | 2145550100 |",
            ['D4: "2145550100" belongs to another user in row 2 already'],
        ),
        (
            ADD
            + f'| AddUser | D | {USER_A} | 2145550100 |\n| ModifyUser | | {USER_A} | "" |\n| AddUser | D | {USER_B} | 2145550100 |',
            [],
        ),
        (
            ADD + f"| AddUser | D | {USER_A} | 2145550100 |\n| AddUser | D | {USER_B} | 2145550100 |\n"
            f"| AddUser | D | {USER_C} | 12145550100 |",
            [
                'D3: "2145550100" belongs to another user in row 2 already',
                'D4: "12145550100" belongs to another user in row 2 already',
            ],
        ),
        (
            ADD + f"| AddUser | D | {USER_A} | 2145550100 |\n| AddUser | D | {USER_B} | 2145550100 |\n"
            f"| DeleteUser | | {USER_A} |\n| AddUser | D | {USER_C} | 2145550100 |\n| DeleteUser | | {USER_B} |\n"
            f"| AddUser | D | {USER_D} | 2145550100 |",
            [
                'D3: "2145550100" belongs to another user in row 2 already',
                'D7: "2145550100" belongs to another user in row 5 already',
            ],
        ),
        (
            ADD
            + f"| AddUser | D | {USER_A} | 2145550100 | 1 |\n| ModifyUser | | {USER_A} | +12145550100 | 2 |",
            [],
        ),
        (ADD + f"| AddUser | D | {USER_A} | abc |\n| AddUser | D | {USER_B} | abc |", []),
        (ADD + f"| ModifyUser | | {USER_A} | | 31 |\n| ModifyUser | | {USER_B} | | 31 |", []),
        (
            ADD
            + f"| ModifyUser | D | {USER_A} | | 31 |\n| ModifyUser | D | {USER_C} | | 32 |\n| ModifyUser | D | {USER_B} | | 31 |",
            ['E4: "31" belongs to another user in row 2 already'],
        ),
        # What is unique within the system stays with its first device until that one gets another, or is deleted.
        (
            DEVICE
            + "| AddDevice | D | A | 1 |\n| ModifyDevice | | A | | | t |\n| AddDevice | D | B | 1 |\n| AddDevice | D | C | 1 |",
            [
                'D4: "1" belongs to another device in row 2 already',
                'D5: "1" belongs to another device in row 2 already',
            ],
        ),
        (
            DEVICE
            + "| AddDevice | D | A | 1 | x |\n| AddDevice | D | B | 2 | y |\n| DeleteDevice | | B |\n| AddDevice | D | C | 2 | x |",
            ['E5: "x" belongs to another device in row 2 already'],
        ),
        (
            DEVICE
            + "| AddDevice | D | A | 1 |\n| AddDevice | D | B | 1 |\n| DeleteDevice | | B |\n| AddDevice | D | C | 1 |\n"
            "| DeleteDevice | | A |\n| AddDevice | D | E | 1 |",
            [
                'D3: "1" belongs to another device in row 2 already',
                'D5: "1" belongs to another device in row 2 already',
            ],
        ),
        (DEVICE + "| ModifyDevice | | A | 1 |\n| AddDevice | D | B | 1 |\n| ModifyDevice | | C | 1 |", []),
        (
            USER_DEVICE
            + f"| AddUserDevice | D | {USER_A} | A | 1 |\n| AddDevice | D | | B | 2 |\n| DeleteUserAndDevices | | {USER_A.upper()} |\n"
            f"| AddUserDevice | D | {USER_A} | C | 1 |\n| AddUserDevice | D | {USER_B} | E | 2 |",
            ['E6: "2" belongs to another device in row 3 already'],
        ),
        # Sync commands.
        (
            TEAMS
            + f"| SyncAddedModifiedTeamsUsers |\n| ModifyUser | | {USER_A} | x |\n| SyncAddedModifiedTeamsUsers |\n"
            "| SyncDeletedTeamsUsers |\n| SyncAddedModifiedTeamsUsers |",
            [
                "A2: SyncAddedModifiedTeamsUsers is not the last of the Users rows",
                "A4: SyncAddedModifiedTeamsUsers is in row 2 already; it is sent once",
                "A6: SyncAddedModifiedTeamsUsers is in row 2 already; it is sent once",
            ],
        ),
        (
            TEAMS
            + f"| ModifyUser | | {USER_A} | x | TRUE |\n| AddUser | D | {USER_B} | | TRUE |\n| ModifyUser | | {USER_C} | x |",
            ["A3: Teams users are added or changed, and no row has the command SyncAddedModifiedTeamsUsers"],
        ),
        (
            TEAMS
            + f"| AddUser | D | {USER_B} | | TRUE |\n| ModifyUser | | {USER_A} | x | TRUE |\n| SyncDeletedTeamsUsers |",
            ["A3: Teams users are added or changed, and no row has the command SyncAddedModifiedTeamsUsers"],
        ),
        # Rows that are the same, of which nothing else is said.
        (
            TEAMS
            + f"| ModifyUser | | {USER_A} | x |\n| ModifyUser | | {USER_B} | x |\n| ModifyUser | | {USER_A} | x |\n"
            f"| ModifyUser | | {USER_A} | y |\n| ModifyUser | | {USER_A} | x |",
            ["A4: this row is the same as row 2", "A6: this row is the same as row 2"],
        ),
        (
            TEAMS + f"| AddUser | D | {USER_A} | x |\n| AddUser | D | {USER_A} | x |",
            [f'C3: "{USER_A}" is added in row 2 already'],
        ),
    ],
)
def test_which_other_row_is_meant(tmp_path: Path, table: str, expected: list[str]) -> None:
    checked = check_workbook(read_workbook(write_workbook(tmp_path / "rows.xlsx", {"Users": table})))
    assert [f"{each.cell}: {each.message}" for each in checked.problems] == expected


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        (
            "| Assign | D | 30 - 39 |\n| Assign | D | 35 |\n| Assign | D | 50 |\n| Assign | D | 38 - 41 |",
            [3, 5],
        ),
        ("| Assign | D | 35 |\n| Unassign | D | 36 |\n| Assign | D | x |\n| Unassign | D | 30 - 39 |", [5]),
        ("| Modify | | | TRUE |\n| Modify | | 3 | TRUE |", []),
    ],
)
def test_which_row_overlaps(tmp_path: Path, table: str, expected: list[int]) -> None:
    path = write_workbook(tmp_path / "rows.xlsx", {"PhoneNumbers": NUMBERS + table})
    problems = check_workbook(read_workbook(path)).problems
    assert [each.row for each in problems if each.rule == "ranges-overlap"] == expected


NUMBERS_WRITTEN = st.from_regex(r"(\+?1[ .-]?)?\(?[0-2]{3}\)? ?[0-1]{3}-?[01]{4}", fullmatch=True) | st.text(
    "01+- ab\u0661"
)
NAMES = st.text("aAbß\u212a\u00e9e\u0301 İ", max_size=3)


@settings(max_examples=50)
@given(st.lists(NUMBERS_WRITTEN, max_size=30))
def test_numbers_that_share_their_key_are_all_found(numbers: list[str]) -> None:
    keys = across._number_keys(pd.Series(numbers, dtype="str")).tolist()
    known = [across.number_key(number) for number in numbers]
    for key, expected in zip(keys, known, strict=True):
        assert key == expected or (key == "" and known.count(expected) == 1)


@settings(max_examples=50)
@given(st.lists(NAMES, max_size=10))
@pytest.mark.parametrize(
    ("whole", "single"), [(across.user_keys, across.user_key), (across._exact_keys, across.exact_key)]
)
def test_a_column_has_the_keys_of_its_texts(
    whole: Callable[["pd.Series[str]"], "pd.Series[str]"], single: Callable[[str], str], names: list[str]
) -> None:
    assert whole(pd.Series(names, dtype="str")).tolist() == [single(name) for name in names]


def test_ids_and_names_outside_ascii_are_compared_too() -> None:
    typed = pd.Series(["STRA\u00dfE", "e\u0301", "\u00c9", "A"], dtype="str")
    assert across.user_keys(typed).tolist() == ["strasse", "\u00e9", "\u00e9", "a"]
    assert across._exact_keys(typed).tolist() == ["STRA\u00dfE", "\u00e9", "\u00c9", "A"]
    assert across.user_keys(typed[3:]).tolist() == ["a"]


def test_numbers_that_may_share_their_key_have_it() -> None:
    typed = ["2145550100", "+1 (214) 555-0100", "7", "x2145550100", "", "21455501", "21455501"]
    found = across._number_keys(pd.Series(typed, dtype="str")).tolist()
    assert found == ["2145550100", "2145550100", "", "", "", "21455501", "21455501"]
    assert across._number_keys(pd.Series(["x", "x", ""], dtype="str")).tolist() == ["", "", ""]


def test_spaces_in_addresses_are_those_that_python_knows() -> None:
    known = {each for each in map(chr, range(sys.maxunicode + 1)) if re.match(r"\s", each)}
    assert set(schema._SPACES) == known
