from __future__ import annotations

from types import SimpleNamespace

import pytest


class NVMLError(Exception):
    """As in pynvml."""


class NvmlStandIn:
    """A device whose figures the test sets; None is one that it does not tell."""

    NVMLError = NVMLError
    NVML_CLOCK_SM, NVML_CLOCK_MEM, NVML_TEMPERATURE_GPU = 1, 2, 0

    def __init__(self) -> None:
        self.energy_mj: int | None = 0
        self.power_mw: int | None = 100_000
        self.processes: list[SimpleNamespace] | None = []
        self.clocks_mhz: dict[int, int] | None = {1: 1980, 2: 2619}
        self.temperature_c: int | None = 45
        self.reasons: int | None = 0
        self.opened: list[str | int] = []
        self.questions = 0
        self.is_open = False

    def nvmlInit(self) -> None:
        self.is_open = True

    def nvmlShutdown(self) -> None:
        self.is_open = False

    def nvmlDeviceGetHandleByIndex(self, index: int) -> object:
        if index > 1:
            raise NVMLError("Invalid Argument")
        self.opened.append(index)
        return self

    def nvmlDeviceGetHandleByUUID(self, name: str) -> object:
        self.opened.append(name)
        return self

    def nvmlDeviceGetTotalEnergyConsumption(self, _handle: object) -> int:
        return self._told(self.energy_mj)

    def nvmlDeviceGetPowerUsage(self, _handle: object) -> int:
        self.questions += 1
        return self._told(self.power_mw)

    def nvmlDeviceGetComputeRunningProcesses(self, _handle: object) -> list[SimpleNamespace]:
        return self._told(self.processes)

    def nvmlDeviceGetClockInfo(self, _handle: object, kind: int) -> int:
        return self._told(self.clocks_mhz)[kind]

    def nvmlDeviceGetTemperature(self, _handle: object, kind: int) -> int:
        assert kind == self.NVML_TEMPERATURE_GPU
        return self._told(self.temperature_c)

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, _handle: object) -> int:
        return self._told(self.reasons)

    def _told(self, figure):
        if figure is None:
            raise NVMLError("Not Supported")
        return figure


@pytest.fixture
def nvml() -> NvmlStandIn:
    return NvmlStandIn()
