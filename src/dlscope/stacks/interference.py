"""`InterferenceMeter`: did something else use the machine while a part was measured?

A measured part counts as disturbed when others took more than 5 % of its own CPU time, or the
clock frequency fell by more than 10 %.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

import psutil

from dlscope.core.errors import MeasurementError
from dlscope.core.units import format_percent

OTHERS_SHARE_LIMIT = 0.05
FREQUENCY_DROP_LIMIT = 0.10
_FREQUENCY_PERIOD_S = 0.25
_STAT = Path("/proc/stat")
_FREQUENCIES = Path("/sys/devices/system/cpu")


@final
@dataclass(frozen=True)
class Reading:
    """Counters at one moment: CPU time of the whole machine and of the measured processes.

    `total_ns` is busy and idle time together; `resolution_ns` the step in which the kernel counts
    over all processors. Machine counters are None where the system does not give them.
    """

    busy_ns: int | None
    total_ns: int | None
    resolution_ns: int
    own_ns: Mapping[int, int | None]


@final
@dataclass(frozen=True)
class Interference:
    """What disturbed a measured part.

    `share` is the CPU time of others over one's own. `frequency_drop` is 1 − min/max of the
    fastest processor's frequency. A figure that could not be had is None; so is the verdict
    `disturbed` when the CPU time is one of them and the frequency did not fall. `reason` says why
    a figure is missing, or what disturbed.
    """

    own_cpu_ns: int | None
    others_cpu_ns: int | None
    share: float | None
    frequency_min_mhz: float | None = None
    frequency_max_mhz: float | None = None
    frequency_drop: float | None = None
    disturbed: bool | None = None
    reason: str = ""


@final
class InterferenceMeter:
    """Reads the counters before and after a measured part of the processes `pids`.

    Without `pids` it is this process. CPU time of children counts once they have ended.
    """

    def __init__(self, pids: Iterable[int] = ()) -> None:
        self._pids = tuple(pids) or (os.getpid(),)
        self._before: Reading | None = None
        self._frequencies = _FrequencyWatch()

    def start(self) -> None:
        """Read the counters at the beginning of the measured part."""
        self._frequencies.start()
        self._before = read(self._pids)

    def stop(self) -> Interference:
        """What happened since `start`. Raises `MeasurementError` without one."""
        if self._before is None:
            raise MeasurementError(
                "interference was not being measured",
                where="InterferenceMeter.stop",
                fix="call start before the part to be measured",
            )
        after = read(self._pids)
        before, self._before = self._before, None
        return judge(before, after, self._frequencies.stop())


def judge(before: Reading, after: Reading, frequencies_mhz: Sequence[float]) -> Interference:
    """Interference between two readings, with the frequencies seen meanwhile.

        others = max(0, busy − own − resolution),  share = others / own
        disturbed = share > 5 %,  or  1 − min f / max f > 10 %

    The kernel counts in steps of 10 ms or so: one step on each processor is granted, so that a
    short part raises no false alarm. Time stolen by other virtual machines counts as others'.
    A part without CPU time of its own has no share and no verdict.
    """
    low, high = min(frequencies_mhz, default=None), max(frequencies_mhz, default=None)
    drop = 1 - low / high if low is not None and high else None
    fell = drop is not None and drop > FREQUENCY_DROP_LIMIT
    own, missing = _own(before, after)
    busy = None if own is None else _busy(before, after)
    if own is None or busy is None:
        reason = missing or "the system does not count the CPU time of the machine"
        return Interference(own, None, None, low, high, drop, True if fell else None, reason)
    others = max(0, busy - own - after.resolution_ns)
    if own == 0:
        reason = "the measured processes used no CPU time"
        return Interference(0, others, None, low, high, drop, True if fell else None, reason)
    share = others / own
    took = share > OTHERS_SHARE_LIMIT
    reason = _reason(share, took=took, drop=drop if fell else None)
    return Interference(own, others, share, low, high, drop, took or fell, reason)


def parse_stat(text: str, ticks_per_s: int) -> tuple[int, int, int]:
    """Busy ns, total ns and number of processors from `/proc/stat`.

    Busy is all but idle and waiting for I/O. Time of guests is part of user time already.
    """
    lines = [line.split() for line in text.splitlines() if line.startswith("cpu")]
    ticks = [int(word) for word in lines[0][1:9]]
    total, idle = sum(ticks), ticks[3] + ticks[4]
    step = 1_000_000_000 // ticks_per_s
    return (total - idle) * step, total * step, len(lines) - 1


def read(pids: Iterable[int]) -> Reading:
    """The counters now."""
    own = {pid: _cpu_ns(pid) for pid in pids}
    try:
        text = _STAT.read_text(encoding="utf-8")
    except OSError:
        return Reading(None, None, 0, own)
    ticks_per_s = os.sysconf("SC_CLK_TCK")
    busy, total, processors = parse_stat(text, ticks_per_s)
    return Reading(busy, total, processors * 1_000_000_000 // ticks_per_s, own)


def _own(before: Reading, after: Reading) -> tuple[int | None, str]:
    """CPU time of the measured processes in between, or None and why."""
    spent = 0
    for pid, end_ns in after.own_ns.items():
        start_ns = before.own_ns[pid]
        if start_ns is None or end_ns is None:
            return None, f"process {pid} had ended before its CPU time could be read"
        spent += end_ns - start_ns
    return spent, ""


def _busy(before: Reading, after: Reading) -> int | None:
    if before.busy_ns is None or after.busy_ns is None:
        return None
    # Some sandboxes have the file, but its counters stand still.
    if before.total_ns == after.total_ns == 0:
        return None
    return after.busy_ns - before.busy_ns


def _reason(share: float, *, took: bool, drop: float | None) -> str:
    used = format_percent(share, 1)
    others = f"others used {used} of the CPU time of the measured part" if took else ""
    slower = "" if drop is None else f"the clock frequency fell by {format_percent(drop)}"
    return "; ".join(reason for reason in (others, slower) if reason)


def _cpu_ns(pid: int) -> int | None:
    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.NoSuchProcess:
        return None
    children = getattr(times, "children_user", 0.0) + getattr(times, "children_system", 0.0)
    return round((times.user + times.system + children) * 1e9)


@final
@dataclass
class _FrequencyWatch:
    """Frequency of the fastest processor, four times a second, where the kernel tells it."""

    seen_mhz: list[float] = field(default_factory=list)
    _done: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def start(self) -> None:
        self.seen_mhz = []
        self._done.clear()
        files = sorted(_FREQUENCIES.glob("cpu[0-9]*/cpufreq/scaling_cur_freq"))
        if files:
            self._thread = threading.Thread(target=self._watch, args=(files,), daemon=True)
            self._thread.start()

    def stop(self) -> list[float]:
        self._done.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        return self.seen_mhz

    def _watch(self, files: Sequence[Path]) -> None:
        # The first look comes one period late: a processor that was idle is still speeding up.
        while not self._done.wait(_FREQUENCY_PERIOD_S):
            try:
                self.seen_mhz.append(max(int(file.read_text()) for file in files) / 1000)
            except (OSError, ValueError):
                return
