from __future__ import annotations

import dataclasses

import pytest

from dlscope.methods.evaluation.analyses.models import Models, optimal_batch
from dlscope.testing.analyses import example_run

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


@pytest.mark.parametrize(
    ("throughput", "batch"),
    [
        ({}, None),
        ({1: 100.0}, None),
        ({1: 100.0, 4: 300.0}, None),
        ({1: 100.0, 2: 105.0}, 1),
        ({1: 100.0, 2: 105.1}, 2),
        ({1: 100.0, 2: 190.0, 4: 199.0}, 2),
        ({1: 100.0, 2: 190.0, 4: 370.0, 8: 700.0}, 8),
        ({1: 100.0, 2: 90.0, 4: 400.0}, 1),
    ],
)
def test_the_optimal_batch_is_the_smallest_whose_double_gains_little(throughput, batch) -> None:
    assert optimal_batch(throughput) == batch
