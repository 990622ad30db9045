from __future__ import annotations

from dataclasses import replace

import pytest

from dlscope.agents.sweeps import Sweeps
from dlscope.core.plan import Plan
from dlscope.testing.stores import sample_plan, sample_run


def _plan(batch: int, **changes: object) -> Plan:
    plan = sample_plan()
    scenario = plan.scenario.model_copy(update={"batch_size": (batch,)})
    return plan.model_copy(update={"scenario": scenario, "batch_size": batch, **changes})


def _oom(plan: Plan):
    error = {"kind": "OutOfMemory", "what": "x", "where": "y", "fix": "z", "reason": "oom"}
    return replace(sample_run("r-1", plan=plan, status="failed"), error=error)


@pytest.fixture
def sweeps() -> Sweeps:
    sweeps = Sweeps()
    sweeps.note(_oom(_plan(8)))
    sweeps.note(_oom(_plan(4)))
    return sweeps


def test_a_larger_batch_is_implied_by_the_smallest_that_did_not_fit(sweeps: Sweeps) -> None:
    run = sweeps.implied(_plan(16))
    assert run is not None
    assert (run.status, run.outcome, run.plan) == ("failed", "oom_implied", _plan(16))
    assert run.error == {
        "kind": "OutOfMemory",
        "what": "not measured: batch 4 was already out of memory",
        "where": _plan(16).label,
        "fix": "try a smaller batch, or raise memory_limit",
        "reason": "oom_implied",
    }


@pytest.mark.parametrize("batch", [1, 2, 4])
def test_a_batch_that_is_not_larger_is_measured(sweeps: Sweeps, batch: int) -> None:
    assert sweeps.implied(_plan(batch)) is None


def test_a_repeat_of_the_sweep_is_implied_too(sweeps: Sweeps) -> None:
    assert sweeps.implied(_plan(16, repeat=2)) is not None


def test_another_sweep_is_not(sweeps: Sweeps) -> None:
    assert sweeps.implied(_plan(16, memory_limit_bytes=1 << 40)) is None


def test_a_run_that_failed_otherwise_implies_nothing() -> None:
    sweeps = Sweeps()
    sweeps.note(sample_run("r-1", plan=_plan(2), status="failed"))
    assert sweeps.implied(_plan(4)) is None
