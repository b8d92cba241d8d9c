"""A disk in a folder: what of it was synced, and what is left of it when a process dies or the power fails."""

import contextlib
import errno
import os
import random
import shutil
import stat
from pathlib import Path

SQLITE = "journal.sqlite"
"""SQLite syncs its files and their folder itself, in C: what it has committed is on the disk."""


class Disk:
    """Everything in `folder`. What is there when a process begins counts as synced."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._spare = folder.with_name(f"{folder.name}.left")
        self._synced: set[int] = set()
        """Files (inodes) whose content is on the disk."""
        self._entries: dict[Path, set[str]] = {}
        """By folder, the names that are on the disk."""
        self._replaced: dict[Path, bytes] = {}
        """What stood where a rename put something else that is not on the disk yet."""

    def begin(self) -> None:
        """A process begins."""
        self._synced.clear()
        self._entries.clear()
        self._replaced.clear()
        for folder, folders, files in os.walk(self._folder):
            self._entries[Path(folder)] = {*folders, *files}
            self._synced |= {(Path(folder) / each).stat().st_ino for each in files}

    def synced(self, descriptor: int) -> None:
        """A file or a folder was synced."""
        status = os.fstat(descriptor)
        if not stat.S_ISDIR(status.st_mode):
            self._synced.add(status.st_ino)
            return
        folder = Path(f"/proc/self/fd/{descriptor}").readlink()
        self._entries[folder] = {each.name for each in folder.iterdir()}
        self._replaced = {path: old for path, old in self._replaced.items() if path.parent != folder}

    def renames(self, target: Path) -> None:
        """Something is about to be put in this place."""
        if target not in self._replaced and target.exists():
            self._replaced[target] = target.read_bytes()

    def freeze(self, power: random.Random | None) -> None:
        """The process is dead: what it does from now on does not count.

        With `power` that fails, each thing that was not synced may be lost or half there.
        """
        shutil.copytree(self._folder, self._spare)
        if power is not None:
            self._lose(self._folder, power)

    def thaw(self) -> None:
        """The disk as it was when the process died."""
        if self._spare.exists():
            shutil.rmtree(self._folder)
            self._spare.rename(self._folder)

    def failure(self, chance: random.Random) -> OSError:
        """What a disk says that fails."""
        return OSError(chance.choice((errno.ENOSPC, errno.EIO)), "simulated")

    def _lose(self, folder: Path, power: random.Random) -> None:
        durable = self._entries.get(folder, set())
        for path in sorted(folder.iterdir()):
            left = self._spare / path.relative_to(self._folder)
            if path.name.startswith(SQLITE):
                continue
            if path.name not in durable and power.random() < 0.5:
                shutil.rmtree(left) if path.is_dir() else left.unlink()
            elif path.is_dir():
                self._lose(path, power)
            elif path in self._replaced and power.random() < 0.5:
                left.write_bytes(self._replaced[path])
            elif path.stat().st_ino not in self._synced and power.random() < 0.5:
                with contextlib.suppress(FileNotFoundError):
                    os.truncate(left, power.randrange(path.stat().st_size + 1))
