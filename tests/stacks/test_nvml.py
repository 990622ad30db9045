from __future__ import annotations

import shutil
from types import SimpleNamespace

import pytest

from dlscope.core.errors import MeasurementError
from dlscope.stacks.nvml import (
    _SLOWDOWNS,
    NvmlDevice,
    NvmlEnergyCounter,
    NvmlPowerCounter,
    first_visible,
    nvml_counter,
)
from dlscope.tracing.clock import VirtualClock


@pytest.mark.parametrize(
    ("visible", "name"),
    [({}, "0"), ({"CUDA_VISIBLE_DEVICES": ""}, "0"), ({"CUDA_VISIBLE_DEVICES": "3,1"}, "3")],
)
def test_takes_the_device_that_the_frameworks_see_first(visible, name: str) -> None:
    assert first_visible(visible) == name


def test_a_device_is_named_by_index_or_by_uuid(nvml) -> None:
    NvmlDevice(nvml, {"CUDA_VISIBLE_DEVICES": "1"}).close()
    NvmlDevice(nvml, {"CUDA_VISIBLE_DEVICES": "GPU-7f"}).close()
    assert nvml.opened == [1, "GPU-7f"]
    assert not nvml.is_open


def test_a_device_that_is_not_there_is_told_and_let_go(nvml) -> None:
    with pytest.raises(MeasurementError) as caught:
        NvmlDevice(nvml, {"CUDA_VISIBLE_DEVICES": "5"})
    assert str(caught.value) == (
        "MeasurementError: the NVIDIA device cannot be opened: Invalid Argument\n"
        "  where  NVML\n"
        "  fix    check with nvidia-smi that the driver and the device work"
    )
    assert not nvml.is_open


def test_millijoules_since_it_was_made(nvml) -> None:
    nvml.energy_mj = 5_000
    counter = nvml_counter(nvml)
    nvml.energy_mj = 7_500
    assert isinstance(counter, NvmlEnergyCounter)
    assert counter.joules() == 2.5
    counter.close()
    assert not nvml.is_open


def test_power_is_summed_up_where_the_device_counts_no_energy(nvml) -> None:
    nvml.energy_mj = None
    clock = VirtualClock()
    counter = nvml_counter(nvml, clock)
    assert isinstance(counter, NvmlPowerCounter)
    clock.advance(1_000_000_000)
    assert counter.joules() == pytest.approx(100.0)
    clock.advance(500_000_000)
    nvml.power_mw = 300_000
    assert counter.joules() == pytest.approx(100.0 + 0.5 * 200)
    assert counter.joules() == pytest.approx(200.0)


def test_a_device_that_tells_nothing_is_refused_and_let_go(nvml) -> None:
    nvml.energy_mj = nvml.power_mw = None
    with pytest.raises(MeasurementError) as caught:
        nvml_counter(nvml)
    assert caught.value.what == "the device does not tell its power: Not Supported"
    assert not nvml.is_open


def test_memory_of_one_process(nvml) -> None:
    nvml.processes = [
        SimpleNamespace(pid=1, usedGpuMemory=10),
        SimpleNamespace(pid=2, usedGpuMemory=20),
        SimpleNamespace(pid=3, usedGpuMemory=None),
        SimpleNamespace(pid=1, usedGpuMemory=5),
    ]
    device = NvmlDevice(nvml)
    assert [device.memory_bytes(pid) for pid in (1, 2, 3, 4)] == [15, 20, None, None]


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="this machine has a device")
def test_a_machine_without_a_device_says_so() -> None:
    pytest.importorskip("pynvml")
    with pytest.raises(MeasurementError) as caught:
        NvmlDevice()
    assert caught.value.what.startswith("there is no NVIDIA device to read: ")


def test_clocks_and_temperature_of_the_device(nvml) -> None:
    device = NvmlDevice(nvml)
    assert (device.clock_mhz("sm"), device.clock_mhz("memory")) == (1980, 2619)
    assert device.temperature_c() == 45


@pytest.mark.parametrize(
    ("reasons", "names"),
    [
        (0x00, ()),
        (0x01 | 0x02 | 0x10 | 0x100, ()),  # idle, set by someone, in step with others, by a display
        (0x04, ("sw_power_cap",)),
        (0x08 | 0x40, ("hw_slowdown", "hw_thermal")),
        (0x20 | 0x80, ("sw_thermal", "hw_power_brake")),
    ],
)
def test_only_what_slows_the_device_down_is_a_slowdown(nvml, reasons, names) -> None:
    nvml.reasons = reasons
    assert NvmlDevice(nvml).slowdowns() == names


@pytest.mark.parametrize(
    ("attribute", "question", "what"),
    [
        ("clocks_mhz", lambda device: device.clock_mhz("sm"), "its clocks"),
        ("temperature_c", lambda device: device.temperature_c(), "its temperature"),
        ("reasons", lambda device: device.slowdowns(), "the reasons for its clocks"),
    ],
)
def test_what_the_device_does_not_tell_is_refused(nvml, attribute, question, what) -> None:
    setattr(nvml, attribute, None)
    with pytest.raises(MeasurementError) as caught:
        question(NvmlDevice(nvml))
    assert caught.value.what == f"the device does not tell {what}: Not Supported"


def test_the_reasons_are_those_of_the_library() -> None:
    pynvml = pytest.importorskip("pynvml")
    assert {
        pynvml.nvmlClocksThrottleReasonSwPowerCap: "sw_power_cap",
        pynvml.nvmlClocksThrottleReasonHwSlowdown: "hw_slowdown",
        pynvml.nvmlClocksThrottleReasonSwThermalSlowdown: "sw_thermal",
        pynvml.nvmlClocksThrottleReasonHwThermalSlowdown: "hw_thermal",
        pynvml.nvmlClocksThrottleReasonHwPowerBrakeSlowdown: "hw_power_brake",
    } == _SLOWDOWNS
