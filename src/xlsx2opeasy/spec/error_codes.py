"""Appendix VII: the back end's error codes on failed tasks, each with what to do about it."""

from dataclasses import dataclass
from enum import StrEnum


class Retryable(StrEnum):
    """Whether a row that failed may succeed when it is loaded again unchanged."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A code, the description that the back end gives, and the likeliest remedy."""

    code: str
    description: str
    remedy: str
    retryable: Retryable = Retryable.NO


_CODES = (
    ErrorCode(
        "100",
        "General Error.",
        "Read the context at the end of the description, correct the row and load it again.",
        Retryable.UNKNOWN,
    ),
    ErrorCode("101", "User does not exist.", "Check the user ID; add the user first, or in an earlier row."),
    ErrorCode("102", "User already exists.", "Use ModifyUser to change the user, or choose another user ID."),
    ErrorCode(
        "103", "Device does not exist.", "Check device.name; add the device first, or in an earlier row."
    ),
    ErrorCode(
        "104",
        "Device already exists.",
        "Use ModifyDevice to change the device, or choose another device.name.",
    ),
    ErrorCode(
        "105",
        "Call Center does not exist or agent cannot be assigned to call center.",
        "Check the call center ID in the brackets, and that the user has the service that agents need.",
    ),
    ErrorCode(
        "106", "Validation Error", "A value breaks a rule of the system; correct the row and load it again."
    ),
    ErrorCode(
        "107",
        "User is already assigned to Call Center(s) in the list",
        "Take the call centers in the brackets out of the row, or use Modify to change the agent there.",
    ),
    ErrorCode(
        "108",
        "The User Suspend/Restore function is not enabled for this system.",
        "Ask Clearspan Operations to enable Suspend/Restore.",
    ),
    ErrorCode(
        "109",
        "Call Forwarding Always is not enabled for the user.",
        "Give the user a service pack with Call Forwarding Always, then load the row again.",
    ),
    ErrorCode(
        "110", "Unsupported API command.", "This server does not know the command; ask for its API version."
    ),
    ErrorCode("111", "The user is not currently suspended", "Nothing to restore: take the row out."),
    ErrorCode(
        "112",
        "User does not exist in teammate portal",
        "Add the user for Teams first, or wait for the Teams synchronisation and load the row again.",
        Retryable.UNKNOWN,
    ),
    ErrorCode(
        "113",
        "Call Foward All cannot be disabled for a SUSPENDED team user.",
        "Restore the user first (RestoreUser), then load the row again.",
    ),
    ErrorCode(
        "401", "Unauthorized", "The API account may not do this here; ask for its rights to be widened."
    ),
    ErrorCode(
        "500",
        "System Error",
        "The system failed at this row; look whether it took effect, then load it again.",
        Retryable.UNKNOWN,
    ),
)

ERROR_CODES: dict[str, ErrorCode] = {each.code: each for each in _CODES}


def retryable_of(code: str) -> Retryable:
    """Whether a row with this code may succeed unchanged; unknown for a code that Appendix VII does not have."""
    known = ERROR_CODES.get(code)
    return known.retryable if known else Retryable.UNKNOWN
