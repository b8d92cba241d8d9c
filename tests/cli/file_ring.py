"""A keyring backend that keeps its entries in the file that FILE_RING names; found by PYTHON_KEYRING_BACKEND."""

import json
import os
from pathlib import Path

from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked


class FileRing(KeyringBackend):
    priority = 1  # type: ignore[assignment]

    def _entries(self) -> dict[str, str]:
        path = Path(os.environ["FILE_RING"])
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def _keep(self, entries: dict[str, str]) -> None:
        Path(os.environ["FILE_RING"]).write_text(json.dumps(entries))

    def get_password(self, service: str, username: str) -> str | None:
        return self._entries().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._keep({**self._entries(), f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        self._keep({key: kept for key, kept in self._entries().items() if key != f"{service}/{username}"})


class Locked(FileRing):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("Canary-Key in the words of a backend")


class Broken(FileRing):
    def get_password(self, service: str, username: str) -> str | None:
        raise ZeroDivisionError("Canary-Key in the words of a backend")
