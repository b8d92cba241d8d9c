"""Which method of the client is which endpoint, and which tests hold both sides to it (`conformance.md`)."""

from dataclasses import dataclass

from xlsx2opeasy.spec.endpoints import ENDPOINTS, Endpoint

CLIENT_TEST = "tests/test_conformance.py::test_the_method_of_the_client_is_its_endpoint"
SANDBOX_TEST = "tests/sandbox/test_endpoints.py::test_success_is_as_its_page_says"

_PLAIN = {
    "authenticate": "authenticate",
    "registerWebhook": "register_webhook",
    "getWebhooks": "webhooks",
    "getWebhook": "get_webhook",
    "removeWebhook": "remove_webhook",
    "createOperation": "create_operation",
    "appendTasks": "append_tasks",
    "getOperation": "get_operation",
    "deleteOperation": "delete_operation",
    "scheduleOperation": "schedule",
    "getScheduledOperationStatus": "status",
    "getResults": "results_overview",
    "deleteScheduledOperation": "delete_scheduled_operation",
}
_TYPED = {
    "get{}Tasks": "tasks",
    "get{}ValidationErrors": "validation_errors",
    "get{}ValidationError": "get_validation_error",
    "delete{}ValidationError": "delete_validation_error",
    "get{}Results": "results",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One endpoint: the client's method, one test on each side of the wire, by pytest's names."""

    endpoint: Endpoint
    method: str
    client_test: str
    sandbox_test: str


def method_of(endpoint: Endpoint) -> str:
    """The name of the method of `OpEasyClient` that is this endpoint."""
    if endpoint.task_type is None:
        return _PLAIN[endpoint.name]
    return _TYPED[endpoint.name.replace(endpoint.task_type, "{}")]


def rows() -> list[Row]:
    """All endpoints, in the inventory's order."""
    return [
        Row(each, method_of(each), f"{CLIENT_TEST}[{each.name}]", f"{SANDBOX_TEST}[{each.name}]")
        for each in ENDPOINTS
    ]
