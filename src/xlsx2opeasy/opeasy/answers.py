"""A whole answer, and what an error body says (Appendix VI)."""

from collections.abc import Callable
from dataclasses import dataclass

from xlsx2opeasy.http.strict_json import BadAnswer, cleaned, read_json
from xlsx2opeasy.opeasy.errors import ServerWords
from xlsx2opeasy.opeasy.masking import is_secret_name
from xlsx2opeasy.problems import MASK


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole 2xx answer; `retry_after` is in seconds, `location` as it came."""

    status: int
    body: bytes
    location: str | None = None
    retry_after: float | None = None


def server_words(body: bytes | bytearray, scrub: Callable[[str], str]) -> ServerWords:
    """What an error body says (Appendix VI); a body that says nothing readable is no reason to fail.

    `scrub` takes this program's own secrets out. Where the input that caused the error is a secret field, its
    value is masked wherever it shows.
    """
    try:
        error = read_json(body)
    except BadAnswer:
        return ServerWords()
    if not isinstance(error, dict):
        return ServerWords()
    details = (error.get("validationError"), error.get("generalError"))
    inner: dict[str, object] = next((each for each in details if isinstance(each, dict)), {})
    field = _spoken(inner.get("fieldName"))
    message = _spoken(inner.get("message")) or _spoken(error.get("message"))
    entered = _spoken(inner.get("originalInput"))
    if entered and is_secret_name(field):
        message, entered = message.replace(entered, MASK), MASK
    code = _spoken(error.get("errorCode"))
    return ServerWords(*(cleaned(scrub(text)) for text in (code, message, field, entered)))


def _spoken(value: object) -> str:
    return str(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else ""
