"""`MemoryMeter`: resident memory of a process before and at the peak of a measured part."""

from __future__ import annotations

import os
import re
import threading
from pathlib import Path
from types import TracebackType
from typing import Self, final

import psutil

from dlscope.core.errors import MeasurementError

_PERIOD_S = 0.01
_RESET_PEAK = "5"
_HIGH_WATER = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


@final
class MemoryMeter:
    """Bytes of resident memory of process `pid` (this one by default), as a context manager.

    Two instruments: a thread that reads every 10 ms, and the kernel's high-water mark, which
    misses no short peak but can be used only where it may be reset, or rose meanwhile. Raises
    `MeasurementError` when there is no such process.
    """

    def __init__(self, pid: int | None = None) -> None:
        self.pid = os.getpid() if pid is None else pid
        self._process = _process(self.pid)
        self._proc = Path(f"/proc/{self.pid}")
        self._done = threading.Event()
        self._thread: threading.Thread | None = None
        self._baseline_bytes: int | None = None
        self._peak_bytes = 0
        self._mark_bytes: int | None = None

    @property
    def baseline_bytes(self) -> int:
        """Resident bytes at the start. Raises `MeasurementError` before that."""
        if self._baseline_bytes is None:
            raise MeasurementError(
                "memory was not measured yet",
                where="MemoryMeter",
                fix="enter the meter before the part to be measured",
            )
        return self._baseline_bytes

    @property
    def peak_bytes(self) -> int:
        """Most resident bytes seen since the start, never below the baseline."""
        return max(self.baseline_bytes, self._peak_bytes)

    def to_json(self) -> dict[str, int]:
        """`baseline` and `peak`, as a Run keeps them."""
        return {"baseline": self.baseline_bytes, "peak": self.peak_bytes}

    def __enter__(self) -> Self:
        self._mark_bytes = None if _reset_high_water(self._proc) else self._high_water()
        self._baseline_bytes = self._process.memory_info().rss
        self._thread = threading.Thread(target=self._watch, name="memory-meter", daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        if self._thread is not None:
            self._thread.join()
        self._sample()
        mark = self._high_water()
        self._peak_bytes = max(self._peak_bytes, usable_mark(self._mark_bytes, mark))

    def _watch(self) -> None:
        while not self._done.wait(_PERIOD_S) and self._sample():
            pass

    def _sample(self) -> bool:
        """Whether the process still lives."""
        try:
            self._peak_bytes = max(self._peak_bytes, self._process.memory_info().rss)
        except psutil.NoSuchProcess:
            return False
        return True

    def _high_water(self) -> int | None:
        try:
            return parse_high_water((self._proc / "status").read_text(encoding="utf-8"))
        except OSError:
            return None


def _process(pid: int) -> psutil.Process:
    try:
        return psutil.Process(pid)
    except psutil.NoSuchProcess as error:
        raise MeasurementError(
            f"there is no process {pid}",
            where="MemoryMeter",
            fix="give the id of a process that is running",
        ) from error


def parse_high_water(text: str) -> int | None:
    """Bytes of the line `VmHWM` of `/proc/<pid>/status`, None without one."""
    match = _HIGH_WATER.search(text)
    return int(match[1]) * 1024 if match else None


def usable_mark(before: int | None, after: int | None) -> int:
    """The high-water mark where it belongs to the measured part, else 0.

    `before` is None when the mark was reset at the start. A mark that stands where it stood may
    be older than the measured part.
    """
    if after is None or (before is not None and after <= before):
        return 0
    return after


def _reset_high_water(proc: Path) -> bool:
    try:
        (proc / "clear_refs").write_text(_RESET_PEAK)
    except OSError:
        return False
    return True
