"""Filling blank workbooks in, as somebody with a spreadsheet does: cells of existing columns, nothing else."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import openpyxl

Rows = Mapping[str, Sequence[Mapping[str, object]]]

BRANCH: Rows = {
    "PhoneNumbers": [
        {
            "command": "Assign",
            "groupId": "Plano",
            "phoneNumbers": "972-555-0100 - 972-555-0109",
            "activated": "TRUE",
        }
    ],
    "Users": [
        {
            "command": "AddUserDevice",
            "groupId": "Dallas",
            "user.userId": "john.doe@example.com",
            "user.lastName": "Doe",
            "user.extension": "0101",
            "user.phoneNumber": "+12145550101",
            "user.servicePacks": "Premium;Voice Mail",
            "user.vmTranscription": "TRUE",
            "device.name": "DAL-6930-0101",
            "device.type": "Mitel 6930",
            "device.dect112Info.handsetInfo[1].ipeiNumber": "010770123456",
        },
        {"command": "ModifyUser", "user.userId": "john.doe@example.com", "user.title": '""'},
    ],
    "CallCenterAgent": [
        {
            "command": "Assign",
            "agentId": "john.doe@example.com",
            "callCenterInfo[0].callCenterId": "sales.cc@example.com",
            "callCenterInfo[0].skillLevel": 5,
        }
    ],
    "CallForwarding": [
        {"command": "Modify", "userId": "john.doe@example.com", "callforwarding.callFwdBusyActive": "yes"}
    ],
    "CallRecording": [
        {"command": "Modify", "userId": "john.doe@example.com", "callRecording.recordCall": "Always"}
    ],
}
"""A few rows that an empty sandbox takes, one or more for each sheet."""


def fill(path: Path, rows: Rows) -> Path:
    """Fills the rows into the workbook, each from row 2 of its sheet on."""
    book = openpyxl.load_workbook(path)
    for title, of_sheet in rows.items():
        sheet = book[title]
        columns = {cell.value: cell.column for cell in sheet[1]}
        for number, row in enumerate(of_sheet, start=2):
            for header, value in row.items():
                sheet.cell(number, columns[header], value)
    book.save(path)
    return path
