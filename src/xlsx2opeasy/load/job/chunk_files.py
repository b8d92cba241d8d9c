"""The chunk files of a job, and the digests of what holds secrets, with which no password can be tried out.

Each job has a random key for digests, which lasts as long as its chunk files. Jobs of earlier versions have
none: their digests are plain SHA-256.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.load.job.store import DIGEST_KEY, StoredJob, chunk_place

Digest = Callable[[bytes], str]
"""64 hexadecimal digits of a content."""


@dataclass(frozen=True, slots=True)
class ChunkFile:
    """A chunk file of the job; `counts` are its tasks by type, `sha256` is made with the key of the job."""

    file: str
    bytes: int
    sha256: str
    counts: Mapping[str, int]


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
        return sha256_of
    return _keyed(stored.read(DIGEST_KEY) if stored.exists(DIGEST_KEY) else secrets.token_bytes(32))


def _keyed(key: bytes) -> Digest:
    return lambda content: hmac.new(key, content, "sha256").hexdigest()


def sha256_of(content: bytes) -> str:
    """The digest of what holds no secrets."""
    return hashlib.sha256(content).hexdigest()


def read_chunk(
    stored: StoredJob, chunk: ChunkFile, digest: Digest
) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """The tasks of a chunk file by type. Raises LocalFailure where it is not the file that was written."""
    content = chunk_bytes(stored, chunk, digest)
    tasks: Mapping[str, Sequence[Mapping[str, Any]]] = orjson.loads(content)["tasks"]
    return tasks


def read_texts(stored: StoredJob, chunk: ChunkFile, digest: Digest, task_type: str) -> list[bytes]:
    """The JSON of each task of a type in a chunk file, as it is sent. Raises LocalFailure as `read_chunk`.

    A file of this type alone is cut where a task begins: what it is cut at is in no text of JSON.
    """
    content, begin = chunk_bytes(stored, chunk, digest), b'{"tasks":{"%b":[' % task_type.encode()
    if content.startswith(begin) and content.endswith(_END):
        first, *others = content[len(begin) : -len(_END)].split(b"," + _TASK)
        if chunk.counts == {task_type: 1 + len(others)}:
            return [first, *(_TASK + each for each in others)]
    return [orjson.dumps(each) for each in orjson.loads(content)["tasks"].get(task_type, ())]


_TASK, _END = b'{"command":', b"]}}"


def chunk_bytes(stored: StoredJob, chunk: ChunkFile, digest: Digest) -> bytes:
    """A chunk file as it is sent. Raises LocalFailure where it is not the file that was written."""
    return read_unchanged(stored, chunk_place(chunk.file), chunk.sha256, digest)


def read_unchanged(stored: StoredJob, name: str, expected: str, digest: Digest = sha256_of) -> bytes:
    """A file of the job. Raises LocalFailure where it is not the file that was written."""
    try:
        content = stored.read(name)
    except OSError as error:
        raise LocalFailure(
            f"{stored.where(name)} cannot be read: {error.strerror}", "nothing further was sent"
        ) from error
    if digest(content) != expected:
        raise LocalFailure(
            f"{stored.where(name)} is not what this job wrote (its digest differs)",
            "nothing further was sent: the file was changed or damaged, so the job cannot go on",
        )
    return content
