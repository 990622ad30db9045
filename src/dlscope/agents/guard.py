"""`Guard`: watches a worker from outside, and ends it when it outgrows its memory or hangs.

The worker cannot be asked to watch itself: a framework that hangs may hold the interpreter, and
one that has run out of memory cannot be relied on to say so.
"""

from __future__ import annotations

import mmap
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, final

import psutil

from dlscope.core.units import format_bytes

PULSES = ("predictions begun", "predictions ended")
"""What the two whole numbers of a heartbeat file count, each of 8 bytes in native order."""
GRACE_NS = 2_000_000_000
_PULSE_BYTES = 8
_MEMORY_PERIOD_S = 0.02
_FEWEST_LOOKS = 20


@final
@dataclass(frozen=True)
class Limits:
    """What one plan may use: resident memory (None is no limit), time of one prediction (0 too)."""

    memory_bytes: int | None = None
    timeout_ns: int = 0


@final
@dataclass(frozen=True)
class Ended:
    """Why a worker was ended, as the word for it and in a sentence.

    `begun` is how many predictions it had begun, `resident_bytes` what it held when it was ended
    for its memory.
    """

    reason: Literal["oom", "timeout"]
    what: str
    begun: int
    resident_bytes: int | None = None


def heartbeat(path: Path) -> memoryview:
    """The two counters in the file `path`, made where missing, shared by all who map it."""
    if not path.exists():
        path.write_bytes(bytes(_PULSE_BYTES * len(PULSES)))
    with path.open("r+b") as file:
        return memoryview(mmap.mmap(file.fileno(), _PULSE_BYTES * len(PULSES))).cast("q")


@final
class Guard:
    """Looks at one process until `stop`; `end` is called once, when a limit is exceeded."""

    def __init__(
        self,
        pid: int,
        pulse: memoryview,
        limits: Limits,
        now_ns: Callable[[], int],
        end: Callable[[Ended], None],
    ) -> None:
        self._process = psutil.Process(pid)
        self._pulse = pulse
        self._limits = limits
        self._now_ns = now_ns
        self._end = end
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._begun, self._since_ns = -1, 0

    def start(self) -> None:
        """Begin to look, where there is a limit to look for."""
        if self._period_s is not None:
            self._thread.start()

    def stop(self) -> None:
        """Look no more; stopping twice does nothing."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    @property
    def _period_s(self) -> float | None:
        """As seldom as the limits allow: looking takes time from what is measured."""
        periods = []
        if self._limits.memory_bytes is not None:
            periods.append(_MEMORY_PERIOD_S)
        if self._limits.timeout_ns:
            periods.append(max(_MEMORY_PERIOD_S, self._limits.timeout_ns / 1e9 / _FEWEST_LOOKS))
        return min(periods, default=None)

    def _watch(self) -> None:
        while not self._stopped.wait(self._period_s):
            try:
                ended = self._too_large() or self._too_long()
            except psutil.NoSuchProcess:
                return
            if ended is not None:
                self._end(ended)
                return

    def _too_large(self) -> Ended | None:
        limit = self._limits.memory_bytes
        if limit is None:
            return None
        used = self._process.memory_info().rss
        if used <= limit:
            return None
        what = f"out of memory: it used {format_bytes(used)}, the limit is {format_bytes(limit)}"
        return Ended("oom", what, self._pulse[0], used)

    def _too_long(self) -> Ended | None:
        begun, ended = self._pulse
        now = self._now_ns()
        if begun == ended or begun != self._begun:
            self._begun, self._since_ns = begun, now
            return None
        limit = self._limits.timeout_ns
        if not limit or now - self._since_ns < limit + GRACE_NS:
            return None
        return Ended("timeout", f"a prediction took longer than {limit / 1e9:g} s", begun)
