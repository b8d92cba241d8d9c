"""CallRecording: Modify."""

from typing import Any, Final

from xlsx2opeasy.sandbox.enterprise import Command, Enterprise


def modify(enterprise: Enterprise, content: dict[str, Any]) -> None:
    """Modify: the settings that are given, which may be none."""
    enterprise.user(content["userId"]).call_recording |= content.get("callRecording", {})


COMMANDS: Final[dict[str, Command]] = {"Modify": modify}
