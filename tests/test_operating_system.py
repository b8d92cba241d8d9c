"""What Windows does otherwise, by stand-ins for its calls; the rest by this system itself."""

import contextlib
import ctypes
import errno
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from xlsx2opeasy import operating_system


class Kernel:
    """Stands in for kernel32: notes what is asked of it, and grants it but for `refused`."""

    def __init__(self, refused: str = "") -> None:
        self.refused = refused
        self.limits: Any = None
        self.assigned: tuple[int, int] | None = None

    def CreateJobObjectW(self, _security: None, _name: None) -> int:  # noqa: N802
        return 0 if self.refused == "create" else 7

    def SetInformationJobObject(self, job: int, kind: int, limits: Any, size: int) -> bool:  # noqa: N802
        assert (job, kind, size) == (7, 9, ctypes.sizeof(limits._obj))
        self.limits = limits._obj
        return self.refused != "set"

    def AssignProcessToJobObject(self, job: int, process: int) -> bool:  # noqa: N802
        self.assigned = (job, process)
        return self.refused != "assign"

    def GetCurrentProcess(self) -> int:  # noqa: N802
        return -1


def test_the_reading_process_is_limited_by_a_job_object_on_windows() -> None:
    kernel = Kernel()
    operating_system.limit_by_job(3 << 30, 60, kernel)
    assert kernel.assigned == (7, -1)
    assert kernel.limits.process_memory == 3 << 30
    assert kernel.limits.basic.per_process_user_time == 600_000_000
    assert kernel.limits.basic.limit_flags == 0x502


@pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="Skipped: the sizes are those of 64 bits.")
def test_the_structures_have_the_sizes_that_windows_wants() -> None:
    assert ctypes.sizeof(operating_system._BasicLimits) == 64
    assert ctypes.sizeof(operating_system._ExtendedLimits) == 144


@pytest.mark.parametrize("refused", ["create", "set", "assign"])
def test_a_job_object_that_is_refused_is_no_silent_lack_of_limits(refused: str) -> None:
    with pytest.raises(OSError, match="job object"):
        operating_system.limit_by_job(1, 1, Kernel(refused))


def test_permission_bits_mean_nothing_on_windows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = tmp_path / "key"
    key.write_text("k", encoding="utf-8")
    key.chmod(0o644)
    assert operating_system.others_can_read(key) == (os.name != "nt")
    monkeypatch.setattr(operating_system, "os", SimpleNamespace(name="nt"))
    assert not operating_system.others_can_read(key)
    operating_system.sync_folder(tmp_path)
    operating_system.give_like(-1, key.stat())


@pytest.mark.skipif(os.name == "nt", reason="Skipped: Windows syncs no folders.")
def test_a_file_system_without_sync_of_folders_is_left_at_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code, is_raised in ((errno.EINVAL, False), (errno.ENOTSUP, False), (errno.EIO, True)):
        monkeypatch.setattr(os, "fsync", Mock(side_effect=OSError(code, os.strerror(code))))
        with pytest.raises(OSError, match="output") if is_raised else contextlib.nullcontext():
            operating_system.sync_folder(tmp_path)


@pytest.mark.skipif(sys.platform != "linux", reason="Skipped: only Linux limits address space.")
def test_a_limited_process_cannot_take_more_memory_and_leaves_no_core() -> None:
    code = (
        "import resource; from xlsx2opeasy.operating_system import limit_this_process;"
        "limit_this_process(1 << 30, 60);"
        "print(resource.getrlimit(resource.RLIMIT_CORE)); bytearray(2 << 30)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == "(0, 0)\n"
    assert "MemoryError" in done.stderr
