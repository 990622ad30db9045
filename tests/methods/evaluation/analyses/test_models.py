from __future__ import annotations

import dataclasses

from dlscope.methods.evaluation.analyses.models import Models
from dlscope.testing.analyses import example_run, on_machine

ONE_MS = (1_000_000,) * 5
TWO_MS = (2_000_000,) * 5
THREE_MS = (3_000_000,) * 5


def test_tells_each_model_on_each_framework_in_one_row(text) -> None:
    runs = [
        example_run("r-1", latencies_ns=ONE_MS),
        example_run("r-2", latencies_ns=THREE_MS, batch_size=4),
        example_run("r-3", latencies_ns=TWO_MS, batch_size=2),
        example_run("r-4", framework="torch", latencies_ns=TWO_MS, answers=(0, 0, 2)),
        example_run("r-5", model="other", latencies_ns=(), mode="accuracy", is_disturbed=True),
    ]
    table = Models().table(runs)
    assert (
        text(table, "model", "backend", "right", "metric", "accuracy", "graph_bytes", "load_ns")
        == """
model  backend      right  metric  accuracy  graph_bytes  load_ns
other  onnxruntime  3/3    top_1   1         4096         30000000
tiny   onnxruntime  3/3    top_1   1         4096         30000000
tiny   torch        2/3    top_1   0.6667    4096         30000000
"""
    )
    assert (
        text(table, "mean_ns", "ci_lo_ns", "ci_hi_ns", "p90_ns", "throughput_per_s", "valid")
        == """
mean_ns  ci_lo_ns  ci_hi_ns  p90_ns   throughput_per_s  valid
–        –         –         –        –                 False
1000000  1000000   1000000   1000000  1333              True
2000000  2000000   2000000   2000000  500               True
"""
    )
    assert table.column("optimal_batch") == (None, 1, None)


def test_the_mean_mixes_no_pipeline_modes() -> None:
    runs = [
        example_run("r-1", latencies_ns=THREE_MS, pipeline="sequential"),
        example_run("r-2", latencies_ns=ONE_MS),
    ]
    assert Models().table(runs).column("mean_ns") == (1_000_000,)


def test_takes_the_graph_size_from_a_run_that_knows_it() -> None:
    failed = dataclasses.replace(
        example_run("r-1", status="failed", answers=()), framework_report={}
    )
    table = Models().table([failed, example_run("r-2", repeat=1)])
    assert table.column("graph_bytes") == (4096,)
    assert table.column("valid") == (False,)


def failed_for_memory(run_id: str, batch_size: int, reason: str):
    run = example_run(run_id, batch_size=batch_size, status="failed", latencies_ns=(), answers=())
    error = {**run.error, "what": f"batch {batch_size} does not fit", "reason": reason}
    return dataclasses.replace(run, error=error)


def test_a_sweep_that_memory_ended_has_its_optimal_batch_from_what_fitted(text) -> None:
    table = Models().table(
        [
            example_run("r-1", latencies_ns=ONE_MS),
            example_run("r-2", latencies_ns=ONE_MS, batch_size=2),
            failed_for_memory("r-4", 4, "oom"),
            failed_for_memory("r-8", 8, "oom_implied"),
        ]
    )
    assert (
        text(table, "throughput_per_s", "optimal_batch", "oom_batch", "valid", "reason")
        == """
throughput_per_s  optimal_batch  oom_batch  valid  reason
2000              2              4          True   batch 4 does not fit
"""
    )


def test_machines_have_a_row_each() -> None:
    runs = [
        on_machine(example_run("r-2", latencies_ns=TWO_MS), "rack"),
        example_run("r-1", latencies_ns=ONE_MS),
    ]
    table = Models().table(runs)
    assert table.column("system") == ("lab", "rack")
    assert table.column("mean_ns") == (1_000_000, 2_000_000)
