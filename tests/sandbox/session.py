"""A plain HTTP session with a sandbox: a method for each thing a test does, and no judgement of answers."""

import json
import time
from typing import Any

import httpx

from xlsx2opeasy.sandbox.serve import RunningSandbox

FILE = {"Accept": "application/octet-stream"}


def add_user(
    user_id: str = "john.doe@example.com", group_id: str = "Dallas", **fields: Any
) -> dict[str, Any]:
    return {"command": "AddUser", "content": {"groupId": group_id, "user": {"userId": user_id, **fields}}}


def user_task(command: str, user_id: str = "john.doe@example.com", **fields: Any) -> dict[str, Any]:
    return {"command": command, "content": {"user": {"userId": user_id, **fields}}}


def device_task(command: str, name: str = "device-1", group_id: str = "", **fields: Any) -> dict[str, Any]:
    group = {"groupId": group_id} if group_id else {}
    return {"command": command, "content": {**group, "device": {"name": name, **fields}}}


def numbers_task(command: str, numbers: str, group_id: str | None = None, **fields: Any) -> dict[str, Any]:
    group = {} if group_id is None else {"groupId": group_id}
    return {"command": command, "content": {"phoneNumbers": {"phoneNumbers": numbers, **group, **fields}}}


def agent_task(command: str, *call_centers: str, agent: str = "john.doe@example.com") -> dict[str, Any]:
    info = [{"callCenterId": each} for each in call_centers]
    return {"command": command, "content": {"agentId": agent, "callCenterInfo": info}}


def forwarding(user_id: str = "john.doe@example.com", **settings: Any) -> dict[str, Any]:
    return {"command": "Modify", "content": {"userId": user_id, "callforwarding": settings}}


def recording(user_id: str = "john.doe@example.com", **settings: Any) -> dict[str, Any]:
    return {"command": "Modify", "content": {"userId": user_id, "callRecording": settings}}


ONE_OF_EACH: dict[str, list[dict[str, Any]]] = {
    "Users": [add_user()],
    "CallCenterAgent": [agent_task("Assign", "sales.cc@example.com")],
    "CallRecording": [recording(recordCall="Always")],
    "CallForwarding": [forwarding(callFwdBusyActive=True)],
    "PhoneNumbers": [numbers_task("Assign", "214-555-0100 - 214-555-0101", "Dallas")],
}
"""A valid task of each type."""


class Session:
    """A client that is logged in for one enterprise."""

    def __init__(self, sandbox: RunningSandbox, enterprise_id: str) -> None:
        self.sandbox = sandbox
        self.enterprise_id = enterprise_id
        self.http = httpx.Client(base_url=sandbox.url, timeout=10, trust_env=False, verify=False)
        self.http.headers["Accept"] = "application/json"
        self.http.headers["Authorization"] = self.login().json()["authSession"]["token"]

    def login(self, key: str | None = None, enterprise_id: str | None = None) -> httpx.Response:
        credentials = {
            "apiKey": self.sandbox.api_key if key is None else key,
            "enterpriseId": enterprise_id or self.enterprise_id,
        }
        return self.http.post("/v1/authsessions", json={"authSession": credentials})

    def create(self, tasks: Any = None, **options: Any) -> httpx.Response:
        form = {"enterpriseId": options.pop("enterprise_id", self.enterprise_id)}
        return self.upload("POST", "/v1/operations", json.dumps({"tasks": tasks or {}}), data=form, **options)

    def append(self, operation_id: str, tasks: Any) -> httpx.Response:
        return self.upload("PATCH", f"/v1/operations/{operation_id}", json.dumps({"tasks": tasks}))

    def upload(
        self,
        method: str,
        path: str,
        content: str | bytes,
        *,
        data: dict[str, str] | None = None,
        filename: str = "tasks.json",
        media_type: str = "application/json",
    ) -> httpx.Response:
        files = {"file": (filename, content, media_type)}
        return self.http.request(method, path, data=data, files=files)

    def new(self, tasks: Any = None) -> str:
        """The id of a new operation."""
        answer = self.create(tasks)
        assert answer.status_code == 201, answer.text
        identifier: str = answer.json()["id"]
        return identifier

    def schedule(self, operation_id: Any) -> httpx.Response:
        return self.http.post("/v1/scheduledoperations", json={"operation": {"id": operation_id}})

    def await_end(self, scheduled_id: str) -> httpx.Response:
        deadline = time.monotonic() + 60
        while (answer := self.http.get(f"/v1/scheduledoperations/{scheduled_id}/status")).status_code == 202:
            assert time.monotonic() < deadline, answer.text
            time.sleep(0.005)
        return answer

    def run(self, tasks: dict[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
        """Uploads, schedules and waits; the results by task type."""
        operation_id = self.new(tasks)
        scheduled = self.schedule(operation_id)
        assert scheduled.status_code == 202, scheduled.text
        scheduled_id = scheduled.json()["scheduledOperation"]["id"]
        assert self.await_end(scheduled_id).status_code == 200
        return {name: self.results(scheduled_id, name) for name in tasks}

    def results(self, scheduled_id: str, task_type: str) -> list[dict[str, Any]]:
        path = f"/v1/scheduledoperations/{scheduled_id}/results/{task_type.lower()}"
        found: list[dict[str, Any]] = self.http.get(path, headers=FILE).json()[task_type]
        return found
