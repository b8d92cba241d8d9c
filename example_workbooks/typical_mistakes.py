"""`typical-mistakes.xlsx`: what goes wrong in workbooks that people make, one mistake a row, each named."""

from datetime import date
from typing import Any

from content import Example, FailedFormula, Row, Sheet

NOTE = "# mistake"
GROUP = "Fort Worth"

_USERS = (
    "command",
    "groupId",
    "user.userId",
    "user.lastName",
    "user.firstName",
    "user.department",
    "user.phoneNumber",
    "user.phoneNumberActivation",
    "user.extension",
    "user.mobileNumber",
    "user.zipPostalCode",
    "user.vmTranscription",
    "user.userPositionOnDevice",
    "device.name",
    "device.macAddress",
    NOTE,
)


def _user(number: int, last: str, first: str, note: str = "", **changes: object) -> Row:
    """A row without mistake, and then what `changes` say (`user__phoneNumber` for the dot; None: blank)."""
    cells: Row = {
        "command": "AddUser",
        "groupId": GROUP,
        "user.userId": f"{first}.{last}@example.com".lower(),
        "user.lastName": last,
        "user.firstName": first,
        "user.department": "Support",
        "user.phoneNumber": f"81755501{number}",
        "user.phoneNumberActivation": "Activate",
        "user.extension": f"01{number}",
        "user.zipPostalCode": "02108",
    }
    cells |= {name.replace("__", "."): value for name, value in changes.items()}
    cells |= {NOTE: note} if note else {}
    return {name: value for name, value in cells.items() if value is not None}


_PHONE: dict[str, Any] = {"command": "AddUserDevice", "device__macAddress": "02005E000001"}

_USER_ROWS = (
    _user(50, "Adams", "Walter"),
    _user(51, "Baker", "Yvonne", "command misspelt", command="AddUsr"),
    _user(52, "Carter", "Leonard", "group missing", groupId=None),
    _user(53, "Dawson", "Philip", "user ID missing", user__userId=None),
    _user(54, "Evans", "Jo", "less than 6 characters before the @", user__userId="jo.ev@example.com"),
    _user(55, "Foster", "Glenn", "no domain", user__userId="glenn.foster"),
    _user(56, "Vandenbroeck-Oosterhuizen-Lindenmeyer", "Hubert", "last name longer than 30 characters"),
    _user(57, "Garcia", "Lucia", "Activated is not Activate", user__phoneNumberActivation="Activated"),
    _user(58, "Hughes", "Martin", "leading zeros lost: Excel took 0158 for a number", user__extension=158),
    _user(
        59, "Ingram", "Sheila", "leading zero lost: Excel took 02108 for a number", user__zipPostalCode=2108
    ),
    _user(60, "Jensen", "Olaf", "Excel made an exponent of the number", user__mobileNumber="8.17555E+09"),
    _user(
        *(61, "Keller", "Petra", "more digits than Excel keeps: the last ones are lost"),
        user__mobileNumber=8175550161_1234567.0,
    ),
    _user(62, "Lopez", "Teresa", "extension with a dash", user__extension="01-62"),
    _user(
        63,
        "Morris",
        "Daniel",
        "1-2 was typed, and Excel made a date of it",
        user__userPositionOnDevice=date(2026, 1, 2),
    ),
    _user(
        *(64, "Norton", "Gail", "a formula that found nothing"),
        user__department=FailedFormula('=VLOOKUP("Norton",A1:B2,2,FALSE)', "#N/A"),
    ),
    _user(65, "Owens", "Russell", "neither TRUE nor FALSE", user__vmTranscription="maybe"),
    _user(66, "Powell", "Brenda", "device.name is not used in AddUser", device__name="FTW-0166"),
    _user(67, "Quigley", "Frank", "device.name missing", **_PHONE),
    _user(
        *(68, "Ramsey", "Iris", "O for 0 and separators: no 12 hexadecimal digits"),
        **_PHONE | {"device__name": "FTW-0168", "device__macAddress": "O2:00:5E:00:00:68"},
    ),
    _user(
        *(69, "Sawyer", "Keith", "one pair of digits missing"),
        **_PHONE | {"device__name": "FTW-0169", "device__macAddress": "02:00:5E:00:69"},
    ),
    _user(70, "Tucker", "Nora"),
    _user(71, "Tucker", "Nora", "the user of the row above once more"),
)

_AGENTS = ("command", "agentId", "callCenterInfo[0].callCenterId", "callCenterInfo[0].skillLevel", NOTE)
_RECORDING = (
    "command",
    "userId",
    "callRecording.recordCall",
    "callRecording.repeatRecordCallWarningToneSeconds",
    NOTE,
)
_FORWARDING = (
    "command",
    "userId",
    "callforwarding.callFwdNoAnswerActive",
    "callforwarding.callFwdNoAnswerNumber",
    "callforwarding.callFwdNoAnswerRings",
    NOTE,
)
_NUMBERS = ("command", "groupId", "phoneNumbers", "activated", NOTE)
_ADAMS = "walter.adams@example.com"


def _rows(headers: tuple[str, ...], *rows: tuple[object, ...]) -> tuple[Row, ...]:
    return tuple(
        {name: value for name, value in zip(headers, each, strict=True) if value is not None} for each in rows
    )


EXAMPLE = Example(
    "typical-mistakes.xlsx",
    "Typical mistakes",
    (
        Sheet("Users", _USERS, _USER_ROWS, frozen_columns=3),
        Sheet(
            "CallCenterAgent",
            _AGENTS,
            _rows(
                _AGENTS,
                ("Assign", _ADAMS, "fw-support.cc@example.com", 3, None),
                ("Assign", _ADAMS, None, 3, "call center missing"),
                ("Modify", _ADAMS, "fw-sales.cc@example.com", 25, "skill level above 20"),
                ("Remove", _ADAMS, "fw-sales.cc@example.com", 1, "skillLevel is not used in Remove"),
            ),
            frozen_columns=2,
        ),
        Sheet(
            "CallRecording",
            _RECORDING,
            _rows(
                _RECORDING,
                ("Modify", _ADAMS, "Allways", None, "Allways is not Always"),
                ("Modify", _ADAMS, "OnDemand", 5, "less than 10 seconds"),
                ("Modify", _ADAMS, None, None, "nothing to modify"),
            ),
            frozen_columns=2,
        ),
        Sheet(
            "CallForwarding",
            _FORWARDING,
            _rows(
                _FORWARDING,
                ("Modify", _ADAMS, True, "8175550103", 4, None),
                ("Modify", None, True, "8175550103", 4, "user ID missing"),
                ("Modify", _ADAMS, True, "8175550103", 25, "more than 20 rings"),
            ),
            frozen_columns=2,
        ),
        Sheet(
            "PhoneNumbers",
            _NUMBERS,
            _rows(
                _NUMBERS,
                ("Assign", GROUP, "817-555-0150 - 817-555-0171", True, None),
                ("Assign", GROUP, "817-555-0189 - 817-555-0180", True, "the range ends before it begins"),
                ("Assign", "None", "817-555-0172", None, "None is for Modify only"),
                ("Unassign", None, "817-555-0173", None, "group missing"),
                ("Modify", None, "817-555-0174", None, "neither a group nor activated"),
            ),
        ),
    ),
    careful=False,
)
