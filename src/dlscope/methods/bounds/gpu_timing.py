"""`gpu_timed`: times of one computation on a GPU, by the clock of the GPU itself.

Libraries launch and return: what the device takes (`kernel`) and what this side takes to launch
(`host`) are two times. Events before and after some launches tell the first; the device is held
back while they are launched, so that it never waits for this side between them.

`hot`: again and again on the same data, which stays in the last cache as far as it fits. `cold`:
the cache is overwritten before each launch.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import MeasurementError
from dlscope.methods.bounds.clocks import Clock
from dlscope.methods.bounds.implementation import PLAIN
from dlscope.methods.bounds.implementations.cuda import Cuda
from dlscope.methods.bounds.timing import StopRule
from dlscope.stacks.nvml import NvmlDevice

State = Literal["hot", "cold"]
Launch = Callable[[], None]

CALLS = 10
"""Launches between two events, where the cache is hot."""
_WARM_CALLS = 3
_HELD = 2
"""How many times as long as launching took at most the device is held back."""
_L2_FOLD = 2
_ATTEMPTS = 2


@final
@dataclass(frozen=True)
class DeviceState:
    """What a GPU tells of itself at one moment; `slowed` are the reasons why it is clocked down."""

    sm_clock_mhz: int
    memory_clock_mhz: int
    power_mw: int
    temperature_c: int
    slowed: tuple[str, ...] = ()


class Sensors(Protocol):
    """Tells the state of the GPU that measures."""

    def read(self) -> DeviceState:
        """The state now."""
        ...


@final
class NvmlSensors:
    """As the driver tells it."""

    def __init__(self, device: NvmlDevice) -> None:
        self._device = device

    def read(self) -> DeviceState:
        """The state now. Raises `MeasurementError` for what the device does not tell."""
        return DeviceState(
            self._device.clock_mhz("sm"),
            self._device.clock_mhz("memory"),
            self._device.power_mw(),
            self._device.temperature_c(),
            self._device.slowdowns(),
        )


def sensors_here() -> Sensors | None:
    """Those of the device that CUDA sees first; None where its driver tells nothing."""
    try:
        sensors = NvmlSensors(NvmlDevice())
        sensors.read()
    except MeasurementError:
        return None
    return sensors


@final
@dataclass(frozen=True, eq=False)
class GpuTiming:
    """Samples of one launch each, int64 ns, in the order they were taken.

    `kernel_ns` by the device, `host_ns` what launching alone took; each is the mean of `calls`.
    `before` and `after` are the states around the samples, None without sensors; `attempts` is 2
    where the first samples were thrown away because the device was slowed down.
    """

    kernel_ns: NDArray[np.int64]
    host_ns: NDArray[np.int64]
    calls: int
    state: State
    before: DeviceState | None = None
    after: DeviceState | None = None
    attempts: int = 1

    @property
    def slowed(self) -> tuple[str, ...]:
        """Why the device was slowed down before or after these samples; nothing where it was not.

        >>> none = np.zeros(0, np.int64)
        >>> hot = DeviceState(900, 1500, 300_000, 90, ("hw_thermal",))
        >>> GpuTiming(none, none, 1, "hot", None, hot).slowed
        ('hw_thermal',)
        """
        states = (each for each in (self.before, self.after) if each)
        return tuple(sorted({reason for each in states for reason in each.slowed}))

    def told(self) -> dict[str, Any]:
        """All but the samples, as plain data to be stored beside them."""
        host = {"host_ns": round(float(np.median(self.host_ns)))}
        states = {
            name: vars(state)
            for name, state in (("before", self.before), ("after", self.after))
            if state
        }
        marked = {"slowed": list(self.slowed)} if self.slowed else {}
        return {**host, **states, "attempts": self.attempts, **marked}


def gpu_timed(
    launch: Launch,
    cuda: Cuda,
    rule: StopRule,
    *,
    state: State = "hot",
    sensors: Sensors | None = None,
    clock: Clock = time.perf_counter_ns,
) -> GpuTiming:
    """Samples until `rule` is met, after 3 launches that do not count.

    Samples that were taken while the device was slowed down are taken again, once; those of the
    second time are marked where it still is.
    """
    stopwatch = _Stopwatch(launch, cuda, state, clock)
    for attempt in range(1, _ATTEMPTS + 1):
        before = sensors.read() if sensors else None
        kernel, host = stopwatch.samples(rule)
        after = sensors.read() if sensors else None
        timing = GpuTiming(kernel, host, stopwatch.calls, state, before, after, attempt)
        if not timing.slowed:
            break
    return timing


@final
class _Stopwatch:
    """Takes samples of `launch`; what is written to between cold ones is made beforehand."""

    def __init__(self, launch: Launch, cuda: Cuda, state: State, clock: Clock) -> None:
        self.calls = CALLS if state == "hot" else 1
        self._launch, self._cuda, self._clock = launch, cuda, clock
        size = _L2_FOLD * cuda.l2_bytes()
        self._flush = cuda.empty((size,), "uint8", PLAIN) if state == "cold" else None

    def samples(self, rule: StopRule) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """What the device took, and what launching took."""
        longest_ns = self._warmed_up()
        kernel: list[int] = []
        host: list[int] = []
        begin = self._clock()
        while True:
            device_ns, launch_ns = self._sample(_HELD * self.calls * longest_ns)
            kernel.append(device_ns)
            host.append(launch_ns)
            longest_ns = max(longest_ns, launch_ns)
            taken = np.asarray(kernel, dtype=np.int64)
            if rule.is_met(taken, self._clock() - begin):
                return taken, np.asarray(host, dtype=np.int64)

    def _warmed_up(self) -> int:
        """The longest launch, in ns, but for the first one, which may compile."""
        took = []
        for _ in range(_WARM_CALLS):
            begin = self._clock()
            self._launch()
            took.append(self._clock() - begin)
            self._cuda.synchronize()
        return max(took[1:])

    def _sample(self, hold_ns: int) -> tuple[int, int]:
        if self._flush is not None:
            self._cuda.fill(self._flush)
        self._cuda.hold(hold_ns)
        first = self._cuda.mark()
        begin = self._clock()
        for _ in range(self.calls):
            self._launch()
        launched = self._clock() - begin
        last = self._cuda.mark()
        self._cuda.synchronize()
        return round(self._cuda.between_ns(first, last) / self.calls), round(launched / self.calls)
