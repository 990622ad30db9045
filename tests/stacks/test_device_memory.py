from __future__ import annotations

import threading
from types import SimpleNamespace

from dlscope.stacks.device_memory import DeviceMemoryMeter


def test_keeps_the_most_that_was_seen(nvml) -> None:
    process = SimpleNamespace(pid=7, usedGpuMemory=100)
    nvml.processes = [process]
    with DeviceMemoryMeter(7, nvml=nvml) as memory:
        assert memory.peak_bytes == 100
        process.usedGpuMemory = 900
        until_seen(lambda: memory.peak_bytes == 900)
        process.usedGpuMemory = 300
    assert (memory.peak_bytes, memory.reason) == (900, "")
    assert not nvml.is_open


def until_seen(condition) -> None:
    pause = threading.Event()
    for _ in range(1000):
        if condition():
            return
        pause.wait(0.01)
    raise AssertionError("not seen in 10 s")


def test_a_process_that_the_driver_does_not_tell_has_a_reason(nvml) -> None:
    nvml.processes = [SimpleNamespace(pid=7, usedGpuMemory=None)]
    with DeviceMemoryMeter(7, nvml=nvml) as memory:
        pass
    assert memory.peak_bytes is None
    assert memory.reason == "the driver told no memory of process 7"


def test_a_device_that_does_not_tell_has_a_reason(nvml) -> None:
    nvml.processes = None
    with DeviceMemoryMeter(7, nvml=nvml) as memory:
        pass
    assert memory.peak_bytes is None
    assert memory.reason == (
        "the device does not tell the memory of processes: Not Supported; "
        "check with nvidia-smi that the driver and the device work"
    )


def test_without_a_device_the_part_goes_on() -> None:
    with DeviceMemoryMeter() as memory:
        done = True
    assert done
    assert (memory.peak_bytes is None) == (memory.reason != "")
