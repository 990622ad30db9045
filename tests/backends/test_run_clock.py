from __future__ import annotations

import time

import numpy as np

from dlscope.backends.run_clock import RunClock


def test_times_of_day_in_a_run_come_to_the_trace_clock() -> None:
    clock = RunClock()
    before, epoch, after = time.perf_counter_ns(), time.time_ns(), time.perf_counter_ns()
    clock.stop()
    (found,) = clock.epoch.to_monotonic(np.array([epoch]))
    slack = clock.epoch.error_ns + 1_000
    assert before - slack <= found <= after + slack
    assert clock.diagnostics == ()


def test_a_wall_clock_that_was_set_is_told(monkeypatch) -> None:
    clock = RunClock()
    now = time.time_ns
    with monkeypatch.context() as context:
        # The wall clock of a shared machine cannot be set for a test.
        context.setattr("dlscope.backends.run_clock.anchor", lambda: _shifted(now))
        clock.stop()
    (diagnostic,) = clock.diagnostics
    assert diagnostic.kind == "clock_step"
    assert diagnostic.what == "the wall clock was set during the run"


def _shifted(now):
    from dlscope.tracing.epoch import anchor

    return anchor(epoch=lambda: now() + 1_000_000_000)
