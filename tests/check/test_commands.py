"""What a row's command asks of it: cells that it needs, cells that it cannot clear, lists, and something to modify."""

from pathlib import Path

import pytest

from workbooks import write_workbook
from xlsx2opeasy.check.checked import check_workbook
from xlsx2opeasy.workbook.read import read_workbook

ANNA, BERT = "anna.able@example.com", "bert.bold@example.com"
GROUPS = "| command | userProfile | groupId | user.userId | user.title |\n"
DEVICES = "| command | groupId | device.name | device.level |\n"
DIGITS = "| command | user.userId | user.extension | user.pagerNumber | user.mobileNumber |\n"
PACKS = "| command | user.userId | user.servicePacks | user.servicePacks[1] | user.servicePacks[0] | user.title |\n"
REPEATERS = "| command | groupId | device.name | " + " | ".join(
    f"device.dect112Info.repeaterIpeiNumber[{item}]" for item in (4, 3, 2, 1, 0)
)
CENTERS = (
    "| command | agentId | callCenterInfo[0].callCenterId | callCenterInfo[0].join | callCenterInfo[1].callCenterId |"
    " callCenterInfo[1].skillLevel | callCenterInfo[2].join |\n"
)
SUPERVISORS = (
    "| command | agentId | callCenterInfo[0].callCenterId | callCenterInfo[0].supervisors |"
    " callCenterInfo[1].callCenterId | callCenterInfo[1].supervisors[0] |\n"
)


@pytest.mark.parametrize(
    ("sheet", "table", "expected"),
    [
        # Whoever is added needs a group, or a profile that may bring one.
        ("Users", GROUPS + f"| AddUser | | D | {ANNA} |\n| AddUser | P | D | {BERT} |", []),
        (
            "Users",
            GROUPS + f"| AddUser | | | {ANNA} |\n| AddUser | P | | {BERT} |",
            ["C2 error required", "C3 warning group-missing"],
        ),
        (
            "Users",
            GROUPS + f'| AddUser | "" | | {ANNA} |\n| AddUser | P | "" | {BERT} |',
            ["C2 error required"],
        ),
        (
            "Users",
            GROUPS + f'| AddUser | | "" | {ANNA} |\n| ModifyUser | | "" | {BERT} | x |',
            ["C2 error clear"],
        ),
        (
            "Users",
            DEVICES
            + '| AddDevice | | A | enterprise |\n| AddDevice | | B | group |\n| AddDevice | "" | C | Enterprise |\n'
            '| AddDevice | "" | D | Group |\n| AddDevice | "" | E | |',
            ["B3 error required", "B5 error clear", "B6 error clear"],
        ),
        # A list is written in one way, and cleared as a whole.
        (
            "Users",
            PACKS
            + f'| ModifyUser | {ANNA} | | "" | x |\n| ModifyUser | {BERT} | | | "" |\n| ModifyUser | carl.cook@example.com | "" | | |',
            ["D2 error clear"],
        ),
        (
            "Users",
            PACKS
            + f"| ModifyUser | {ANNA} | x | y | |\n| ModifyUser | {BERT} | | x | y |\n| ModifyUser | carl.cook@example.com | x | | |",
            ["C2 error list-twice"],
        ),
        (
            "Users",
            REPEATERS
            + " |\n| AddDevice | D | A | | 1 | 2 | 3 | 4 |\n| AddDevice | D | B | 1 | | 2 | 3 | 4 |\n| AddDevice | D | C | 1 | 2 | 3 | 4 | 5 |\n"
            "| AddDevice | D | E | 1 | 2 | 3 | | |",
            ["E2 error max-items", "D3 error max-items", "E4 error max-items"],
        ),
        (
            "CallCenterAgent",
            SUPERVISORS
            + f"| Assign | {ANNA} | sales.all@example.com | {BERT} | late.all@example.com | {BERT} |",
            [],
        ),
        # Each object of a list of which something is filled has its name; one of them must be there.
        (
            "CallCenterAgent",
            CENTERS
            + f"| Assign | {ANNA} | sales.all@example.com | yes | | 5 | |\n| Assign | {BERT} | | | late.all@example.com | | no |\n"
            "| Assign | carl.cook@example.com | | | | | |\n| Assign | dora.dell@example.com | | no | x | | |",
            [
                "E2 error required",
                "A3 error required",
                "C4 error required",
                "C5 error required",
            ],
        ),
        ("CallCenterAgent", f"| command | agentId |\n| Remove | {ANNA} |", ["A2 error required"]),
        # A row that modifies something has something to modify.
        (
            "Users",
            GROUPS
            + f"| ModifyUser | | D | {ANNA} | |\n| ModifyUser | | | {BERT} | x |\n| DeleteUser | | | carl.cook@example.com | |",
            ["D2 warning nothing-to-modify"],
        ),
        (
            "PhoneNumbers",
            "| command | groupId | phoneNumbers | activated |\n| Modify | | 7 | |\n| Modify | None | 8 | |\n| Modify | | 9 | no |",
            ["C2 warning nothing-to-modify"],
        ),
        (
            "PhoneNumbers",
            "| command | groupId | phoneNumbers |\n| Assign | none | 7 |\n| Modify | NONE | 8 |\n| Unassign | Nones | 9 |",
            ["B2 error keyword"],
        ),
        # Of a cell that has an error nothing else is said, and of others everything.
        (
            "Users",
            DIGITS
            + f"| SuspendUser | {ANNA} | 12a | n/a | |\n| ModifyUser | {BERT} | 12a | n/a | 2145550100 2145550101 |",
            [
                *("C2 error unused", "D2 error unused", "C3 error digits", "D3 error digits"),
                "E3 error two-numbers",
            ],
        ),
    ],
)
def test_what_a_command_asks_of_its_rows(tmp_path: Path, sheet: str, table: str, expected: list[str]) -> None:
    checked = check_workbook(read_workbook(write_workbook(tmp_path / "rows.xlsx", {sheet: table})))
    assert [f"{each.cell} {each.severity} {each.rule}" for each in checked.problems] == expected


@pytest.mark.parametrize(
    ("typed", "rule"),
    [
        *((each, "placeholder") for each in ("nan", "NaN", "<NA>", "#N/A", "#NV", "#DIV/0!", "k.A.", "n/a")),
        *((each, "decimal-number") for each in ("2145550101.0", "101.00", "2.145550101E+09", "2e9")),
        *((each, None) for each in ("214.555.0101", "2145550101", "0", "+12145550101", "214.5")),
    ],
)
@pytest.mark.parametrize(
    ("sheet", "header"),
    [("Users", "user.phoneNumber"), ("CallForwarding", "callforwarding.callFwdAllNumber")],
)
def test_what_programs_write_in_the_place_of_a_number(
    tmp_path: Path, typed: str, rule: str | None, sheet: str, header: str
) -> None:
    subject = "user.userId" if sheet == "Users" else "userId"
    command = "ModifyUser" if sheet == "Users" else "Modify"
    table = f"| command | {subject} | {header} |\n| {command} | {ANNA} | {typed} |"
    checked = check_workbook(read_workbook(write_workbook(tmp_path / "rows.xlsx", {sheet: table})))
    assert [each.rule for each in checked.problems] == [rule] * (rule is not None)
    assert checked.errors == ()
