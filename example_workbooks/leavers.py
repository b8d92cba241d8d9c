"""`leavers.xlsx`: people who leave the office of `new-branch-office.xlsx`, or stay away for a while."""

from branch_people import GROUP, device_name, id_of
from content import Example, Sheet, row

_USERS = ("command", "user.userId", "user.pingUserDispositionalState", "device.name", "# note")
_NUMBERS = ("command", "groupId", "phoneNumbers", "activated", "# note")

EXAMPLE = Example(
    "leavers.xlsx",
    "Leavers: Fort Worth",
    (
        Sheet(
            "Users",
            _USERS,
            (
                row(_USERS, "SuspendUser", id_of("Iwata"), None, None, "Parental leave until June"),
                row(_USERS, "SuspendUser", id_of("Petrov"), None, None, "Sabbatical"),
                row(_USERS, "DeleteUser", id_of("Erickson"), None, None, "Phone stays for the successor"),
                row(_USERS, "DeleteUser", id_of("Kowalski"), "Retain", None, "Moves to Dallas, keeps Ping"),
                row(_USERS, "DeleteDevice", None, None, device_name("11"), "Her phone is broken: scrapped"),
                row(_USERS, "DeleteUserAndDevices", id_of("Mbeki"), "Deactivate", None, "Phone returned"),
                row(_USERS, "DeleteUserAndDevices", id_of("Quiñones"), None, None, "Phone returned"),
                row(_USERS, "DeleteUserAndDevices", id_of("Robinson"), None, None, "Phone returned"),
                row(_USERS, "DeleteUserAndDevices", id_of("Thibodeaux"), "Deactivate", None, "Teams user"),
                row(_USERS, "DeleteDevice", None, None, "SPARE-6930-07", "Given back to the supplier"),
                row(_USERS, "SyncDeletedTeamsUsers", None, None, None, "Once, after all deletions"),
            ),
            frozen_columns=2,
        ),
        Sheet(
            "PhoneNumbers",
            _NUMBERS,
            (
                row(_NUMBERS, "Modify", None, "817-555-0105", False, "Rests until the successor comes"),
                row(_NUMBERS, "Unassign", GROUP, "817-555-0111", None, "Back to the enterprise"),
                row(_NUMBERS, "Unassign", GROUP, "817-555-0113", None, "Back to the enterprise"),
                row(
                    _NUMBERS, "Unassign", GROUP, "817-555-0117 - 817-555-0118", None, "Back to the enterprise"
                ),
                row(_NUMBERS, "Modify", "None", "817-555-0120", False, "To the enterprise, switched off"),
            ),
            frozen_columns=1,
        ),
    ),
)
