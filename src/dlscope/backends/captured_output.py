"""`CapturedOutput`: what native code writes to standard output, taken aside for a while."""

from __future__ import annotations

import ctypes
import os
import sys
import tempfile
from collections.abc import Collection
from typing import IO, final

_OUTPUT = 1


@final
class CapturedOutput:
    """From `start` to `stop` everything written to file descriptor 1 goes to a temporary file.

    It holds for the whole process. `position` is how many bytes were written so far.
    """

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._descriptor = -1
        self._kept = -1

    def start(self) -> None:
        """Take standard output aside. Raises RuntimeError where it is already."""
        if self._file is not None:
            raise RuntimeError("standard output is captured already")
        _flush()
        self._file = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - closed in `stop`
        self._descriptor = self._file.fileno()
        self._kept = os.dup(_OUTPUT)
        os.dup2(self._descriptor, _OUTPUT)

    def position(self) -> int:
        """How many bytes were written since `start`; 0 when nothing is captured."""
        return os.lseek(self._descriptor, 0, os.SEEK_CUR) if self._file is not None else 0

    def stop(self) -> bytes:
        """Give standard output back; returns what was written."""
        if self._file is None:
            return b""
        _flush()
        os.dup2(self._kept, _OUTPUT)
        os.close(self._kept)
        with self._file as file:
            self._file = None
            file.seek(0)
            return file.read()


def hand_on(text: bytes, markers: Collection[bytes]) -> None:
    """Write to standard output what of `text` does not stand between a marker and a line's end."""
    kept = bytearray()
    for line in text.splitlines(keepends=True):
        starts = [at for at in map(line.find, markers) if at >= 0]
        kept += line[: min(starts)] if starts else line
    while kept:
        del kept[: os.write(_OUTPUT, kept)]


def _flush() -> None:
    sys.stdout.flush()
    # The buffers of C, where libraries in native code write.
    ctypes.CDLL(None).fflush(None)
