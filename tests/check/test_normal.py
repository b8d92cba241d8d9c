"""The spelling that is sent: of each kind of field, what a cell becomes; everything else stays as it was typed."""

import pandas as pd
import pytest

from xlsx2opeasy.check.normal import items_of, normalised, with_few_repeated
from xlsx2opeasy.spec.catalogue import TASK_TYPES

TYPED = {
    "user.vmTranscription": {
        "YES": "true",
        "True": "true",
        "1": "true",
        "no": "false",
        "FALSE": "false",
        "0": "false",
        "maybe": "maybe",
        "2": "2",
    },
    "callCenterInfo[0].skillLevel": {
        "007": "7",
        "+5": "5",
        "-1": "-1",
        "9" * 18: "9" * 18,
        "0" + "9" * 18: "0" + "9" * 18,
        "5.0": "5.0",
        "5 ": "5 ",
        "--5": "--5",
        "five": "five",
        "": "",
    },
    "device.macAddress": {
        "00:08:5D:12:34:56": "00085D123456",
        "0008.5d12.3456": "00085d123456",
        "00-08-5D-12-34-57": "00085D123457",
        "00085D123458": "00085D123458",
        "00085D123459": "00085D123459",
        "00:08:5D:12:34": "00:08:5D:12:34",
        "00:08:5D:12:34:567": "00:08:5D:12:34:567",
        "00:08:5D:12:34:5G": "00:08:5D:12:34:5G",
        '""': '""',
        "": "",
    },
    "user.phoneNumberActivation": {
        "ACTIVATE": "Activate",
        "deactivate": "Deactivate",
        "activated": "activated",
    },
    "user.pingEnabledFeatures": {
        "sms": "SMS",
        "call center; SMS ;": "Call Center;SMS",
        "SMS;x": "SMS;x",
        ";": ";",
        '""': '""',
        "": "",
    },
    "user.pingEnabledFeatures[0]": {"sms": "SMS", "sms;call center": "sms;call center"},
    "groupId": {"none": "None", "NONE": "None", "Nones": "Nones", "Dallas": "Dallas"},
    "user.title": {"yes": "yes", " x ": " x ", '""': '""'},
}


@pytest.mark.parametrize("header", TYPED)
def test_what_is_typed_is_sent_in_the_appendixs_spelling(header: str) -> None:
    (column, *_) = [found for each in reversed(TASK_TYPES) if (found := each.column(header))]
    typed = pd.Series(list(TYPED[header]), index=range(2, len(TYPED[header]) + 2), dtype="str")
    sent = normalised(column, typed)
    assert sent.to_dict() == dict(enumerate(TYPED[header].values(), 2))
    assert sent.dtype == "str"


def test_a_column_of_which_every_cell_is_right_stays() -> None:
    (column,) = [found for each in TASK_TYPES if (found := each.column("user.vmTranscription"))]
    typed = pd.Series(["true", "", '""'], dtype="str")
    assert normalised(column, typed) is typed


@pytest.mark.parametrize(
    ("cell", "items"),
    [("a;;b;", ["a", "b"]), (" a b ; c ", ["a b", "c"]), (" ; ", []), ("", []), ("a,b", ["a,b"])],
)
def test_the_items_of_a_cell(cell: str, items: list[str]) -> None:
    assert items_of(cell) == items


@pytest.mark.parametrize("texts", [["a", "b", "a"], ["a", "a", "a", "b"], ["a"], [], ["a"] * 2000 + ["b"]])
def test_no_text_is_lost_where_those_that_repeat_are_left_out(texts: list[str]) -> None:
    assert set(with_few_repeated(pd.Series(texts, dtype="str"))) == set(texts)
