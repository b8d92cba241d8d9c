"""All 38 endpoints of the specification, as data: the client, the sandbox and the documents share this list."""

from dataclasses import dataclass
from typing import Final

from xlsx2opeasy.spec.catalogue import TASK_TYPES
from xlsx2opeasy.spec.model import TaskType

VERSION_PREFIX: Final = "/v1"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint: `page` is its heading in the specification, `path` has its variables in braces.

    `success` holds the status codes of its answer, `refusals` the errors its page lists. `download` says that
    the page offers a file (`Accept: application/octet-stream`) beside pages of `pageSize`.
    """

    name: str
    method: str
    path: str
    page: str
    success: tuple[int, ...]
    refusals: tuple[int, ...]
    task_type: str | None = None
    download: bool = False


# fmt: off
_OPERATION = f"{VERSION_PREFIX}/operations/{{operation-id}}"
_SCHEDULED = f"{VERSION_PREFIX}/scheduledoperations/{{scheduled-operation-id}}"
_WEBHOOKS = f"{VERSION_PREFIX}/webhooks"


def _operation_pages(of: TaskType) -> tuple[Endpoint, ...]:
    tasks_path = f"{_OPERATION}/{of.path}"
    errors_path = f"{tasks_path}/validationerrors"
    one_error = f"{errors_path}/{{validation-error-id}}"
    spoken, quoted = of.headings[0], f"“{of.name}”"
    about = of.name
    return (
        Endpoint(f"get{about}Tasks", "GET", tasks_path, f"Get {spoken}-related Tasks of a Specific Operation", (200,), (401, 404), about, download=True),
        Endpoint(f"get{about}ValidationErrors", "GET", errors_path, f"Get All {quoted} Validation Errors on Operation", (200,), (401, 404), about, download=True),
        Endpoint(f"get{about}ValidationError", "GET", one_error, f"Get Specific {quoted} Validation Error on Operation", (200,), (401, 404), about),
        Endpoint(f"delete{about}ValidationError", "DELETE", one_error, f"Delete {quoted} Validation Error on Operation", (204,), (401, 404), about),
    )


def _results_page(of: TaskType) -> Endpoint:
    page = f"View {of.headings[1]}-specific Results of Completed Scheduled Operation"
    return Endpoint(f"get{of.name}Results", "GET", f"{_SCHEDULED}/results/{of.path}", page, (200,), (401, 404), of.name, download=True)


ENDPOINTS: tuple[Endpoint, ...] = (
    Endpoint("authenticate", "POST", f"{VERSION_PREFIX}/authsessions", "Authenticate with API", (201,), (400, 401)),
    Endpoint("registerWebhook", "POST", _WEBHOOKS, "Register new Webhook Receiver", (201,), (400, 401, 403, 404)),
    Endpoint("getWebhooks", "GET", _WEBHOOKS, "Get All Webhook Receivers for Enterprise", (200,), (401,)),
    Endpoint("getWebhook", "GET", f"{_WEBHOOKS}/{{webhook-id}}", "Get Webhook Receiver by ID", (200,), (401, 404)),
    Endpoint("removeWebhook", "DELETE", f"{_WEBHOOKS}/{{webhook-id}}", "Un-register/Remove Webhook Receiver", (204,), (401, 404)),
    Endpoint("createOperation", "POST", f"{VERSION_PREFIX}/operations", "Create New Operation", (201,), (401, 403, 404)),
    Endpoint("appendTasks", "PATCH", _OPERATION, "Append tasks to Existing Operation", (200,), (401, 404)),
    Endpoint("getOperation", "GET", _OPERATION, "Get a Specific Operation", (200,), (401, 404)),
    *(page for task_type in TASK_TYPES for page in _operation_pages(task_type)),
    Endpoint("deleteOperation", "DELETE", _OPERATION, "Delete Operation", (204,), (400, 401, 404)),
    Endpoint("scheduleOperation", "POST", f"{VERSION_PREFIX}/scheduledoperations", "Schedule Operation for Processing", (202,), (400, 401, 404)),
    Endpoint("getScheduledOperationStatus", "GET", f"{_SCHEDULED}/status", "Get Status of Scheduled Operation", (200, 202), (401, 404)),
    Endpoint("getResults", "GET", f"{_SCHEDULED}/results", "View Results of Completed Scheduled Operation", (200,), (401, 404)),
    *(_results_page(task_type) for task_type in TASK_TYPES),
    Endpoint("deleteScheduledOperation", "DELETE", _SCHEDULED, "Delete Scheduled Operation", (204,), (400, 401, 404)),
)

BY_ENDPOINT_NAME: dict[str, Endpoint] = {endpoint.name: endpoint for endpoint in ENDPOINTS}
# fmt: on
