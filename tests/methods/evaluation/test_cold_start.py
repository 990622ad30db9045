from __future__ import annotations

import pytest

from dlscope.methods.evaluation.cold_start import ColdStart
from dlscope.tracing.clock import VirtualClock


def test_times_each_stage_in_order() -> None:
    clock = VirtualClock()
    cold = ColdStart(clock)
    for name, duration_ns in (("fetch", 5_000), ("load", 70_000)):
        with cold.stage(name):
            clock.sleep_until(clock.now_ns() + duration_ns)
    assert [(stage.name, stage.duration_ns) for stage in cold.stages] == [
        ("fetch", 5_000),
        ("load", 70_000),
    ]
    assert all(stage.cpu_ns >= 0 for stage in cold.stages)


def test_counts_the_cpu_time_of_the_process() -> None:
    cold = ColdStart(VirtualClock())
    with cold.stage("busy"):
        sum(range(1_000_000))
    assert cold.stages[0].cpu_ns > 0


def test_a_stage_that_fails_is_no_stage() -> None:
    cold = ColdStart(VirtualClock())
    with pytest.raises(RuntimeError), cold.stage("load"):
        raise RuntimeError
    assert cold.stages == ()
