from __future__ import annotations

import dataclasses

import pytest

from dlscope.core.trace import Level
from dlscope.methods.evaluation.analyses.point import (
    Point,
    failure,
    machine_name,
    optimal_batch,
    points,
)
from dlscope.testing.analyses import example_run, on_machine

ONE_MS, TWO_MS, THREE_MS = ((n * 1_000_000,) * 5 for n in (1, 2, 3))


def of_type(run, kind: str, **fields):
    """`run` of another type of scenario, called by its name."""
    changes = {"type": kind, "name": kind, **fields}
    scenario = run.plan.scenario.model_copy(update=changes)
    return dataclasses.replace(run, plan=run.plan.model_copy(update={"scenario": scenario}))


def test_gathers_runs_by_model_framework_and_version() -> None:
    runs = [
        example_run("r-1", model="b"),
        example_run("r-2", framework="torch"),
        example_run("r-3"),
        example_run("r-4", batch_size=2),
    ]
    assert [[run.id for run in point.runs] for point in points(runs)] == [
        ["r-1"],
        ["r-3", "r-4"],
        ["r-2"],
    ]


def test_single_items_are_taken_over_all_repeats() -> None:
    point = Point((example_run("r-1", latencies_ns=ONE_MS), example_run("r-2", repeat=1)))
    assert point.single_ns.size == 10
    assert Point((example_run("r-1", latencies_ns=()),)).online is None


def test_times_of_a_run_that_recorded_its_predictions_count_where_there_are_no_others() -> None:
    plain, traced = example_run("r-1", latencies_ns=ONE_MS), example_run("r-2", latencies_ns=TWO_MS)
    deeper = traced.plan.model_copy(update={"trace_level": int(Level.LAYER)})
    traced = dataclasses.replace(traced, plan=deeper)
    point = Point((traced, plain))
    assert point.online is not None
    assert point.online.mean_ns == 1e6
    assert point.throughput == Point((plain,)).throughput
    alone = Point((traced,)).online
    assert alone is not None
    assert alone.mean_ns == 2e6


def test_a_latency_that_holds_a_queue_or_many_samples_is_not_that_of_a_single_item() -> None:
    single = example_run("r-1", latencies_ns=ONE_MS)
    queued = of_type(example_run("r-2", latencies_ns=THREE_MS), "server")
    eight = of_type(example_run("r-3", latencies_ns=THREE_MS), "multi_stream", samples_per_query=8)
    online = Point((queued, eight, single)).online
    assert online is not None
    assert (online.mean_ns, online.interval, online.p90_ns) == (1e6, (1e6, 1e6), 1_000_000)
    assert Point((queued, eight)).online is None


def test_throughput_is_the_median_over_repeats_at_each_batch_size() -> None:
    runs = (
        *(example_run(f"r-{n}", latencies_ns=(n,) * 3, repeat=n) for n in (10**6, 2 * 10**6)),
        example_run("r-4", batch_size=4, latencies_ns=TWO_MS),
    )
    assert Point(runs).throughput == {1: 750.0, 4: 2000.0}


def test_a_rate_that_was_offered_is_no_throughput() -> None:
    offered = of_type(example_run("r-1"), "server")
    assert Point((offered,)).throughput == {}


def test_of_several_scenarios_at_one_batch_size_the_best_counts() -> None:
    slow = of_type(example_run("r-2", latencies_ns=THREE_MS), "single_stream")
    assert Point((example_run("r-1", latencies_ns=ONE_MS), slow)).throughput == {1: 1000.0}


def test_the_pipeline_mode_with_most_batch_sizes_counts() -> None:
    sequential = [
        example_run(f"r-{n}", batch_size=n, latencies_ns=TWO_MS, pipeline="sequential")
        for n in (1, 2)
    ]
    preloaded = example_run("r-9", latencies_ns=ONE_MS)
    assert Point((preloaded, *sequential)).throughput == {1: 500.0, 2: 1000.0}
    assert Point((preloaded, sequential[0])).throughput == {1: 1000.0}


@pytest.mark.parametrize(
    ("throughput", "out_of_memory", "best"),
    [
        ({1: 100.0, 2: 104.0, 4: 300.0}, (), 1),
        ({1: 100.0, 2: 106.0, 4: 110.0}, (), 2),
        ({1: 100.0, 2: 105.0}, (), 1),
        ({1: 100.0, 2: 150.0, 4: 200.0}, (), 4),
        ({1: 100.0, 2: 150.0, 4: 200.0}, (8, 16), 4),
        ({1: 100.0, 2: 150.0}, (4,), 2),
        ({1: 100.0, 3: 150.0}, (), None),
        ({1: 100.0}, (), None),
        ({}, (1,), None),
    ],
)
def test_the_optimal_batch_is_the_smallest_whose_double_gains_at_most_5_percent(
    throughput, out_of_memory, best
) -> None:
    assert optimal_batch(throughput, out_of_memory) == best


def test_a_batch_that_a_repeat_has_measured_fits_into_memory() -> None:
    failed = example_run("r-1", batch_size=2, status="failed", latencies_ns=(), answers=())
    oom = dataclasses.replace(failed, error={**failed.error, "reason": "oom"})
    larger = dataclasses.replace(
        example_run("r-3", batch_size=4, status="failed", latencies_ns=(), answers=()),
        error={**failed.error, "reason": "oom_implied"},
    )
    assert Point((oom, larger)).out_of_memory == (2, 4)
    measured = example_run("r-2", batch_size=2, repeat=1)
    assert Point((oom, measured, larger)).out_of_memory == (4,)


def test_says_why_the_first_run_that_did_not_finish_did_not() -> None:
    aborted = example_run("r-2", status="aborted", latencies_ns=(), answers=())
    failed = example_run("r-3", status="failed", latencies_ns=(), answers=())
    assert failure(example_run("r-1")) is None
    assert Point((example_run("r-1"), aborted, failed)).reason == "aborted"
    assert Point((failed,)).reason == "the graph is cut off"


def test_machines_are_points_of_their_own() -> None:
    runs = [on_machine(example_run("r-2"), "rack"), example_run("r-1")]
    assert [(point.system, point.runs[0].id) for point in points(runs)] == [
        ("lab", "r-1"),
        ("rack", "r-2"),
    ]
    assert machine_name(runs[0]) == "rack"


def test_two_models_of_one_name_are_two_points() -> None:
    first, second = example_run("r-1"), example_run("r-2")
    model = second.plan.model.model_copy(update={"version": "2.0.0"})
    second = dataclasses.replace(second, plan=second.plan.model_copy(update={"model": model}))
    assert [[run.id for run in point.runs] for point in points([second, first])] == [
        ["r-1"],
        ["r-2"],
    ]
