"""What each of the 20 commands does to the simulated enterprise; a module a task type, three for Users."""

from typing import Any, Final

from xlsx2opeasy.sandbox.commands import (
    call_center_agent,
    call_forwarding,
    call_recording,
    devices,
    phone_numbers,
    teams,
    users,
)
from xlsx2opeasy.sandbox.enterprise import Command, Enterprise, TaskFailed
from xlsx2opeasy.sandbox.inventory import NumbersRefused

COMMANDS: Final[dict[str, dict[str, Command]]] = {
    "Users": users.COMMANDS | devices.COMMANDS | teams.COMMANDS,
    "CallCenterAgent": call_center_agent.COMMANDS,
    "CallRecording": call_recording.COMMANDS,
    "CallForwarding": call_forwarding.COMMANDS,
    "PhoneNumbers": phone_numbers.COMMANDS,
}


def apply(enterprise: Enterprise, task_type: str, command: str, content: dict[str, Any]) -> None:
    """Carries a valid task out. Raises `TaskFailed` having changed nothing."""
    if command in enterprise.state.unsupported_commands:
        raise TaskFailed("110", command)
    try:
        COMMANDS[task_type][command](enterprise, content)
    except NumbersRefused as refused:
        raise TaskFailed("106") if refused.too_many else TaskFailed("100", str(refused)) from refused
