"""Compressing and sealing what a store keeps: zlib, then AES-256-GCM.

A job has several keys of its own (`records`, `secrets`, `results`), each wrapped by the store's key. Who
destroys a wrapped key makes everything under it unreadable. The additional data of a seal are the job, the
name, and a digest of the content that is keyed, so that no password can be tried out with it.
"""

import contextlib
import hashlib
import hmac
import os
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from xlsx2opeasy.errors import LocalFailure, UsageError
from xlsx2opeasy.store.keyfile import KEY_VARIABLE, StoreKeys, new_key

_NONCE: Final = 12
_ID: Final = 8
_LEVEL: Final = 1
"""Seven of a hundred bytes are left of task files, in a fifth of the time of level 6."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """A sealed content and its keyed digest."""

    content: bytes
    digest: bytes


def seal(key: bytes, job: str, name: str, content: bytes) -> Sealed:
    """Compresses and seals a content."""
    digest = hmac.digest(key, content, hashlib.sha256)
    nonce = os.urandom(_NONCE)
    sealed = AESGCM(key).encrypt(nonce, zlib.compress(content, _LEVEL), _bound(job, name, digest))
    return Sealed(nonce + sealed, digest)


def unseal(key: bytes, job: str, name: str, sealed: Sealed) -> bytes:
    """The content. Raises LocalFailure where it was changed, or belongs to another job or name."""
    nonce, content = sealed.content[:_NONCE], sealed.content[_NONCE:]
    try:
        return zlib.decompress(AESGCM(key).decrypt(nonce, content, _bound(job, name, sealed.digest)))
    except (InvalidTag, ValueError, zlib.error) as error:
        raise LocalFailure(
            f"{name} of job {job} in the store is damaged, or not what this job wrote",
            "nothing further was sent: look in the portal for what became of the job",
        ) from error


def _bound(job: str, name: str, digest: bytes) -> bytes:
    return b"\0".join((job.encode(), name.encode(), digest))


def key_id(key: bytes) -> bytes:
    """What names a store's key beside what it wraps, without telling it."""
    return hashlib.sha256(b"xlsx2opeasy store key\0" + key).digest()[:_ID]


class UnknownStoreKey(UsageError):
    """The key file does not hold the key that wrapped something of the store."""


class KeyRing:
    """Wraps and unwraps keys with those of the key file, which is read again for a key that is not known."""

    def __init__(self, read: Callable[[], StoreKeys]) -> None:
        """`read` reads the key file; UsageError of the first time is raised."""
        self._read = read
        self._keys = read()
        self._known = _by_id(self._keys)

    @property
    def present_id(self) -> bytes:
        """The id of the key that wraps from now on."""
        return key_id(self._keys.present)

    def wrap(self, key: bytes, job: str, purpose: str) -> bytes:
        """A job's key under the store's present key."""
        nonce = os.urandom(_NONCE)
        bound = f"{job}\0{purpose}".encode()
        present = self._keys.present
        return key_id(present) + nonce + AESGCM(present).encrypt(nonce, key, bound)

    def learn(self, wrapped: bytes) -> bytes | None:
        """The store's key that wrapped it, of which the key file may have learnt since it was read.

        Only a file that holds this key counts: its first key then wraps from now on.
        """
        identity = wrapped[:_ID]
        if identity not in self._known:
            with contextlib.suppress(UsageError):  # it is being written, or gone
                found = self._read()
                if identity in _by_id(found):
                    self._known = self._known | _by_id(found)
                    self._keys = found
        return self._known.get(identity)

    def unwrap(self, wrapped: bytes, job: str, purpose: str) -> bytes:
        """A job's key. Raises UnknownStoreKey where the key file does not hold the key that wrapped it."""
        nonce, sealed = wrapped[_ID : _ID + _NONCE], wrapped[_ID + _NONCE :]
        store_key = self.learn(wrapped)
        if store_key is None:
            raise wrong_key()
        try:
            return AESGCM(store_key).decrypt(nonce, sealed, f"{job}\0{purpose}".encode())
        except InvalidTag as error:
            raise LocalFailure(
                f"the {purpose} key of job {job} in the store is damaged",
                "nothing was done with this job: look in the portal for what became of it",
            ) from error

    def is_present(self, wrapped: bytes) -> bool:
        """Whether the store's present key wrapped it."""
        return wrapped[:_ID] == self.present_id

    def new(self, job: str, purpose: str) -> tuple[bytes, bytes]:
        """A new key for a job, plain and wrapped."""
        key = new_key()
        return key, self.wrap(key, job, purpose)


def _by_id(keys: StoreKeys) -> dict[bytes, bytes]:
    return {key_id(each): each for each in (keys.previous, keys.present) if each is not None}


def wrong_key() -> UnknownStoreKey:
    """The key file is that of another store."""
    return UnknownStoreKey(
        "the store was made with another key than the one in the key file",
        f"name the store's own key file in {KEY_VARIABLE}; after a rotation its second line may hold the"
        " previous key",
    )
