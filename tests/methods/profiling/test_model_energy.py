"""Energy of the model alone: with a counter that a virtual machine advances, and without one."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlscope.core.errors import BackendError
from dlscope.core.run import Energy
from dlscope.core.trace import Level
from dlscope.methods.profiling.model_energy import DURATION_NS, ModelEnergy
from dlscope.methods.profiling.rounds import measure
from dlscope.stacks.energy import EnergyMeter

IDLE_W, LOAD_W = 20, 50


class Package:
    """A processor's package whose counter gains by a clock: little until it was slept, then more.

    `now_ns` is that of the clock; without one, time passes by `run_ns` alone.
    """

    def __init__(self, root: Path, clock: Callable[[], int] | None = None) -> None:
        self._folder = root / "intel-rapl:0"
        self._folder.mkdir()
        (self._folder / "name").write_text("package-0\n")
        (self._folder / "max_energy_range_uj").write_text(f"{10**15}\n")
        self._clock, self._slept_ns = clock, 0
        self._began_ns = clock() if clock else 0
        self._uj, self._last_ns, self._power_w = 0.0, 0, IDLE_W
        self.now_ns()

    def now_ns(self) -> int:
        now_ns = (self._clock() - self._began_ns if self._clock else 0) + self._slept_ns
        self._uj += self._power_w * (now_ns - self._last_ns) / 1e3
        self._last_ns = now_ns
        (self._folder / "energy_uj").write_text(f"{round(self._uj)}\n")
        return now_ns

    def sleep_until(self, time_ns: int) -> None:
        self.run_ns(time_ns - self.now_ns())
        self._power_w = LOAD_W

    def run_ns(self, duration_ns: int) -> None:
        self._slept_ns += duration_ns
        self.now_ns()


def test_counts_what_repeated_iterations_draw_above_idle(tmp_path: Path) -> None:
    package = Package(tmp_path)

    def repeat(duration_ns: int) -> int:
        package.run_ns(duration_ns)
        return 40

    energy = ModelEnergy(EnergyMeter(rapl_root=tmp_path, clock=package), batch_size=5)
    found = energy.counted(repeat)
    joules = (LOAD_W - IDLE_W) * DURATION_NS / 1e9
    assert (found.source, found.reason) == ("rapl", "")
    assert found.idle_w == pytest.approx(IDLE_W)
    assert found.joules == pytest.approx(joules)
    assert found.per_inference_j == pytest.approx(joules / (40 * 5))


def test_without_a_counter_nothing_is_repeated_and_the_reason_is_told(tmp_path: Path) -> None:
    asked: list[int] = []

    def repeat(duration_ns: int) -> int:
        asked.append(duration_ns)
        return 1

    found = ModelEnergy(EnergyMeter(rapl_root=tmp_path), batch_size=1).counted(repeat)
    assert asked == []
    assert found == Energy(
        reason="the processor shows no energy counter; "
        "measure on a machine, not a virtual one, whose kernel has intel_rapl"
    )


def test_a_counter_is_let_go_when_the_model_fails(tmp_path: Path) -> None:
    package = Package(tmp_path)

    def repeat(duration_ns: int) -> int:
        raise BackendError("out of luck", where="here", fix="try again")

    with pytest.raises(BackendError, match="out of luck"):
        ModelEnergy(EnergyMeter(rapl_root=tmp_path, clock=package), batch_size=1).counted(repeat)
    assert "energy-meter" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.slow
def test_the_run_without_profilers_goes_on_alone_and_keeps_none_of_it(
    order: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    package = Package(tmp_path, time.perf_counter_ns)
    energy = ModelEnergy(EnergyMeter(rapl_root=tmp_path, clock=package), batch_size=1)
    found = measure(
        order("reference"),
        (Level.MODEL, Level.LAYER),
        2,
        tmp_path,
        [].append,
        lambda: False,
        energy,
    )
    assert len(found.iterations) == 2 * 2
    assert found.energy is not None
    # The clock goes on while the meter reads.
    assert found.energy.idle_w == pytest.approx(IDLE_W, rel=0.05)
    # Whatever it takes, an iteration takes it at 30 W; all of them last two seconds.
    assert found.energy.joules >= 0.9 * (LOAD_W - IDLE_W) * DURATION_NS / 1e9
    assert 0 < found.energy.per_inference_j < found.energy.joules


def test_who_stops_a_profile_has_no_energy(
    order: Callable[..., dict[str, Any]], tmp_path: Path
) -> None:
    package = Package(tmp_path)
    energy = ModelEnergy(EnergyMeter(rapl_root=tmp_path, clock=package), batch_size=1)
    asked = (order("reference"), (Level.MODEL,), 2, tmp_path, [].append, lambda: True, energy)
    assert measure(*asked).energy is None
