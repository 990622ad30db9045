from __future__ import annotations

import pytest


def m_l_k(layer_us, kernels, **layer):
    """One layer with `layer_us` in the run M/L, and its kernels in a run of their own."""
    n = len(layer_us)
    return [
        ([1000] * n, []),
        ([1000] * n, [("L", "conv", 0, layer_us, layer)]),
        ([2000] * n, [("L", "conv", 0, 1500, layer), *kernels]),
    ]


@pytest.mark.parametrize(
    ("kernel_us", "rest", "share", "tag"),
    [
        (60, 40.0, 60.0, None),
        (100, 0.0, 100.0, None),
        (102, 0.0, 100.0, "clamped"),
        (103, -3.0, 100.0, "inconsistent"),
    ],
)
def test_less_than_no_time_outside_of_kernels_is_clamped_or_told(
    made, table, kernel_us: int, rest: float, share: float, tag: str | None
) -> None:
    profile = made("M/L/K", *m_l_k([100] * 3, [("K", "gemm", 0, kernel_us)]))
    (row,) = table("a13", profile)
    assert (row["device_us"], row["non_device_us"], row["device_pct"]) == (kernel_us, rest, share)
    assert row["tag"] == tag
    (row,) = table("a11", profile)
    # Here the raw number stays.
    assert row["non_kernel_us"] == 100.0 - kernel_us


def test_a_layer_without_kernels_is_all_outside_of_them(made, table) -> None:
    profile = made("M/L/K", *m_l_k([100] * 3, []))
    (row,) = table("a13", profile)
    assert (row["device_us"], row["non_device_us"], row["device_pct"]) == (0.0, 100.0, 0.0)
    (row,) = table("a11", profile)
    assert (row["kernel_duration_us"], row["non_kernel_us"], row["gflops"]) == (0.0, 100.0, None)


def test_a_layer_that_the_run_of_layers_did_not_see_has_no_latency(made, table) -> None:
    runs = [([100], []), ([100], []), ([200], [("L", "conv", 0, 150), ("K", "gemm", 0, 20)])]
    (row,) = table("a13", made("M/L/K", *runs))
    assert (row["device_us"], row["non_device_us"], row["device_pct"]) == (20.0, None, None)
    assert row["tag"] == "no latency"
    (row,) = table("a11", made("M/L/K", *runs))
    assert row["layer_duration_us"] is row["non_kernel_us"] is None


def test_kernels_that_overlap_are_counted_once_in_the_union(made, table) -> None:
    stream = {"device": 0, "kind": "execution", "tracer": "gpu"}
    kernels = [
        ("B", "launch", 0, 1, {"kind": "launch", "correlation_id": 1, "tracer": "gpu"}),
        ("B", "launch", 2, 1, {"kind": "launch", "correlation_id": 2, "tracer": "gpu"}),
        ("K", "a", 10, 40, {**stream, "stream": 1, "correlation_id": 1}),
        ("K", "b", 30, 40, {**stream, "stream": 2, "correlation_id": 2}),
    ]
    (row,) = table("a11", made("M/L/K", *m_l_k([100] * 3, kernels)))
    assert (row["kernel_duration_us"], row["kernel_union_us"]) == (80.0, 60.0)
    assert row["non_kernel_us"] == 40.0


def test_a_kernel_that_one_iteration_lacks_is_not_taken_for_another_one(made, table) -> None:
    kernels = [("K", "maybe", 0, [None, 20, 20]), ("K", "gemm", 30, [30, 30, 30])]
    (row,) = table("a11", made("M/L/K", *m_l_k([100] * 3, kernels)))
    # The unions are 30, 50 and 50; their middle is that of three.
    assert (row["kernel_union_us"], row["kernel_duration_us"]) == (50.0, 50.0)


def test_sampled_kernels_have_a_sum_and_no_union_of_points(made, table) -> None:
    sample = {"kind": "sample", "attributes": {"period_ns": 10_000}}
    kernels = [("K", "jit", start, 0, sample) for start in (0, 10, 20)]
    (row,) = table("a11", made("M/L/K", *m_l_k([100] * 3, kernels)))
    assert (row["kernel_duration_us"], row["kernel_union_us"]) == (30.0, 30.0)


def test_each_metric_of_a_layer_is_a_row(made, table, text) -> None:
    counted = {
        "flops": 3e9,
        "dram_read_bytes": 2**20,
        "dram_write_bytes": 2**21,
        "achieved_occupancy": 0.25,
    }
    kernels = [("K", "gemm", 0, 50, {"attributes": counted})]
    assert (
        text(table("a12", made("M/L/K", *m_l_k([100] * 3, kernels))), "metric", "value", "unit")
        == """
metric              value  unit
flops               3      GFLOP
dram_read           1      MiB
dram_write          2      MiB
achieved_occupancy  25     %
kernel_latency      50     µs
"""
    )


def test_metrics_that_nobody_told_are_absent_and_not_nothing(made, table) -> None:
    found = table("a12", made("M/L/K", *m_l_k([100] * 3, [("K", "gemm", 0, 50)])))
    assert found.column("value") == (None, None, None, None, 50.0)
    assert found.column("source") == (None, None, None, None, "measured")
