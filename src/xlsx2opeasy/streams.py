"""Standard streams that never end a command: one that is full or closed is noted, and the command goes on."""

import io
import os
import sys
from contextlib import suppress
from typing import IO, TextIO


class Loss:
    """What could not be written to standard output; `error` is the first that the system gave."""

    def __init__(self) -> None:
        self.error: OSError | None = None

    @property
    def is_reader_gone(self) -> bool:
        """Whether the reader of a pipe has left, as `head` does when it has read enough."""
        return isinstance(self.error, BrokenPipeError)

    @property
    def reason(self) -> str:
        """Why, in words."""
        assert self.error is not None
        return "its reader has left" if self.is_reader_gone else (self.error.strerror or str(self.error))


class _Sink(io.RawIOBase):
    """Writes to a descriptor until that fails, and takes everything after that for written."""

    def __init__(self, descriptor: int, loss: Loss) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._loss = loss

    def writable(self) -> bool:
        return True

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def write(self, data: object) -> int:
        view = memoryview(data).cast("B")  # type: ignore[arg-type]
        if self._loss.error is None:
            try:
                return os.write(self._descriptor, view)
            except OSError as error:
                self._loss.error = error
        return len(view)


def open_missing() -> list[int]:
    """Opens standard descriptors that are closed, so that no file of the program takes their numbers."""
    missing = []
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            with suppress(OSError):
                os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free
            missing.append(descriptor)
    return missing


def guard() -> Loss:
    """Replaces standard output and error, where they are no terminal; what is lost of the output is noted."""
    missing = open_missing()
    loss = Loss()
    sys.stdout = _guarded(sys.stdout, 1, loss)
    sys.stderr = _guarded(sys.stderr, 2, Loss())
    if 1 in missing:
        loss.error = OSError(9, "it is closed")
    return loss


def _guarded(stream: TextIO | None, descriptor: int, loss: Loss) -> TextIO:
    if stream is not None and stream.isatty():
        return stream
    buffer: IO[bytes] = io.BufferedWriter(_Sink(descriptor, loss))
    encoding = "utf-8" if stream is None else stream.encoding
    errors = "backslashreplace" if stream is None else stream.errors
    return io.TextIOWrapper(buffer, encoding, errors, line_buffering=descriptor == 2)
