from __future__ import annotations

import dataclasses

from dlscope.core.run import Stage
from dlscope.methods.evaluation.analyses.cold_start import ColdStart
from dlscope.testing.analyses import example_run

ONE_MS = (1_000_000,) * 5


def findings(*runs):
    return [
        (each.claim, each.detail, each.rows)
        for each in ColdStart().findings(ColdStart().table(runs))
    ]


def big(run_id: str, **changes):
    """A model that takes 90 ms to load."""
    run = example_run(run_id, model="big", latencies_ns=ONE_MS, **changes)
    stages = (Stage("load", 90_000_000, 80_000_000), Stage("first prediction", 10_000_000, 9))
    return dataclasses.replace(run, stages=stages)


def test_tells_each_part_of_a_start_beside_the_warm_latency(text) -> None:
    runs = [
        example_run("r-1", latencies_ns=ONE_MS),
        example_run("r-2", framework="torch", latencies_ns=(), mode="accuracy"),
        dataclasses.replace(example_run("r-3", model="warm"), stages=()),
        dataclasses.replace(
            example_run("r-4", model="zero", status="failed", latencies_ns=()), stages=()
        ),
    ]
    table = ColdStart().table(runs)
    assert (
        text(table, "backend", "part", "duration_ns", "cpu_ns", "share", "warm_ns", "times_warm")
        == """
backend      part              duration_ns  cpu_ns    share  warm_ns  times_warm
onnxruntime  load              30000000     20000000  0.75   1000000  30
onnxruntime  first prediction  10000000     9         0.25   1000000  10
torch        load              30000000     20000000  0.75   –        –
torch        first prediction  10000000     9         0.25   –        –
onnxruntime  –                 –            –         –      –        –
onnxruntime  –                 –            –         –      –        –
"""
    )
    assert table.column("reason") == (
        None,
        None,
        "no warm query was measured",
        "no warm query was measured",
        "the model was open already",
        "the graph is cut off",
    )


def test_names_the_largest_part_and_how_many_warm_queries_fit_into_the_start() -> None:
    assert findings(example_run("r-1", latencies_ns=ONE_MS)) == [
        (
            "75 % of a cold start of tiny on onnxruntime: load",
            "the first answer comes after 40.0 ms, as long as 40.0 warm queries",
            (0,),
        )
    ]


def test_models_with_the_same_largest_part_are_told_together() -> None:
    assert findings(big("r-2"), example_run("r-1", latencies_ns=ONE_MS)) == [
        (
            "75–90 % of a cold start of 2 models on onnxruntime: load",
            "the first answer comes after 40.0–100 ms, as long as 40.0–100 warm queries",
            (0, 2),
        )
    ]


def test_frameworks_are_told_apart() -> None:
    claims = [claim for claim, _, _ in findings(big("r-1"), big("r-2", framework="torch"))]
    assert claims == [
        "90 % of a cold start of big on onnxruntime: load",
        "90 % of a cold start of big on torch: load",
    ]
