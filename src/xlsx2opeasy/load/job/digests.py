"""Digests of what holds secrets (chunk files, workbooks), with which no password can be tried out.

Each job has a random key for them, which lasts as long as its chunk files. Jobs of earlier versions have
none: their digests are plain SHA-256.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable

from xlsx2opeasy.load.job.store import DIGEST_KEY, StoredJob

Digest = Callable[[bytes], str]
"""64 hexadecimal digits of a content."""


def new_digest(stored: StoredJob) -> Digest:
    """Makes the key of a new job. Raises OSError where the disk refuses it."""
    key = secrets.token_bytes(32)
    stored.write(DIGEST_KEY, key)
    return _keyed(key)


def digest_of(stored: StoredJob, *, keyed: bool) -> Digest:
    """How the digests of a job are made; of earlier versions they are not `keyed`.

    Where the key is gone, with the chunks, nothing equals them any more.
    """
    if not keyed:
        return _plain
    return _keyed(stored.read(DIGEST_KEY) if stored.exists(DIGEST_KEY) else secrets.token_bytes(32))


def _keyed(key: bytes) -> Digest:
    return lambda content: hmac.new(key, content, "sha256").hexdigest()


def _plain(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
