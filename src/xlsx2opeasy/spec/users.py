"""Appendix I: the Users sheet."""

from dataclasses import replace

from xlsx2opeasy.spec.build import NO_FORMER_VALUE, boolean, command, integer, required, text, texts
from xlsx2opeasy.spec.effects import Effect, Given, Inverse, ServedBy
from xlsx2opeasy.spec.model import Command, Content, Field, Group, Subject, TaskType
from xlsx2opeasy.spec.rules import (
    Between,
    Characters,
    Digits,
    EmailStyle,
    MacAddress,
    MaxItems,
    MaxLength,
    OneOf,
)

ADD = frozenset({"AddUser", "AddUserDevice"})
EDIT = ADD | {"ModifyUser"}
DELETE = frozenset({"DeleteUser", "DeleteUserAndDevices"})
USER = EDIT | DELETE | {"SuspendUser", "RestoreUser"}
EDIT_DEVICE = frozenset({"AddUserDevice", "AddDevice", "ModifyDevice"})
DEVICE = EDIT_DEVICE | {"DeleteDevice"}
EXISTING = DELETE | {"ModifyUser", "SuspendUser", "RestoreUser"}
"""The commands about users that are there already."""
WITH_DEVICE = frozenset({"AddUserDevice", "ModifyUser"})

_PING_NAME = "abcdefghijklmnopqrstuvwxyz0123456789='_-./\"}"
_LETTERS_AND_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_PORT = Between(1, 65535)
_DECT = "device.dect112Info"
_SAS = "device.audioCodesDeviceSettings"
_MISSPELT_SAS = "device.audioCodesDeviceSettngs"
_TRUNK = "device.trunkUserInformation"

_SYNC_ADDED, _SYNC_DELETED = "SyncAddedModifiedTeamsUsers", "SyncDeletedTeamsUsers"
TEAMS_FIELDS = frozenset({"user.teamsVoiceRoute", "user.teamsPbxLocation", "user.msTeamsXsiPlugin"})
"""The fields that make a user a Teams user; a user profile may do so as well."""
_TEAMS_ADDED = ServedBy(_SYNC_ADDED, TEAMS_FIELDS | {"userProfile"}, TEAMS_FIELDS)

_NO_FORMER_USER = Inverse(
    why_not="the task names the user only; the password and the settings of the deleted user are not known"
    " here: add the user again by hand"
)
_NO_FORMER_DEVICE = Inverse(
    why_not="the task names the device only; its type, its settings and its users are not known here:"
    " add the device again by hand"
)
_NOTHING_TO_SYNC = Inverse(
    why_not="no command reverses a synchronisation, and this workbook leaves none to be done"
)
_PING = (
    Given("user.pingUserDispositionalState", "Retain", where="user.useExistingPingAccount"),
    Given("user.pingUserDispositionalState", "Deactivate", where="user.pingUserName"),
)
"""A Ping account that was there before stays; one that came with the user goes. The first that holds counts."""

# fmt: off
_FIELDS = (
    text("userProfile", "OpEasy User Profile to create the user with.", ADD, content=Content.NAME, example="MS Teams"),
    text("groupId", "The group the user or device resides in; must match an existing group.", EDIT | {"AddDevice", "ModifyDevice"}, required=(required(*ADD, unless="userProfile", advised=True), required("AddDevice", unless="device.level", value="Enterprise")), content=Content.NAME, example="Dallas"),
    text("user.userId", "Unique identifier of the user; the domain must be known by the system.", USER, EmailStyle(existing=EXISTING), required=(required(*USER),), subject=Subject.USER, example="john.doe@example.com"),
    text("user.department", "The department the user belongs to; must match an existing department.", EDIT, example="Sales"),
    text("user.lastName", "Last name.", EDIT, MaxLength(30), example="Doe"),
    text("user.firstName", "First name.", EDIT, MaxLength(30), example="John"),
    text("user.clidLastName", "Calling Line ID last name.", EDIT, MaxLength(30), example="Doe"),
    text("user.clidFirstName", "Calling Line ID first name.", EDIT, MaxLength(30), example="John"),
    text("user.clidPhoneNumber", "Calling Line ID phone number.", EDIT, MaxLength(23), content=Content.NUMBER, example="2145550100"),
    text("user.phoneNumber", "Primary phone number (E.164 is supported); must exist and be assigned to the enterprise or group.", EDIT, MaxLength(23), content=Content.NUMBER, example="+12145550101"),
    text("user.phoneNumberActivation", "Activates or deactivates the phone number; ignored where Phone Number Activation is disabled.", EDIT, OneOf(("Activate", "Deactivate")), example="Activate"),
    text("user.extension", "Primary extension.", EDIT, Digits(), MaxLength(20), example="0101"),
    text("user.userPassword", "Password of the user; its rules are set in Clearspan.", EDIT, secret=True, example="Sample-Passw0rd"),
    text("user.emailAddress", "E-mail address; the domain must be known by the system.", EDIT, EmailStyle(existing=EXISTING), MaxLength(80), example="john.doe@example.com"),
    text("user.accountId", "Office Billing Account ID; USE_ORG_ID takes that of the group or enterprise.", EDIT, content=Content.NAME, example="USE_ORG_ID"),
    text("user.userBillingType", "User billing type.", EDIT, example="Standard"),
    text("user.billingBundle", "Billing bundle to assign to the user.", EDIT, example="Office Bundle"),
    text("user.userErlRecordName", "ERL record name, for AudioCodes MediaPack or Media 5 devices; follows the Emergency Gateway System's format.", EDIT, MaxLength(50), example="DAL-HQ-F2"),
    text("user.automaticCallDestination", "Automatic call target address, for Media 5 devices.", EDIT, example="2145550199"),
    text("user.voicePortalPasscode", "Voice portal passcode; security rules are set in Clearspan.", EDIT, Digits(advised=True), secret=True, example="482915"),
    text("user.endpointType", "The type of endpoint.", EDIT, OneOf(("DeviceUser", "TrunkUser")), example="DeviceUser"),
    text("user.networkServerSite", "Network server site.", EDIT, example="Site 1"),
    boolean("user.vmTranscription", "Voicemail transcription (speech to text).", EDIT),
    text("user.voicemailAccount", "Unified Messaging voicemail; no value disables it.", EDIT, OneOf(("NoNotification", "EmailNotification", "EmailDelivery")), aliases=("user.voicemailAccout",), example="EmailNotification"),
    text("user.mailServerPassword", "Password for the mail server; ignored where Clearspan sets it automatically.", EDIT, secret=True, example="Sample-Mail1"),
    texts("user.servicePacks", "Service packs to assign; each must match an existing one.", EDIT, content=Content.NAME, example="Premium;Voice Mail"),
    text("user.commBarringAuthCode", "Communication barring authorization code.", EDIT, Digits(advised=True), secret=True, example="4711"),
    text("user.callPickupGroup", "Must match an existing call pickup group.", EDIT, example="Front Desk"),
    text("user.huntGroup", "Must match an existing hunt group.", EDIT, example="Sales Line"),
    boolean("user.msTeamsXsiPlugin", "XSI plugin capability in MS Teams.", EDIT),
    text("user.teamsVoiceRoute", "Teams voice route; a voice route name defined in the system.", WITH_DEVICE, example="US East"),
    text("user.teamsPbxLocation", "Teams PBX location; a PBX location name defined in the system.", WITH_DEVICE, example="PBX HQ"),
    text("user.sipAuthName", "SIP authentication name.", EDIT, MaxLength(80), example="john.doe"),
    text("user.sipAuthPassword", "SIP authentication password.", EDIT, MaxLength(20), secret=True, example="Sample-Sip1"),
    text("user.networkClassOfService", "Must match an existing network class of service.", EDIT, example="National"),
    text("user.language", "Must match a valid language of the enterprise or group.", EDIT, example="English (US)"),
    text("user.timeZone", "Must match a valid time zone of the enterprise or group.", EDIT, example="America/Chicago"),
    texts("user.alternateUserIds", "Alternate user IDs, each as ID or ID/description.", EDIT, content=Content.NAME, example="jdoe@example.com/short form"),
    text("user.alias1", "First alias; the domain must be known by the system.", EDIT, EmailStyle(existing=EXISTING), MaxLength(161), example="john.d@example.com"),
    text("user.alias2", "Second alias; the domain must be known by the system.", EDIT, EmailStyle(existing=EXISTING), MaxLength(161), example="johnny.doe@example.com"),
    text("user.alias3", "Third alias; the domain must be known by the system.", EDIT, EmailStyle(existing=EXISTING), MaxLength(161), example="doe.john@example.com"),
    text("user.title", "Title.", EDIT, MaxLength(50), example="Account Manager"),
    text("user.pagerNumber", "Pager number.", EDIT, Digits(), MaxLength(17), content=Content.NUMBER, example="2145550177"),
    text("user.mobileNumber", "Mobile number.", EDIT, Digits(), MaxLength(17), content=Content.NUMBER, example="2145550178"),
    text("user.addressLocation", "Location portion of the address.", EDIT, MaxLength(80), example="Tower B"),
    text("user.addressLine1", "Line 1 of the address.", EDIT, MaxLength(80), example="100 Main Street"),
    text("user.addressLine2", "Line 2 of the address.", EDIT, MaxLength(80), example="Suite 400"),
    text("user.city", "City.", EDIT, MaxLength(50), example="Dallas"),
    text("user.stateProvince", "State or province.", EDIT, MaxLength(50), example="TX"),
    text("user.zipPostalCode", "Zip or postal code.", EDIT, MaxLength(50), example="75201"),
    text("user.country", "Country.", EDIT, MaxLength(50), example="USA"),
    text("user.userPositionOnDevice", "Position of the user on an AudioCodes device with static line/port ordering.", EDIT, example="1"),
    boolean("user.useExistingPingAccount", "Use an existing Ping account.", ADD),
    text("user.pingUserName", "Ping client user name.", WITH_DEVICE, Characters(_PING_NAME, "a-z, 0-9 and = ' _ - . / \" }", advised=True), MaxLength(256), example="john.doe"),
    text("user.pingUserPassword", "Ping client password.", WITH_DEVICE, Characters(_LETTERS_AND_DIGITS, "A-Z, a-z and 0-9"), secret=True, example="SamplePing1"),
    text("user.pingUserDispositionalState", "What becomes of the Ping account.", DELETE, OneOf(("Deactivate", "Retain")), example="Deactivate"),
    texts("user.pingEnabledFeatures", "Ping features to enable for the user.", WITH_DEVICE, OneOf(("Call Center", "SMS")), example="Call Center;SMS"),
    text("device.name", "Name of the device; unique within the system.", DEVICE, MaxLength(80), required=(required("AddDevice", "ModifyDevice", "DeleteDevice"), required("AddUserDevice", unless="userProfile")), content=Content.NAME, subject=Subject.DEVICE, example="DAL-6930-0101"),
    text("device.level", "The level of the device.", DEVICE, OneOf(("Enterprise", "Group"), open=True), example="Group"),
    text("device.type", "Must match an existing device type.", EDIT_DEVICE, example="Mitel 6930"),
    text("device.linePort", "LinePort of the device; unique within the system.", EDIT_DEVICE, MaxLength(161), content=Content.CODE, example="2145550101.primary"),
    text("device.template", "Must match an existing device template.", EDIT_DEVICE, example="Mitel 6930 Standard"),
    text("device.templateLevel", "The level the device template resides at.", EDIT_DEVICE, OneOf(("Enterprise", "Group"), open=True), example="Enterprise"),
    text("device.physicalLocation", "The location of the device.", EDIT_DEVICE | {"AddUser"}, MaxLength(1024), example="DALLAS TX"),
    text("device.macAddress", "MAC address; may be blank where Device Management uses access credentials.", EDIT_DEVICE, MacAddress(), example="00085D123456"),
    text("device.deviceSipContact", "SIP contact address of the device.", EDIT_DEVICE, example="sip:2145550101@198.51.100.7"),
    text("device.hostNameIpAddress", "Host name or IP address of the device.", EDIT_DEVICE, example="198.51.100.7"),
    text("device.accessUserName", "User name for Device Management with device credentials; unique within the system.", EDIT_DEVICE, example="dal-0101"),
    text("device.accessPassword", "Password for Device Management with device credentials.", EDIT_DEVICE, secret=True, example="Sample-Access1"),
    text("device.vlanId", "VLAN ID.", EDIT_DEVICE, content=Content.NAME, example="120"),
    text("device.erlRecordName", "ERL record name of the device; follows the Emergency Gateway System's format.", EDIT_DEVICE, MaxLength(50), aliases=("device.eriRecordName",), example="DAL-HQ-F2"),
    text("device.deviceBillingType", "Device billing type.", EDIT_DEVICE, example="Standard"),
    text("device.description", "Description of the device.", EDIT_DEVICE, MaxLength(80), example="Desk phone, 2nd floor"),
    text(f"{_DECT}.handsetInfo[n].ipeiNumber", "IPEI number of a handset.", EDIT_DEVICE, content=Content.CODE, example="010770123456"),
    text(f"{_DECT}.handsetInfo[n].registrationCode", "Registration code of the handset.", EDIT_DEVICE, secret=True, example="0000"),
    texts(f"{_DECT}.repeaterIpeiNumber", "IPEI numbers of the DECT repeaters.", EDIT_DEVICE, MaxItems(3), content=Content.CODE, example="010770999901"),
    text(f"{_SAS}.sasRegistrar", "FQDN of the SAS registrar.", EDIT_DEVICE, aliases=(f"{_MISSPELT_SAS}.sasRegistrar",), example="sas1.example.com"),
    integer(f"{_SAS}.sasRegistrarPort", "Port of the SAS registrar.", EDIT_DEVICE, _PORT, aliases=(f"{_MISSPELT_SAS}.sasRegistrarPort",), example="5060"),
    text(f"{_SAS}.sasDefaultGateway", "FQDN of the SAS default gateway.", EDIT_DEVICE, aliases=(f"{_MISSPELT_SAS}.sasDefaultGateway",), example="gw1.example.com"),
    integer(f"{_SAS}.sasDefaultGatewayPort", "Port of the SAS default gateway.", EDIT_DEVICE, _PORT, aliases=(f"{_MISSPELT_SAS}.sasDefaultGatewayPort",), example="5090"),
    text(f"{_TRUNK}.trunkGroup", "Trunk group to assign a trunk user to.", EDIT_DEVICE, example="Dallas PRI"),
    text(f"{_TRUNK}.trunkLinePort", "LinePort number or SIP address of a trunk user.", EDIT_DEVICE, content=Content.NAME, example="2145550101.primary"),
    text(f"{_TRUNK}.trunkContact", "Contact address of a trunk user.", EDIT_DEVICE, example="sip:trunk@198.51.100.9"),
    text(f"{_TRUNK}.alternateTrunkId", "Alternate trunk identity, used for the To header.", EDIT_DEVICE, content=Content.NAME, example="2145550190"),
    text(f"{_TRUNK}.enterpriseTrunk", "Enterprise trunk to assign to the user.", EDIT_DEVICE, example="HQ Trunk"),
)
# fmt: on


def _doubtful_with_add_user(field: Field) -> Field:
    """Fields of a device, of which no table has AddUser, but an example has one."""
    if not field.name.startswith("device.") or "AddUser" in field.commands:
        return field
    return replace(field, doubtful=frozenset({"AddUser"}))


USERS = TaskType(
    name="Users",
    appendix="I",
    description="Users and their devices: add, modify, delete, suspend, restore, and synchronise with Teams.",
    headings=("User", "Users"),
    tab="#1F4E78",
    locating=frozenset({"groupId"}),
    essential=frozenset(
        {
            *("userProfile", "user.lastName", "user.firstName", "user.department", "user.emailAddress"),
            *("user.phoneNumber", "user.extension", "user.userPassword", "user.voicePortalPasscode"),
            *("user.servicePacks", "device.level", "device.type", "device.macAddress", "device.linePort"),
        }
    ),
    commands=(
        command(
            "AddUser",
            "Add a new user.",
            Effect.ADDS_USER,
            inverse=Inverse("DeleteUser", ("user.userId",), given=_PING),
            served_by=_TEAMS_ADDED,
        ),
        command(
            "AddUserDevice",
            "Add a new user, add a new device, and assign the new device to the user.",
            Effect.ADDS_USER,
            Effect.ADDS_DEVICE,
            inverse=Inverse("DeleteUserAndDevices", ("user.userId",), given=_PING),
            served_by=_TEAMS_ADDED,
        ),
        command(
            "ModifyUser",
            "Modify user information.",
            Effect.CHANGES_USER,
            inverse=NO_FORMER_VALUE,
            served_by=ServedBy(_SYNC_ADDED, TEAMS_FIELDS, TEAMS_FIELDS),
        ),
        command(
            "AddDevice",
            "Add a new device.",
            Effect.ADDS_DEVICE,
            inverse=Inverse("DeleteDevice", ("device.name",), ("device.level",)),
        ),
        command("ModifyDevice", "Modify device information.", Effect.CHANGES_DEVICE, inverse=NO_FORMER_VALUE),
        command(
            "DeleteUser",
            "Delete the user.",
            Effect.DELETES_USER,
            inverse=_NO_FORMER_USER,
            served_by=ServedBy(_SYNC_DELETED),
        ),
        command("DeleteDevice", "Delete the device.", Effect.DELETES_DEVICE, inverse=_NO_FORMER_DEVICE),
        command(
            "DeleteUserAndDevices",
            "Delete the user and their associated devices.",
            Effect.DELETES_USER,
            Effect.DELETES_DEVICES_OF_USER,
            inverse=_NO_FORMER_USER,
            served_by=ServedBy(_SYNC_DELETED),
        ),
        command(
            "SuspendUser",
            "Temporarily disable this user.",
            Effect.SUSPENDS_USER,
            inverse=Inverse("RestoreUser", ("user.userId",)),
            served_by=ServedBy(_SYNC_DELETED),
        ),
        command(
            "RestoreUser",
            'Restore this user from the "suspended" state.',
            Effect.RESTORES_USER,
            inverse=Inverse("SuspendUser", ("user.userId",)),
            served_by=ServedBy(_SYNC_ADDED),
        ),
        Command(
            _SYNC_ADDED,
            "Enable Calling Services for all pending added, modified and restored Teams users: once, after them.",
            inverse=_NOTHING_TO_SYNC,
            last_and_once=True,
        ),
        Command(
            _SYNC_DELETED,
            "Disable Calling Services for all pending deleted Teams users: once, after the deletions.",
            inverse=_NOTHING_TO_SYNC,
            last_and_once=True,
        ),
    ),
    groups=(
        Group("user", "The user to be created, changed or deleted.", USER),
        Group(
            "device",
            "The device, when a user is added with one, or a device is added, changed or deleted.",
            DEVICE,
        ),
        Group(_DECT, "Settings of a Mitel DECT 112 phone.", EDIT_DEVICE),
        Group(
            f"{_DECT}.handsetInfo",
            "IPEI numbers and registration codes of the DECT handsets.",
            EDIT_DEVICE,
            many=True,
            repeat=2,
        ),
        Group(_SAS, "AudioCodes Stand Alone Service (SAS).", EDIT_DEVICE),
        Group(_TRUNK, "Settings of a trunk user.", EDIT_DEVICE),
    ),
    fields=tuple(_doubtful_with_add_user(each) for each in _FIELDS),
)
