from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import numpy as np
import pytest

from dlscope.core.run import Condition, Environment, Metric, Run, Samples, Stage

ENVIRONMENT = Environment(
    system={"cpu": {"model": "x", "cores": 2}},
    python="3.11.9",
    packages={"numpy": "2.1.0"},
    variables={"OMP_NUM_THREADS": "1"},
    volatile={"load": 0.5},
)


def times(*values: int) -> np.ndarray:
    return np.array(values, dtype=np.int64)


def test_what_may_differ_is_not_in_the_fingerprint() -> None:
    busy = replace(ENVIRONMENT, volatile={"load": 9.0})
    assert busy.fingerprint == ENVIRONMENT.fingerprint
    assert busy.to_json()["volatile"] == {"load": 9.0}


@pytest.mark.parametrize(
    "change",
    [
        {"system": {"cpu": {"model": "x", "cores": 4}}},
        {"python": "3.12.0"},
        {"packages": {"numpy": "2.1.1"}},
        {"variables": {}},
    ],
)
def test_all_else_is_in_the_fingerprint(change) -> None:
    assert replace(ENVIRONMENT, **change).fingerprint != ENVIRONMENT.fingerprint


def test_latency_counts_from_the_scheduled_time_of_what_succeeded() -> None:
    samples = Samples(
        scheduled_ns=times(0, 100, 200),
        issued_ns=times(5, 150, 230),
        completed_ns=times(50, 400, 300),
        ok=np.array([True, True, False]),
    )
    assert samples.latency_ns.tolist() == [50, 300]
    assert samples.duration_ns == 395
    assert len(samples) == 3


def test_no_samples_last_no_time() -> None:
    samples = Samples.empty()
    assert len(samples) == 0
    assert samples.duration_ns == 0
    assert samples.latency_ns.size == 0
    assert samples.latency_ns.dtype == np.int64


def test_a_run_is_valid_when_it_finished_and_every_condition_holds(make_plan) -> None:
    good = Condition("queries", "100", "≥ 100", True)
    run = Run("r", make_plan(), ENVIRONMENT, "finished", "2026-01-01T00:00:00Z", conditions=(good,))
    assert run.is_valid
    assert not replace(run, status="failed").is_valid
    bad = Condition("lateness", "9 ms", "≤ 1 ms", False)
    assert not replace(run, conditions=(good, bad)).is_valid


def test_metrics_and_stages_are_found_by_name(make_plan) -> None:
    metric = Metric("top_1", 0.9, 0.7, 0.97, 20, 18)
    stage = Stage("load", 10, 8)
    run = Run("r", make_plan(), ENVIRONMENT, "finished", "", metrics=(metric,), stages=(stage,))
    assert run.metric("top_1") is metric
    assert run.metric("top_5") is None
    assert run.stage("load") is stage
    assert run.stage("import") is None


def test_a_run_cannot_be_changed(make_plan) -> None:
    run = Run("r", make_plan(), ENVIRONMENT, "finished", "")
    with pytest.raises(FrozenInstanceError):
        run.status = "failed"


def test_latencies_are_sorted_once_and_trimmed() -> None:
    starts, ends = times(0, 0, 0, 0, 0), times(5, 1, 4, 100, 3)
    samples = Samples(starts, starts, ends, np.ones(5, dtype=np.bool_))
    assert samples.ordered_ns.tolist() == [1, 3, 4, 5, 100]
    assert samples.ordered_ns is samples.ordered_ns
    assert samples.trimmed_mean_ns == 4.0
    with pytest.raises(ValueError, match="read-only"):
        samples.ordered_ns[0] = 0


def test_no_latencies_have_no_trimmed_mean() -> None:
    assert Samples.empty().ordered_ns.size == 0
    assert Samples.empty().trimmed_mean_ns is None
