"""`new-branch-office.xlsx`: an office opens, and everything that its phones need on the first day."""

from branch_people import AT_HOME, GROUP, PEOPLE, device_name, id_of, user_id
from content import Example, Row, Sheet, mac_address, row

SALES, SUPPORT = "fw-sales.cc@example.com", "fw-support.cc@example.com"

USERS = (
    "command",
    "groupId",
    "userProfile",
    "user.userId",
    "user.lastName",
    "user.firstName",
    "user.department",
    "user.title",
    "user.phoneNumber",
    "user.phoneNumberActivation",
    "user.extension",
    "user.emailAddress",
    "user.voicemailAccount",
    "user.voicePortalPasscode",
    "user.servicePacks",
    "user.language",
    "user.timeZone",
    "user.teamsVoiceRoute",
    "user.userErlRecordName",
    "user.userPositionOnDevice",
    "device.name",
    "device.level",
    "device.type",
    "device.linePort",
    "device.template",
    "device.templateLevel",
    "device.macAddress",
    "device.erlRecordName",
    "device.physicalLocation",
    "device.description",
    "device.dect112Info.handsetInfo[0].ipeiNumber",
    "device.dect112Info.handsetInfo[0].registrationCode",
    "device.dect112Info.handsetInfo[1].ipeiNumber",
    "device.dect112Info.handsetInfo[1].registrationCode",
    "# note",
)
_LOCATION = "FORT WORTH TX"


def _user(last: str, first: str, department: str, title: str, digits: str) -> Row:
    return {
        "groupId": GROUP,
        "user.userId": user_id(first, last),
        "user.lastName": last,
        "user.firstName": first,
        "user.department": department,
        "user.title": title,
        "user.phoneNumber": f"81755501{digits}",
        "user.phoneNumberActivation": "Activate",
        "user.extension": f"01{digits}",
        "user.emailAddress": user_id(first, last),
        "user.language": "English (US)",
        "user.timeZone": "America/Chicago",
    }


def _with_phone(last: str, first: str, department: str, title: str, digits: str, phone: str) -> Row:
    is_agent = department in {"Sales", "Support"}
    return _user(last, first, department, title, digits) | {
        "command": "AddUserDevice",
        "user.voicemailAccount": "EmailNotification",
        "user.voicePortalPasscode": f"40{digits}83",
        "user.servicePacks": "Premium;Voice Mail;Call Center Agent" if is_agent else "Premium;Voice Mail",
        "device.name": device_name(digits),
        "device.level": "Group",
        "device.type": phone,
        "device.linePort": f"81755501{digits}.primary",
        "device.template": f"{phone} Standard",
        "device.templateLevel": "Enterprise",
        "device.macAddress": mac_address(0x0100 + int(digits)),
        "device.erlRecordName": "FTW-MAIN-F1" if department == "Warehouse" else "FTW-MAIN-F2",
        "device.physicalLocation": _LOCATION,
    }


def _at_home(last: str, first: str, department: str, title: str, digits: str) -> Row:
    return _user(last, first, department, title, digits) | {
        "command": "AddUserDevice",
        "userProfile": "MS Teams",
        "user.teamsVoiceRoute": "US South",
        "device.physicalLocation": _LOCATION,
        "# note": "Teams, no desk phone",
    }


_OTHERS: tuple[Row, ...] = (
    _user("Front Door", "Intercom", "Front Desk", "Door phone", "22")
    | {
        "command": "AddUserDevice",
        "user.userErlRecordName": "FTW-MAIN-F1",
        "user.userPositionOnDevice": "1",
        "device.name": "FTW-MP112",
        "device.level": "Group",
        "device.type": "AudioCodes MediaPack",
        "device.linePort": "8175550122.primary",
        "device.macAddress": mac_address(0x0200),
        "device.physicalLocation": _LOCATION,
        "device.description": "Analog gateway: door phone and fax",
    },
    _user("Conference", "Trinity Room", "Management", "Meeting room", "23")
    | {
        "command": "AddUser",
        "user.servicePacks": "Basic",
        "device.physicalLocation": _LOCATION,
        "# note": "Soft client on the room's own screen",
    },
    {
        "command": "AddDevice",
        "groupId": GROUP,
        "device.name": "FTW-DECT-1",
        "device.level": "Group",
        "device.type": "Mitel DECT 112",
        "device.macAddress": mac_address(0x0201),
        "device.physicalLocation": _LOCATION,
        "device.description": "Warehouse base station, two handsets",
        "device.dect112Info.handsetInfo[0].ipeiNumber": "010770123401",
        "device.dect112Info.handsetInfo[0].registrationCode": "0417",
        "device.dect112Info.handsetInfo[1].ipeiNumber": "010770123402",
        "device.dect112Info.handsetInfo[1].registrationCode": "0418",
    },
    {
        "command": "AddDevice",
        "device.name": "SPARE-6930-07",
        "device.level": "Enterprise",
        "device.type": "Mitel 6930",
        "device.macAddress": mac_address(0x0202),
        "device.description": "Spare phone, in the cabinet",
        "# note": "Enterprise level: no group",
    },
    {"command": "SyncAddedModifiedTeamsUsers", "# note": "Once, after all Teams users"},
)

_AGENT = (
    "command",
    "agentId",
    "callCenterInfo[0].callCenterId",
    "callCenterInfo[0].join",
    "callCenterInfo[0].skillLevel",
    "callCenterInfo[0].supervisors",
    "callCenterInfo[1].callCenterId",
    "callCenterInfo[1].join",
    "callCenterInfo[1].skillLevel",
)
_LEADS = f"{id_of('Delgado')};{id_of('Alvarez')}"


def _agent(last: str, center: str, skill: int, supervisors: str, *also: object) -> Row:
    second = also or (None, None, None)
    return row(_AGENT, "Assign", id_of(last), center, True, skill, supervisors, *second)


_AGENTS = (
    _agent("Erickson", SALES, 3, _LEADS),
    _agent("Fontenot", SALES, 3, _LEADS),
    _agent("Gupta", SALES, 1, _LEADS, SUPPORT, False, 15),
    _agent("Hoffmann", SALES, 5, _LEADS),
    _agent("Iwata", SALES, 5, _LEADS),
    _agent("Kowalski", SUPPORT, 2, id_of("Jefferson")),
    _agent("Lindqvist", SUPPORT, 4, id_of("Jefferson")),
    _agent("Mbeki", SUPPORT, 4, id_of("Jefferson")),
    _agent("Nakamura", SUPPORT, 1, id_of("Jefferson"), SALES, False, 18),
    _agent("Underwood", SUPPORT, 6, id_of("Jefferson")),
)

_RECORDING = (
    "command",
    "userId",
    "callRecording.recordCall",
    "callRecording.recordStartStopAnnouncement",
    "callRecording.pauseResumeNotification",
    "callRecording.repeatRecordCallWarningTone",
    "callRecording.repeatRecordCallWarningToneSeconds",
)
_RECORDED = (
    *(
        row(_RECORDING, "Modify", id_of(last), "Always", True, "Beep", True, 30)
        for last in ("Kowalski", "Lindqvist", "Mbeki", "Nakamura", "Underwood")
    ),
    row(_RECORDING, "Modify", id_of("Jefferson"), "OnDemand", True, "PlayAnnouncement", None, None),
    row(_RECORDING, "Modify", id_of("O'Connell"), "AlwaysWithPauseResume", True, "Beep", None, None),
    row(_RECORDING, "Modify", id_of("Alvarez"), "Never", None, None, None, None),
)

_FORWARDING = (
    "command",
    "userId",
    "callforwarding.callFwdAllActive",
    "callforwarding.callFwdAllNumber",
    "callforwarding.callFwdBusyActive",
    "callforwarding.callFwdBusyNumber",
    "callforwarding.callFwdNoAnswerActive",
    "callforwarding.callFwdNoAnswerNumber",
    "callforwarding.callFwdNoAnswerRings",
    "callforwarding.callFwdNotReachableActive",
    "callforwarding.callFwdNotReachableNumber",
)
_DESK = "8175550103"


def _forward_to_the_desk(last: str, rings: int) -> Row:
    return row(_FORWARDING, "Modify", id_of(last), None, None, True, _DESK, True, _DESK, rings, None, None)


_FORWARDED = (
    _forward_to_the_desk("Alvarez", 4),
    _forward_to_the_desk("Bennett", 4),
    _forward_to_the_desk("Delgado", 5),
    _forward_to_the_desk("Jefferson", 5),
    *(
        row(_FORWARDING, "Modify", id_of(last), None, None, None, None, None, None, None, True, "8175550104")
        for last in ("Stewart", "Thibodeaux")
    ),
    row(_FORWARDING, "Modify", id_of("Robinson"), True, "8175550117", *(None,) * 7),
)

_NUMBERS = ("command", "groupId", "phoneNumbers", "activated", "# note")

EXAMPLE = Example(
    "new-branch-office.xlsx",
    "New branch office: Fort Worth",
    (
        Sheet(
            "Users",
            USERS,
            (*(_with_phone(*each) for each in PEOPLE), *(_at_home(*each) for each in AT_HOME), *_OTHERS),
            frozen_columns=4,
        ),
        Sheet("CallCenterAgent", _AGENT, _AGENTS, frozen_columns=2),
        Sheet("CallRecording", _RECORDING, _RECORDED, frozen_columns=2),
        Sheet("CallForwarding", _FORWARDING, _FORWARDED, frozen_columns=2),
        Sheet(
            "PhoneNumbers",
            _NUMBERS,
            (
                row(_NUMBERS, "Assign", GROUP, "817-555-0100 - 817-555-0129", True, "People and rooms"),
                row(
                    _NUMBERS,
                    "Assign",
                    GROUP,
                    "817-555-0140 - 817-555-0149",
                    False,
                    "Held for the second floor",
                ),
                row(_NUMBERS, "Assign", GROUP, "817-555-0190", None, "Main number"),
                row(
                    _NUMBERS, "Modify", None, "817-555-0190", True, "Activated when the carrier has ported it"
                ),
            ),
        ),
    ),
)
