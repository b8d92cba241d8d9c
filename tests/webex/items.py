"""Items of the job list: the page's own example, and the two other shapes that Webex's descriptions give."""

import copy
from typing import Any

PATH = "/v1/telephony/config/jobs/devices/callDeviceSettings"
TOKEN = "canary-webex-token-4c1e"

EXAMPLE: dict[str, Any] = {
    "id": "Y2lzY29zcGFyazovL3VzL0pPQl9JRC8wMTA4NDJjMy1mNWQ5LTRjOWQtOGZiYi0yYzIxZmU4OWI0YzQ",
    "jobType": "calldevicesettings",
    "trackingId": "ATLAS_89144033-afb5-44e8-bae8-946e84c71fa3_0",
    "sourceUserId": "Y2lzY29zcGFyazovL3VzL1BFT1BMRS85OThhMThhYi1kZjY5LTQ5MWYtYmViZi03MzUxMGE3ODI5N2I",
    "sourceCustomerId": (
        "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi9hNDVkNmNkYS1hZTVhLTQwYzMtYTdhZC01NjUwZmRkZGQ1M2M"
    ),
    "targetCustomerId": (
        "Y2lzY29zcGFyazovL3VzL09SR0FOSVpBVElPTi9hNDVkNmNkYS1hZTVhLTQwYzMtYTdhZC01NjUwZmRkZGQ1M2M"
    ),
    "instanceId": 235690,
    "jobExecutionStatus": [
        {
            "id": 236410,
            "startTime": "2022-08-15T12:54:50.380Z",
            "endTime": "2022-08-15T12:55:01.833Z",
            "lastUpdated": "2022-08-15T12:55:02.160Z",
            "statusMessage": "COMPLETED",
            "exitCode": "COMPLETED",
            "createdTime": "2022-08-15T12:54:50.350Z",
            "stepExecutionStatuses": [
                {
                    "id": 1159389,
                    "startTime": "2022-08-15T12:54:50.433Z",
                    "endTime": "2022-08-15T12:55:01.826Z",
                    "lastUpdated": "2022-08-15T12:55:01.826Z",
                    "statusMessage": "COMPLETED",
                    "exitCode": "COMPLETED",
                    "name": "calldevicesettingsOverrideProcess",
                    "timeElapsed": "PT11.393S",
                }
            ],
            "timeElapsed": "PT11.393S",
        }
    ],
    "latestExecutionStatus": "COMPLETED",
    "latestExecutionExitCode": "COMPLETED",
    "locationCustomizationsEnabled": False,
    "target": "CUSTOMER",
    "locationId": "",
    "percentageComplete": 100,
    "deviceCount": 23,
}

JUST_STARTED: dict[str, Any] = {
    "id": "job-started",
    "name": "calldevicesettings",
    "jobExecutionStatus": [
        {
            "id": 7,
            "lastUpdated": "2022-08-15T12:54:50.350Z",
            "statusMessage": "STARTING",
            "exitCode": "UNKNOWN",
            "createdTime": "2022-08-15T12:54:50.350Z",
            "timeElapsed": "PT0S",
        }
    ],
    "latestExecutionStatus": "STARTING",
    "latestExecutionExitCode": "UNKNOWN",
    "percentageComplete": 0,
}

NUMBER_MOVE: dict[str, Any] = {
    "id": "job-numbers",
    "jobType": "calldevicesettings",
    "latestExecutionStatus": "COMPLETED",
    "latestExecutionExitCode": "COMPLETED_WITH_ERRORS",
    "operationType": "MOVE",
    "sourceLocationId": "location-1",
    "targetLocationId": "location-2",
    "counts": {"totalNumbers": 10, "numbersDeleted": 0, "numbersMoved": 7, "numbersFailed": 3},
}

USER_MOVE: dict[str, Any] = {
    "id": "job-users",
    "latestExecutionStatus": "ABANDONED",
    "latestExecutionExitCode": "COMPLETED_WITH_PENDING_ORDERS",
    "counts": {"totalMoves": 5, "moved": 1, "failed": 1, "pending": 1, "skipped": 2},
    "csvFile": "https://example.com/x.csv",
    "csvFileExpiryTime": "2022-09-15T12:54:50.350Z",
    "fileFormat": "CSV",
}


def jobs(*numbers: int, **changes: Any) -> list[dict[str, Any]]:
    """The example under other ids."""
    return [{**copy.deepcopy(EXAMPLE), "id": f"job-{number}", **changes} for number in numbers]
