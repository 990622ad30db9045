"""Timing of a stand-in for a GPU, whose clock moves only as the calls say."""

from __future__ import annotations

import pytest
import torch
from gpu_stand_ins import KERNEL_NS, LAUNCH_NS, CudaStandIn

from dlscope.methods.bounds.gpu_timing import (
    DeviceState,
    GpuTiming,
    NvmlSensors,
    gpu_timed,
    sensors_here,
)
from dlscope.methods.bounds.timing import StopRule

COOL = DeviceState(1980, 2619, 300_000, 45)
HOT = DeviceState(1200, 2619, 700_000, 90, ("hw_thermal", "sw_power_cap"))


class SensorsStandIn:
    """Tells one state after another, the last one from then on."""

    def __init__(self, *states: DeviceState) -> None:
        self._states = list(states)

    def read(self) -> DeviceState:
        return self._states.pop(0) if len(self._states) > 1 else self._states[0]


@pytest.fixture
def cuda() -> CudaStandIn:
    return CudaStandIn()


def timed(cuda: CudaStandIn, *, launch_ns=LAUNCH_NS, kernel_ns=KERNEL_NS, **more) -> GpuTiming:
    def launch() -> None:
        cuda.enqueue("launch", kernel_ns, launch_ns)

    return gpu_timed(launch, cuda, more.pop("rule", StopRule()), clock=cuda.clock, **more)


@pytest.mark.parametrize(("launch_ns", "kernel_ns"), [(5_000, 2_000), (5_000, 80_000), (0, 7)])
def test_device_and_host_are_timed_apart(cuda, launch_ns, kernel_ns) -> None:
    timing = timed(cuda, launch_ns=launch_ns, kernel_ns=kernel_ns)
    assert timing.kernel_ns.tolist() == [kernel_ns] * 15
    assert timing.host_ns.tolist() == [launch_ns] * 15


def test_the_device_never_waits_for_launches_between_two_events(cuda) -> None:
    """Without the hold, ten kernels of 2 us launched every 5 us would count as 5 us each."""
    timed(cuda)
    begin = cuda.events.index("hold")
    assert cuda.events[begin : begin + 13] == ["hold", "mark", *["launch"] * 10, "mark"]


def test_three_launches_warm_up(cuda) -> None:
    timed(cuda)
    assert cuda.events[:4] == ["launch"] * 3 + ["hold"]


def test_a_first_launch_that_compiles_does_not_count(cuda) -> None:
    took = iter([10**10])
    timing = gpu_timed(
        lambda: cuda.enqueue("launch", KERNEL_NS, next(took, LAUNCH_NS)),
        cuda,
        StopRule(),
        clock=cuda.clock,
    )
    assert set(timing.host_ns.tolist()) == {LAUNCH_NS}
    assert cuda.now_ns < 2 * 10**10


def test_hot_samples_are_means_of_ten_launches(cuda) -> None:
    timing = timed(cuda)
    assert (timing.calls, timing.state) == (10, "hot")
    assert not any(each.startswith("fill") for each in cuda.events)


def test_cold_samples_find_the_cache_overwritten_before_each_launch() -> None:
    cuda = CudaStandIn(l2_bytes=50_000)
    timing = timed(cuda, state="cold")
    assert (timing.calls, timing.state) == (1, "cold")
    assert timing.kernel_ns.tolist() == [KERNEL_NS] * 15
    assert cuda.events[3:8] == ["fill 100000", "hold", "mark", "launch", "mark"]
    assert cuda.events.count("fill 100000") == 15


def test_unsteady_launches_are_repeated_until_the_time_is_spent(cuda) -> None:
    costs = iter([1_000_000, 2_000_000] * 10**5)
    timing = gpu_timed(
        lambda: cuda.enqueue("launch", next(costs), 10),
        cuda,
        StopRule(seconds=0.1),
        state="cold",
        clock=cuda.clock,
    )
    assert 60 <= timing.kernel_ns.size <= 70


def test_the_state_of_the_device_is_told_before_and_after(cuda) -> None:
    warmer = DeviceState(1980, 2619, 400_000, 60)
    timing = timed(cuda, sensors=SensorsStandIn(COOL, warmer))
    assert (timing.before, timing.after, timing.attempts) == (COOL, warmer, 1)
    assert timing.slowed == ()
    assert timing.told() == {
        "host_ns": LAUNCH_NS,
        "before": vars(COOL),
        "after": vars(warmer),
        "attempts": 1,
    }


def test_samples_of_a_slowed_device_are_taken_again(cuda) -> None:
    timing = timed(cuda, sensors=SensorsStandIn(COOL, HOT, COOL))
    assert (timing.attempts, timing.slowed) == (2, ())
    assert (timing.before, timing.after) == (COOL, COOL)
    assert timing.kernel_ns.size == 15
    assert cuda.events.count("launch") == 2 * (3 + 15 * 10)


def test_samples_of_a_device_that_stays_slow_are_marked(cuda) -> None:
    timing = timed(cuda, sensors=SensorsStandIn(HOT))
    assert timing.attempts == 2
    assert timing.told()["slowed"] == ["hw_thermal", "sw_power_cap"]


def test_without_sensors_nothing_is_claimed(cuda) -> None:
    timing = timed(cuda)
    assert timing.told() == {"host_ns": LAUNCH_NS, "attempts": 1}


class Device:
    """What NVML tells of a device."""

    def clock_mhz(self, part: str) -> int:
        return {"sm": 1500, "memory": 2619}[part]

    def power_mw(self) -> int:
        return 250_000

    def temperature_c(self) -> int:
        return 51

    def slowdowns(self) -> tuple[str, ...]:
        return ("sw_power_cap",)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_machine_without_a_gpu_has_no_sensors() -> None:
    assert sensors_here() is None


def test_the_driver_tells_the_state() -> None:
    state = NvmlSensors(Device()).read()
    assert state == DeviceState(1500, 2619, 250_000, 51, ("sw_power_cap",))
