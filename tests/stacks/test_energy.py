from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from dlscope.core.errors import MeasurementError
from dlscope.core.run import Energy
from dlscope.stacks.energy import EnergyMeter


class Machine:
    """A clock, and counters that advance with it as the power says."""

    def __init__(self, write: Callable[[int], None], power_w: float) -> None:
        self.power_w = power_w
        self._write = write
        self._now_ns = 0
        self._uj = 0.0

    def now_ns(self) -> int:
        return self._now_ns

    def sleep_until(self, time_ns: int) -> None:
        self.run_ns(time_ns - self._now_ns)

    def run_ns(self, duration_ns: int) -> None:
        self._now_ns += duration_ns
        self._uj += self.power_w * duration_ns / 1e3
        self._write(round(self._uj))


def processor(tmp_path: Path, power_w: float, *, most_uj: int = 10**12) -> Machine:
    folder = tmp_path / "intel-rapl:0"
    folder.mkdir()
    (folder / "name").write_text("package-0\n")
    (folder / "max_energy_range_uj").write_text(f"{most_uj}\n")
    (folder / "energy_uj").write_text("0\n")
    return Machine(lambda uj: (folder / "energy_uj").write_text(f"{uj % most_uj}\n"), power_w)


def test_counts_what_is_drawn_above_idle(tmp_path: Path) -> None:
    machine = processor(tmp_path, power_w=20)
    meter = EnergyMeter(rapl_root=tmp_path, clock=machine)
    meter.start()
    assert machine.now_ns() == 500_000_000
    assert meter.counts
    machine.power_w = 50
    machine.run_ns(4_000_000_000)
    energy = meter.stop(inferences=1000)
    assert energy.source == "rapl"
    assert energy.idle_w == pytest.approx(20.0)
    assert energy.joules == pytest.approx(120.0)
    assert energy.per_inference_j == pytest.approx(0.12)
    assert energy.reason == ""


def test_a_counter_may_begin_again_on_the_way(tmp_path: Path) -> None:
    machine = processor(tmp_path, power_w=20, most_uj=60_000_000)
    meter = EnergyMeter(rapl_root=tmp_path, clock=machine)
    meter.start()
    machine.power_w = 100
    machine.run_ns(580_000_000)
    assert meter.stop(inferences=1).joules == pytest.approx(46.4)


def test_the_counter_of_a_device(nvml) -> None:
    machine = Machine(lambda uj: setattr(nvml, "energy_mj", uj // 1000), 70)
    meter = EnergyMeter("gpu", nvml=nvml, clock=machine)
    meter.start()
    machine.power_w = 270
    machine.run_ns(2_000_000_000)
    energy = meter.stop(inferences=100)
    assert (energy.source, energy.idle_w) == ("nvml", pytest.approx(70.0))
    assert energy.joules == pytest.approx(400.0)
    assert energy.per_inference_j == pytest.approx(4.0)
    assert not nvml.is_open


def test_less_than_idle_is_told_and_no_figure(tmp_path: Path) -> None:
    machine = processor(tmp_path, power_w=30)
    meter = EnergyMeter(rapl_root=tmp_path, clock=machine)
    meter.start()
    machine.power_w = 10
    machine.run_ns(2_000_000_000)
    assert meter.stop(inferences=5) == Energy(
        "rapl", None, 30.0, None, "less was drawn than when idle: 10.0 W against 30.0 W before it"
    )


def test_without_an_inference_there_is_no_energy_of_one(tmp_path: Path) -> None:
    machine = processor(tmp_path, power_w=10)
    meter = EnergyMeter(rapl_root=tmp_path, clock=machine)
    meter.start()
    energy = meter.stop(inferences=0)
    assert (energy.joules, energy.per_inference_j) == (0.0, None)
    assert energy.reason == "nothing was inferred"


def test_without_a_counter_there_is_a_reason_and_no_wait(tmp_path: Path) -> None:
    machine = Machine(lambda _uj: None, 10)
    meter = EnergyMeter(rapl_root=tmp_path, clock=machine)
    meter.start()
    assert machine.now_ns() == 0
    assert not meter.counts
    assert meter.stop(inferences=5) == Energy(
        reason="the processor shows no energy counter; "
        "measure on a machine, not a virtual one, whose kernel has intel_rapl"
    )


def test_a_counter_that_fails_on_the_way_leaves_a_reason(tmp_path: Path) -> None:
    machine = processor(tmp_path, power_w=10)
    meter = EnergyMeter(rapl_root=tmp_path, clock=machine)
    meter.start()
    machine.run_ns(1_000_000_000)
    (tmp_path / "intel-rapl:0" / "energy_uj").write_text("gone")
    assert meter.stop(inferences=5) == Energy(
        reason="the energy counter holds 'gone', not a number; "
        "look at the file; the kernel writes microjoules there"
    )


def test_refuses_to_stop_before_it_starts() -> None:
    with pytest.raises(MeasurementError) as caught:
        EnergyMeter().stop(inferences=1)
    assert str(caught.value) == (
        "MeasurementError: energy was not measured\n"
        "  where  EnergyMeter\n"
        "  fix    call start before the part to be measured"
    )


def test_power_is_asked_all_the_while_where_it_must_be_summed_up(nvml) -> None:
    nvml.energy_mj, nvml.power_mw = None, 50_000
    meter = EnergyMeter("gpu", nvml=nvml)
    meter.start()
    nvml.power_mw = 1_050_000
    wait_for_questions(nvml, 20)
    nvml.power_mw = 50_000
    energy = meter.stop(inferences=1)
    assert energy.idle_w == pytest.approx(50.0, rel=0.05)
    # Asked at both ends only, it would have seen idle power and nothing else.
    assert energy.joules > 1.0


def wait_for_questions(nvml, more: int) -> None:
    pause = threading.Event()
    enough = nvml.questions + more
    for _ in range(1000):
        if nvml.questions >= enough:
            return
        pause.wait(0.01)
    raise AssertionError("not asked in 10 s")


def test_this_machine_tells_its_energy_or_why_not() -> None:
    meter = EnergyMeter()
    meter.start()
    energy = meter.stop(inferences=1)
    assert (energy.joules is None) == (energy.reason != "")
    assert (energy.source is None) == (energy.idle_w is None)
