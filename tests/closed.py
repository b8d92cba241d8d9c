"""Folders that may not be searched, as another account's home: also by root, who else may do everything."""

import contextlib
import ctypes
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

_VERSION_3 = 0x20080522
_OVERRIDES = 1 << 1 | 1 << 2
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: by these root passes permission bits."""
_PR_CAPBSET_DROP = 24


@contextlib.contextmanager
def closed(folder: Path) -> Iterator[None]:
    """The folder may not be searched, read or written by this thread, and those that it starts, in the block."""
    if os.name == "nt":
        pytest.skip("permission bits mean nothing on Windows")
    before = stat.S_IMODE(folder.stat().st_mode)
    folder.chmod(0)
    try:
        with _without_overrides():
            assert not os.access(folder, os.X_OK, effective_ids=True)
            yield
    finally:
        folder.chmod(before)


@contextlib.contextmanager
def _without_overrides() -> Iterator[None]:
    if os.geteuid() != 0:
        yield
        return
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_VERSION_3, 0)
    held = (ctypes.c_uint32 * 6)()  # effective, permitted, inheritable; twice
    if sys.platform != "linux" or libc.capget(header, held):
        pytest.skip("here root cannot do without its rights")
    fewer = (ctypes.c_uint32 * 6)(held[0] & ~_OVERRIDES, *held[1:])
    assert libc.capset(header, fewer) == 0
    try:
        yield
    finally:
        assert libc.capset(header, held) == 0


def never_with_overrides() -> None:
    """For `preexec_fn`: the program that is started has not root's way around permission bits."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (1, 2):
            libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
