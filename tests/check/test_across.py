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


def test_spaces_in_addresses_are_those_that_python_knows() -> None:
    known = {each for each in map(chr, range(sys.maxunicode + 1)) if re.match(r"\s", each)}
    assert set(schema._SPACES) == known
