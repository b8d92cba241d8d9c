"""Authentication tokens: JSON Web Tokens signed with HS256, good for one hour ("Authenticate with API")."""

import base64
import hashlib
import hmac
import json
import math
import secrets
import time
from typing import Any

from xlsx2opeasy.sandbox.refusals import general_error

_HEADER = {"alg": "HS256", "typ": "JWT"}


class Tokens:
    """Issues and verifies the tokens of one sandbox; its key is its own, so its tokens end with it."""

    def __init__(self, life: float) -> None:
        """`life` is in seconds."""
        self._key = secrets.token_bytes(32)
        self._life = life

    def issue(self, enterprise_id: str) -> str:
        """A token for this enterprise."""
        now = time.time()
        claims = {
            "sub": enterprise_id,
            "iat": int(now),
            "exp": math.ceil(now + self._life),
            "jti": secrets.token_hex(8),
        }
        signed = f"{_encode(_HEADER)}.{_encode(claims)}"
        return f"{signed}.{self._signature(signed)}"

    def enterprise_of(self, token: str) -> str:
        """The token's enterprise; 401 where it is missing, forged or too old."""
        signed, _, signature = token.rpartition(".")
        genuine = self._signature(signed).encode()
        if not signed or not hmac.compare_digest(signature.encode(errors="replace"), genuine):
            raise general_error(401, "Unauthorized", "The authentication token is missing or not valid")
        claims = _decode(signed.rpartition(".")[2])
        if time.time() >= claims["exp"]:
            raise general_error(401, "Unauthorized", "The authentication session has expired")
        enterprise_id: str = claims["sub"]
        return enterprise_id

    def _signature(self, signed: str) -> str:
        digest = hmac.digest(self._key, signed.encode(errors="replace"), hashlib.sha256)
        return _base64url(digest)


def _encode(value: dict[str, Any]) -> str:
    return _base64url(json.dumps(value, separators=(",", ":")).encode())


def _decode(part: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    return value


def _base64url(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
