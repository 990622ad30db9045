from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from dlscope.stacks import recipes
from dlscope.stacks.recipes import Recipe


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


@pytest.fixture
def shelf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts tiny wheels on a shelf that is all the installer sees; the cache is an empty folder."""
    place = tmp_path / "shelf"
    place.mkdir()
    monkeypatch.setenv("UV_FIND_LINKS", str(place))
    monkeypatch.setenv("UV_NO_INDEX", "1")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "uv"))
    monkeypatch.setenv("DLSCOPE_CACHE", str(tmp_path / "cache"))
    recipe = Recipe("tiny", "tiny", "", ">=3.11", ())
    monkeypatch.setitem(recipes.RECIPES, "tiny", (recipe,))  # type: ignore[arg-type]

    def put(version: str, *, name: str = "tiny", needs: str = "", code: str = "") -> None:
        folder = f"{name}-{version}.dist-info"
        requires = f"Requires-Dist: {needs}\n" if needs else ""
        files = {
            f"{name}.py": code or f"__version__ = '{version}'\n",
            f"{folder}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
            + requires,
            f"{folder}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        }
        files[f"{folder}/RECORD"] = "".join(f"{each},,\n" for each in (*files, f"{folder}/RECORD"))
        with zipfile.ZipFile(place / f"{name}-{version}-py3-none-any.whl", "w") as wheel:
            for path, text in files.items():
                wheel.writestr(path, text)

    return put
