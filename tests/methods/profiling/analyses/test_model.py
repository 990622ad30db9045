from __future__ import annotations

import json

import pytest

from dlscope.core import registry
from dlscope.methods.profiling.analyses.model import optimal_batch
from dlscope.methods.profiling.profile import WORK

ONE, TWO, FOUR, EIGHT = ({"batch_size": batch} for batch in (1, 2, 4, 8))


@pytest.mark.parametrize(
    ("rates", "best"),
    [
        ({1: 100, 2: 190, 4: 340, 8: 520, 16: 540}, 8),
        ({1: 100, 2: 105}, 1),
        ({1: 100, 2: 106}, 2),
        ({1: 100, 2: 90, 4: 200}, 1),
        # The double of 2 was not measured: the fastest of all.
        ({1: 100, 2: 150, 8: 400}, 8),
        ({1: 400, 4: 100}, 1),
        ({4: 100}, None),
        ({}, None),
    ],
)
def test_the_optimal_batch_is_the_smallest_whose_double_gains_little(
    rates: dict[int, float], best: int | None
) -> None:
    assert optimal_batch(rates) == best


def test_batches_are_compared(made, table, text) -> None:
    profiles = [
        made("M", ([1000] * 3, []), plan=ONE),
        made("M", ([1250] * 3, []), plan=TWO),
        made("M", ([2450] * 3, []), plan=FOUR),
    ]
    columns = ("batch_size", "duration_us", "latency_ms_per_input", "throughput_per_s")
    found = table("a1", *profiles)
    assert (
        text(found, *columns, "optimal_batch")
        == """
batch_size  duration_us  latency_ms_per_input  throughput_per_s  optimal_batch
1           1000         1                     1000              False
2           1250         0.625                 1600              True
4           2450         0.6125                1633              False
"""
    )
    (finding,) = registry.load("analyses", "a1")().findings(found)
    assert (
        finding.claim
        == "resnet18 on torch, batch 2, is the optimal batch: 1.60× the throughput of batch 1"
    )
    assert finding.rows == (1,)


def test_a_sweep_that_gains_to_the_end_has_not_converged(made, table) -> None:
    single = made("M", ([100] * 3, []), plan=ONE)
    rising, level = (made("M", ([us] * 3, []), plan=TWO) for us in (110, 199))
    assert table("a1", single, rising).column("not_converged") == (None, True)
    assert table("a1", single, level).column("not_converged") == (False, None)


def test_thread_counts_have_optimal_batches_of_their_own(made, table) -> None:
    latencies = {(1, 1): 1000, (2, 1): 2000, (1, 2): 900, (2, 2): 900}
    profiles = [
        made("M", ([us] * 3, []), threads=threads, plan={"batch_size": batch})
        for (batch, threads), us in latencies.items()
    ]
    found = table("a1", *profiles)
    assert found.column("optimal_batch") == (True, False, False, True)
    claims = [each.claim for each in registry.load("analyses", "a1")().findings(found)]
    assert claims == [
        "resnet18 on torch, batch 2, 2 threads, is the optimal batch: 2.00× the throughput of "
        "batch 1",
    ]


def test_one_iteration_has_a_latency_and_no_interval(made, table) -> None:
    (row,) = table("a1", made("M", ([500], [])))
    assert (row["duration_us"], row["n"], row["cv"]) == (500.0, 1, 0.0)
    assert row["duration_lo_us"] is row["duration_hi_us"] is None
    assert row["optimal_batch"] is None
    assert json.loads(row["durations"]) == [500.0]


def test_three_iterations_have_an_interval(made, table) -> None:
    (row,) = table("a1", made("M", ([500, 400, 600], [])))
    assert row["duration_us"] == 500.0
    assert row["duration_lo_us"] <= 500 <= row["duration_hi_us"]
    assert json.loads(row["durations"]) == [500.0, 400.0, 600.0]


def test_the_latency_is_of_the_run_that_sees_the_model_alone(made, table) -> None:
    deep = made("M/L", ([100] * 3, []), ([900] * 3, [("L", "conv", 0, 800)]))
    assert table("a1", deep).column("duration_us") == (100.0,)


def test_the_roofline_of_the_model_takes_work_from_shapes_where_nothing_counted(
    made, table
) -> None:
    part = {"read_bytes": 100.0, "write_bytes": 50.0, "inputs": {}}
    work = json.dumps({"conv": {"flops": 3e5, **part}, "relu": {"flops": 1e5, **part}})
    parts = [
        ("L", "conv", 0, 60),
        ("L", "relu", 60, 20),
        ("K", "gemm", 5, 40),
        ("K", "max", 65, 10),
    ]
    runs = [([100] * 3, []), ([110] * 3, parts[:2]), ([120] * 3, parts)]
    (row,) = table("a15", made("M/L/K", *runs, artifacts={WORK: work}))
    assert (row["kernel_duration_us"], row["kernel_pct"]) == (50.0, 50.0)
    assert (row["flops"], row["dram_read_bytes"], row["source"]) == (4e5, 200.0, "analytic")
    assert row["model_gflops"] == pytest.approx(4.0)
    assert row["gflops"] == pytest.approx(8.0)
    assert row["memory_bound"] is None


def test_kernels_that_count_in_part_tell_no_sum(made, table) -> None:
    counted = {"attributes": {"flops": 100, "dram_read_bytes": 1, "dram_write_bytes": 1}}
    parts = [("K", "gemm", 0, 40, counted), ("K", "max", 50, 10)]
    (row,) = table("a15", made("M/K", ([100] * 3, []), ([120] * 3, parts)))
    assert row["flops"] is row["gflops"] is row["model_gflops"] is None
    assert row["kernel_duration_us"] == 50.0
