"""Where the Webex API is, and who calls it."""

from dataclasses import dataclass
from typing import Final

from xlsx2opeasy.errors import AccessDenied, UsageError
from xlsx2opeasy.http.reach import checked_url, require_safe_scheme
from xlsx2opeasy.secret import Secret

DEFAULT_URL: Final = "https://webexapis.com/v1"
_RIGHT_FORM = f"WEBEX_URL ends in /v1, for example {DEFAULT_URL}"
_SCHEME = "bearer "


def checked_base(url: str) -> str:
    """`url` as `https://host[:port]/v1`, without the slash at its end.

    Only `https`, and `http` to a loopback address; no user name, query or fragment. Raises UsageError.
    """
    parts = checked_url(url, _RIGHT_FORM)
    path = parts.path.rstrip("/")
    if not path.endswith("/v1"):
        raise UsageError("The URL of Webex does not end in /v1", _RIGHT_FORM)
    require_safe_scheme(parts, _RIGHT_FORM)
    return f"{parts.scheme}://{parts.netloc.lower()}{path}"


@dataclass(frozen=True, slots=True)
class WebexConnection:
    """The API's base URL and an access token; checked when it is made (UsageError, AccessDenied)."""

    token: Secret
    base_url: str = DEFAULT_URL

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", checked_base(self.base_url))
        token = self.token.reveal().strip()
        if token.casefold().startswith(_SCHEME):
            token = token[len(_SCHEME) :].strip()
        if not token:
            raise AccessDenied("there is no Webex access token", "set WEBEX_ACCESS_TOKEN")
        if not all("!" <= each <= "~" for each in token):
            raise UsageError(
                "the Webex access token holds a space, a line break or a character that no token has",
                "copy it again, whole and alone",
            )
        object.__setattr__(self, "token", Secret(token))
