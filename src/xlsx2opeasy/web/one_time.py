"""One-time values in forms that begin something: a form that is sent twice begins it once."""

import hashlib
import hmac
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")

_MOST = 10_000


class OneTime(Generic[T]):
    """Makes such values and keeps what each began. A value is good for the purpose that it was made for."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._begun: OrderedDict[str, T] = OrderedDict()
        self._lock = threading.Lock()

    def value(self, *purpose: str) -> str:
        """A new value for a form."""
        nonce = secrets.token_urlsafe(16)
        return f"{nonce}.{self._mark(nonce, purpose)}"

    def begin(self, value: str, *purpose: str, begin: Callable[[], T]) -> T | None:
        """What the form begins, or began when it was sent before; None where the value is none of ours."""
        nonce, _, mark = value.partition(".")
        if not hmac.compare_digest(mark.encode(), self._mark(nonce, purpose).encode()):
            return None
        with self._lock:
            if nonce not in self._begun:
                self._begun[nonce] = begin()
                if len(self._begun) > _MOST:
                    self._begun.popitem(last=False)
            return self._begun[nonce]

    def _mark(self, nonce: str, purpose: tuple[str, ...]) -> str:
        message = "\0".join((nonce, *purpose)).encode(errors="surrogateescape")
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()
