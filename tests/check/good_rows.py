"""One right row for each of the 20 commands, written from the Appendix: what a test breaks one rule of."""

USER = "john.doe@example.com"
DEVICE = {"device.name": "DAL-0101", "device.level": "Group", "device.type": "Mitel 6930"}

GOOD: dict[tuple[str, str], dict[str, str]] = {
    ("Users", "AddUser"): {"groupId": "Dallas", "user.userId": USER},
    ("Users", "AddUserDevice"): {"groupId": "Dallas", "user.userId": USER, **DEVICE},
    ("Users", "ModifyUser"): {"user.userId": USER, "user.title": "Manager"},
    ("Users", "AddDevice"): {"groupId": "Dallas", **DEVICE},
    ("Users", "ModifyDevice"): {"device.name": "DAL-0101", "device.description": "Desk phone"},
    ("Users", "DeleteUser"): {"user.userId": USER},
    ("Users", "DeleteDevice"): {"device.name": "DAL-0101"},
    ("Users", "DeleteUserAndDevices"): {"user.userId": USER},
    ("Users", "SuspendUser"): {"user.userId": USER},
    ("Users", "RestoreUser"): {"user.userId": USER},
    ("Users", "SyncAddedModifiedTeamsUsers"): {},
    ("Users", "SyncDeletedTeamsUsers"): {},
    ("CallCenterAgent", "Assign"): {"agentId": USER, "callCenterInfo[0].callCenterId": "sales@example.com"},
    ("CallCenterAgent", "Modify"): {
        "agentId": USER,
        "callCenterInfo[0].callCenterId": "sales@example.com",
        "callCenterInfo[0].skillLevel": "5",
    },
    ("CallCenterAgent", "Remove"): {"agentId": USER, "callCenterInfo[0].callCenterId": "sales@example.com"},
    ("CallRecording", "Modify"): {"userId": "user-id", "callRecording.recordCall": "Always"},
    ("CallForwarding", "Modify"): {
        "userId": "user-id",
        "callforwarding.callFwdAllActive": "TRUE",
        "callforwarding.callFwdAllNumber": "2145550150",
    },
    ("PhoneNumbers", "Modify"): {"phoneNumbers": "312-448-1107", "activated": "TRUE"},
    ("PhoneNumbers", "Unassign"): {"groupId": "Shop", "phoneNumbers": "312-448-1107"},
    ("PhoneNumbers", "Assign"): {"groupId": "Shop", "phoneNumbers": "312-448-1107 - 312-448-1108"},
}
