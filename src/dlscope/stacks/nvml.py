"""What an NVIDIA device tells of itself through NVML: energy, power, clocks, memory of a process.

The library is `pynvml` (distribution nvidia-ml-py); it is imported when a device is opened.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Literal, final

from dlscope.core.errors import MeasurementError
from dlscope.tracing.clock import Clock, MonotonicClock

# Bits of NVML's reasons for a clock. An idle device, and a clock that someone has set, are none.
_SLOWDOWNS = {
    0x04: "sw_power_cap",
    0x08: "hw_slowdown",
    0x20: "sw_thermal",
    0x40: "hw_thermal",
    0x80: "hw_power_brake",
}


@final
class NvmlDevice:
    """The device that CUDA sees first, in the order of the bus.

    `library` stands in for `pynvml`. Raises `MeasurementError` where the library, its driver or
    the device is missing.
    """

    def __init__(self, library: Any = None, environ: Mapping[str, str] = os.environ) -> None:
        self._library = library if library is not None else _pynvml()
        with self._telling("there is no NVIDIA device to read"):
            self._library.nvmlInit()
        try:
            with self._telling("the NVIDIA device cannot be opened"):
                self._handle = self._open(first_visible(environ))
        except MeasurementError:
            self.close()
            raise

    def has_energy(self) -> bool:
        """Whether the device counts its energy itself (Volta and later)."""
        try:
            self._library.nvmlDeviceGetTotalEnergyConsumption(self._handle)
        except self._library.NVMLError:
            return False
        return True

    def energy_mj(self) -> int:
        """Energy since the driver was loaded, in millijoules."""
        with self._telling("the device does not tell its energy"):
            return int(self._library.nvmlDeviceGetTotalEnergyConsumption(self._handle))

    def power_mw(self) -> int:
        """Power drawn now, in milliwatts."""
        with self._telling("the device does not tell its power"):
            return int(self._library.nvmlDeviceGetPowerUsage(self._handle))

    def clock_mhz(self, part: Literal["sm", "memory"]) -> int:
        """The clock of a part of the device now."""
        kinds = {"sm": self._library.NVML_CLOCK_SM, "memory": self._library.NVML_CLOCK_MEM}
        with self._telling("the device does not tell its clocks"):
            return int(self._library.nvmlDeviceGetClockInfo(self._handle, kinds[part]))

    def temperature_c(self) -> int:
        """Temperature of the chip in degrees Celsius."""
        kind = self._library.NVML_TEMPERATURE_GPU
        with self._telling("the device does not tell its temperature"):
            return int(self._library.nvmlDeviceGetTemperature(self._handle, kind))

    def slowdowns(self) -> tuple[str, ...]:
        """Why the device is clocked lower than it could be now; nothing where it is not."""
        with self._telling("the device does not tell the reasons for its clocks"):
            bits = int(self._library.nvmlDeviceGetCurrentClocksThrottleReasons(self._handle))
        return tuple(name for bit, name in _SLOWDOWNS.items() if bits & bit)

    def memory_bytes(self, pid: int) -> int | None:
        """Bytes of device memory that process `pid` holds, None where it is not told."""
        with self._telling("the device does not tell the memory of processes"):
            processes = self._library.nvmlDeviceGetComputeRunningProcesses(self._handle)
        used = [each.usedGpuMemory for each in processes if each.pid == pid]
        return None if not used or None in used else sum(used)

    def close(self) -> None:
        """Let go of the library."""
        with self._telling("NVML cannot be closed"):
            self._library.nvmlShutdown()

    def _open(self, name: str) -> Any:
        if name.isdigit():
            return self._library.nvmlDeviceGetHandleByIndex(int(name))
        return self._library.nvmlDeviceGetHandleByUUID(name)

    @contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        try:
            yield
        except self._library.NVMLError as error:
            raise MeasurementError(
                f"{what}: {error}",
                where="NVML",
                fix="check with nvidia-smi that the driver and the device work",
            ) from error


@final
class NvmlEnergyCounter:
    """Joules by the device's own counter since it was made."""

    source: ClassVar[str] = "nvml"
    period_s: ClassVar[float] = 10.0

    def __init__(self, device: NvmlDevice) -> None:
        self._device = device
        self._start_mj = device.energy_mj()

    def joules(self) -> float:
        """Energy so far, in joules."""
        return (self._device.energy_mj() - self._start_mj) / 1e3

    def close(self) -> None:
        """Let go of the device."""
        self._device.close()


@final
class NvmlPowerCounter:
    """Joules since it was made, summed up from the power at each question.

    Between two questions the power counts as a straight line (trapezoids), so it must be asked
    every `period_s`. Devices from Ampere on tell the mean of the last second: they have a counter
    of their own, which is better.
    """

    source: ClassVar[str] = "nvml"
    period_s: ClassVar[float] = 0.01

    def __init__(self, device: NvmlDevice, clock: Clock | None = None) -> None:
        self._device = device
        self._clock = clock or MonotonicClock()
        self._joules = 0.0
        self._last_ns = self._clock.now_ns()
        self._last_w = device.power_mw() / 1e3

    def joules(self) -> float:
        """Energy so far, in joules."""
        now_ns, now_w = self._clock.now_ns(), self._device.power_mw() / 1e3
        self._joules += (now_w + self._last_w) / 2 * (now_ns - self._last_ns) / 1e9
        self._last_ns, self._last_w = now_ns, now_w
        return self._joules

    def close(self) -> None:
        """Let go of the device."""
        self._device.close()


def nvml_counter(
    library: Any = None, clock: Clock | None = None
) -> NvmlEnergyCounter | NvmlPowerCounter:
    """The device's own counter of energy where it has one, else one made from its power."""
    device = NvmlDevice(library)
    make: Callable[[], NvmlEnergyCounter | NvmlPowerCounter] = (
        (lambda: NvmlEnergyCounter(device))
        if device.has_energy()
        else (lambda: NvmlPowerCounter(device, clock))
    )
    try:
        return make()
    except MeasurementError:
        device.close()
        raise


def first_visible(environ: Mapping[str, str]) -> str:
    """Index or UUID of the first device of `CUDA_VISIBLE_DEVICES`, `0` where it says nothing."""
    return environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0].strip() or "0"


def _pynvml() -> Any:
    try:
        return importlib.import_module("pynvml")
    except ModuleNotFoundError as error:
        raise MeasurementError(
            "an NVIDIA device is read with 'nvidia-ml-py', which is not installed",
            where="NVML",
            fix="pip install 'dlscope[energy]'",
        ) from error
