"""Every sentence of the check, whole: each rule of the registry in each of its variants, at its cell.

What is said stands in `messages.txt`, to be read by a person: a changed sentence, place, cell or severity shows
there. `python -m check.test_messages` (with `tests` on PYTHONPATH) writes it again.
"""

import re
import sys
import tempfile
from pathlib import Path

import pytest

from check.test_each_rule import BROKEN, broken_row, write_rows
from workbooks import write_workbook
from xlsx2opeasy.check.checked import check_workbook
from xlsx2opeasy.problems import MASK, Problem
from xlsx2opeasy.registry.rows import ROWS
from xlsx2opeasy.registry.values import VALUES
from xlsx2opeasy.workbook.read import read_workbook

EXPECTED = Path(__file__).with_name("messages.txt")
ANNA, BERT = "anna.able@example.com", "bert.bold@example.com"
FORWARDING = "| command | userId | callforwarding.callFwdAllActive | callforwarding.callFwdAllNumber |\n"

TABLES: dict[str, dict[str, str]] = {
    "what people type": {
        "Users": "| command | groupId | user.userId | user.phoneNumber | device.name | device.macAddress | device.level |\n"
        f"| AddUserDevice | D | {ANNA} | 214-844-6611 to 214-844-6612 | A | OO085D123456 | System |\n"
        f"| AddUserDevice | D | {BERT} | +49123456789012345 | B | 0:8:5D:12:34:56 | Group |\n"
        "| AddUserDevice | D | charly@example.com | n/a | C | 85D123456 | Group |\n"
        "| AddUserDevice | D | dora.day@example.com | 1 | D | 00085D12345G | Group |\n",
        "PhoneNumbers": "| command | groupId | phoneNumbers |\n"
        "| Assign | D | 214-844-6611 / 214-844-6612 |\n"
        "| Assign | D | 214-844-6621 to 214-844-6629 |\n"
        "| Assign | D | 1234567890123456 |\n",
        "CallForwarding": FORWARDING + f"| Modify | {ANNA} | yes | |\n| Modify | {BERT} | yes | none |\n"
        "| Modify | charly@example.com | | 2145550101.0 |\n| Modify | dora.day@example.com | | NaN |\n",
    },
    "numbers, addresses and long values": {
        "Users": "| command | user.userId | user.phoneNumber | user.clidPhoneNumber | user.lastName | device.name |"
        " device.macAddress | user.phoneNumberActivation | user.voicePortalPasscode |"
        " user.pingUserName |\n"
        f"| ModifyUser | {ANNA} | 1234567890123456 | 214\u2013844\u20136611 to 2148446612 | {'x' * 80} | | |\n"
        f"| ModifyUser | {BERT} | 12345678 - 123456789012345678 | n/a | {'x' * 81} | | | ; |\n"
        f"| ModifyUser | dora.day@example.com | 12345 6789012345678 | | | | | {'x' * 90} | 48a915 | J.!DoeJ |\n"
        "| AddUser | charly.chap@example.com | x | n/a | | X | 8:0 |\n"
        "| DeleteDevice | | | | | X | 8:0 |\n| ModifyDevice | | | | | Y | 8:0 |\n"
        '| ModifyDevice | | | | | Y | "" |\n| ModifyDevice | | | | | Y | 00085D123456 |\n',
        "PhoneNumbers": "| command | groupId | phoneNumbers |\n"
        "| Assign | D | 214\u2013844\u20136611\u2014214-844-6612 |\n| Assign | D | 214\u2013844\u20136611 |\n"
        "| Asign | D | 214\u2013844\u20136613 |\n| Assign | D | 1234567890123456 - 12345678901234567 |\n"
        "| Assign | D | 123456-12345678 |\n| Assign | D | 123456789012345 - 123456789012346 |\n"
        "| Assign | D | 2148446611 to 2148446612 - 7 |\n",
    },
    "addresses that are too short": {
        "Users": "| command | user.userId | user.title |\n"
        "| ModifyUser | ann@example.com | Boss |\n| DeleteUser | bob@example.com | |\n",
    },
    "commands": {
        "Users": f"| command | user.userId |\n| AddUsr | {ANNA} |\n| | {BERT} |\n| Something | {BERT} |\n",
        "CallRecording": f"| command | userId |\n| Add | {ANNA} |\n| | {BERT} |\n",
    },
    "what a row needs": {
        "Users": "| command | userProfile | user.userId | user.title | device.type |\n"
        f"| AddUser | Teams | {ANNA} | | Mitel 6930 |\n| ModifyUser | | {BERT} | | |\n| AddUser | | | x | |\n"
        "| DeleteUser | | charly.chap@example.com | y | |\n",
    },
    "lists and cleared cells": {
        "Users": "| command | user.userId | user.servicePacks | user.servicePacks[0] | user.servicePacks[1] |"
        " user.vmTranscription |\n"
        f'| ModifyUser | {ANNA} | A;B | C | | |\n| ModifyUser | {BERT} | | "" | D | "" |\n'
        '| ModifyUser | "" | ; | | | |\n'
        '| SuspendUser | charly.chap@example.com | "" | | | |\n',
        "CallCenterAgent": "| command | agentId | callCenterInfo[0].callCenterId | callCenterInfo[1].join |\n"
        f"| Assign | {ANNA} | sales.all@example.com | TRUE |\n",
    },
    "items of a list": {
        "Users": "| command | groupId | device.name | "
        + " | ".join(f"device.dect112Info.repeaterIpeiNumber[{each}]" for each in range(4))
        + " |\n| AddDevice | D | A | 1 | 2 | 3 | 4 |\n",
    },
    "a user who comes again": {
        "Users": f"| command | groupId | user.userId |\n| DeleteUser | | {ANNA} |\n| AddUser | D | {ANNA} |\n"
        f"| DeleteUser | | {BERT} |\n| AddUser | D | {BERT} |\n| DeleteUser | | {BERT} |\n",
        "CallForwarding": FORWARDING + f"| Modify | {ANNA} | no | |\n| Modify | {BERT} | no | |\n",
    },
    "rows that conflict": {
        "Users": "| command | groupId | user.userId | user.phoneNumber | user.extension | device.name |"
        " device.linePort |\n"
        f"| AddUserDevice | D | {ANNA} | 2145550100 | 31 | A | 1 |\n"
        f"| AddUserDevice | D | {ANNA.upper()} | | | A | |\n"
        f"| AddUserDevice | D | {BERT} | +1 214-555-0100 | 31 | B | 1 |\n"
        f"| DeleteUserAndDevices | | {BERT} | | | | |\n| ModifyUser | | {BERT} | 7 | | | |\n"
        "| DeleteDevice | | | | | C | |\n| ModifyDevice | | | | | C | 9 |\n",
        "PhoneNumbers": "| command | groupId | phoneNumbers |\n| Assign | D | 214-555-0100 - 214-555-0109 |\n"
        "| Assign | D | 214-555-0105 |\n| Unassign | D | 3 |\n| Unassign | D | 3 |\n",
    },
    "Teams": {
        "Users": "| command | groupId | user.userId | user.msTeamsXsiPlugin |\n| SyncDeletedTeamsUsers | | | |\n"
        f"| AddUser | D | {ANNA} | TRUE |\n| SyncDeletedTeamsUsers | | | |\n",
    },
}


EACH_RULE, UNUSED_LEFT_OUT = "each rule broken", ", unused cells left out"
LEFT_OUT = f"what a row needs{UNUSED_LEFT_OUT}"
NAMES = (EACH_RULE, *TABLES, LEFT_OUT)


def problems(name: str, folder: Path) -> tuple[Problem, ...]:
    """Every problem of the workbook of this name."""
    path = folder / "a.xlsx"
    if name == EACH_RULE:
        rows: dict[str, list[dict[str, str]]] = {}
        for number, (sheet, command, field, value, _) in enumerate(BROKEN, 100):
            rows.setdefault(sheet, []).append(broken_row(sheet, command, field, value, number))
        write_rows(path, rows)
    else:
        write_workbook(path, TABLES[name.removesuffix(UNUSED_LEFT_OUT)])
    allowed = {"unused", "max-length"} if name == LEFT_OUT else ()
    return check_workbook(read_workbook(path), allowed).problems


def written(name: str, found: tuple[Problem, ...]) -> list[str]:
    """The problems as `messages.txt` has them: a line for what is wrong, one for what to do."""
    lines = [f"# {name}"]
    for each in found:
        lines.append(f"{each.sheet}!{each.cell} {each.severity} {each.rule} {each.field} {each.value!r}")
        lines += [f"    {each.message}", f"    -> {each.hint}"]
    return lines


def expected() -> dict[str, list[str]]:
    """What `messages.txt` has of each workbook."""
    parts = EXPECTED.read_text(encoding="utf-8").strip().split("\n\n")
    return {part.splitlines()[0].removeprefix("# "): part.splitlines() for part in parts}


@pytest.mark.parametrize("name", [*NAMES[1:], EACH_RULE])  # the large one last
def test_every_sentence_is_what_was_read_and_found_good(name: str, tmp_path: Path) -> None:
    assert written(name, problems(name, tmp_path)) == expected()[name]


def test_every_message_says_where_and_what_to_do() -> None:
    for head, message, hint in sentences():
        place = re.fullmatch(r"\w+![A-Z]+[0-9]+ (error|warning) (?P<rule>[a-z-]+) [\w.\[\]]+ .+", head)
        assert place, head
        for text in (message, hint):
            assert text
            assert text == text.strip()
            assert text.isprintable()
            assert not set("{}") & set(text) or place["rule"] == "characters"  # one of which is a brace
        assert "None" not in message or place["rule"] in ("keyword", "one-of")


def test_every_variant_of_every_rule_of_the_check_is_among_them() -> None:
    """The parts of a variant's sentence between its places are those of some message."""
    said: dict[str, list[str]] = {}
    for head, message, hint in sentences():
        said.setdefault(head.split(" ")[2], []).append(f"{message}\n{hint}")
    never = []
    for entry in (*VALUES, *ROWS):
        for variant, sentence in entry.sentences.items():
            parts = [part for text in (sentence.message, sentence.remedy) for part in _between_places(text)]
            if not any(all(part in text for part in parts) for text in said.get(entry.code, ())):
                never.append((entry.code, variant))
    assert never == []


def sentences() -> list[tuple[str, str, str]]:
    """Of each problem in `messages.txt`, its first line, what is wrong, and what to do."""
    lines = [line for part in expected().values() for line in part[1:]]
    return [
        (head, message.removeprefix("    "), hint.removeprefix("    -> "))
        for head, message, hint in zip(lines[::3], lines[1::3], lines[2::3], strict=True)
    ]


def _between_places(text: str) -> list[str]:
    return [part.partition("}")[2] if "}" in part else part for part in text.split("{")]


def test_secrets_stand_in_no_message() -> None:
    secrets = [value for _, _, field, value, _ in BROKEN if "assword" in field and len(value) > 3]
    masked = [f"{message}\n{hint}" for head, message, hint in sentences() if head.endswith(repr(MASK))]
    assert secrets
    assert masked
    assert not [secret for secret in secrets if secret in "\n".join(masked)]


if __name__ == "__main__":
    parts = []
    for title in NAMES:
        with tempfile.TemporaryDirectory() as folder_name:
            parts.append("\n".join(written(title, problems(title, Path(folder_name)))))
    EXPECTED.write_text("\n\n".join(parts) + "\n", encoding="utf-8")
    sys.stdout.write(f"{EXPECTED} is written: read it\n")
