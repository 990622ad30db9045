from __future__ import annotations

import json

import pytest

from dlscope.methods.profiling.profile import CEILINGS

CEILING = json.dumps({"flops_per_s": 4e12, "bytes_per_s": 4e11})
SAMPLE = {"kind": "sample", "attributes": {"period_ns": 500_000}}


def sampled(name: str, *starts: int):
    """One sample of a kernel at each start."""
    return [("K", name, start, 0, SAMPLE) for start in starts]


def m_l_k(layers, kernels, latencies=(100, 100)):
    n = len(latencies)
    return [(latencies, []), ([120] * n, layers), ([200] * n, [*layers, *kernels])]


LAYERS = [("L", "conv", 0, 80), ("L", "relu", 90, 20)]


def test_invocations_of_one_kernel_stay_apart_the_longest_first(made, table, text) -> None:
    kernels = [("K", "gemm", 5, 10), ("K", "gemm", 20, 30), ("K", "max", 95, 10)]
    columns = ("layer_index", "layer_name", "kernel_name", "duration_us")
    assert (
        text(table("a8", made("M/L/K", *m_l_k(LAYERS, kernels))), *columns)
        == """
layer_index  layer_name  kernel_name  duration_us
0            conv        gemm         30
0            conv        gemm         10
1            relu        max          10
"""
    )


def test_a_kernel_outside_of_any_layer_has_none(made, table) -> None:
    found = table("a8", made("M/L/K", *m_l_k(LAYERS, [("K", "memset", 85, 2)])))
    assert found.column("layer_name") == found.column("layer_index") == (None,)


def test_what_a_launch_tells_is_kept_and_unknown_counters_stay_unknown(made, table) -> None:
    told = {"attributes": {"grid": "8,1,1", "block": "128,1,1", "stream": 7.0}}
    kernels = [("K", "gemm", 5, 10, told), ("K", "max", 95, 5)]
    first, second = table(
        "a8", made("M/L/K", *m_l_k(LAYERS, kernels), artifacts={CEILINGS: CEILING})
    )
    assert (first["grid"], first["block"], first["stream"]) == ("8,1,1", "128,1,1", 7)
    assert second["grid"] is second["stream"] is None
    for name in ("flops", "intensity", "gflops", "memory_bound", "efficiency", "gbytes", "source"):
        assert first[name] is None


def test_a_sampled_kernel_is_an_estimate_with_its_error(made, table) -> None:
    # Eight samples in each of two iterations, each half a millisecond.
    profile = made("M/L/K", *m_l_k(LAYERS, sampled("jit_conv", *range(0, 80, 10))))
    (row,) = table("a8", profile)
    assert row["duration_us"] == 8 * 500.0
    assert row["error_us"] == pytest.approx(4000 / 16**0.5)
    assert row["resolution"] is None


def test_one_that_was_seen_less_than_ten_times_is_below_the_resolution(made, table) -> None:
    nine = [*sampled("jit_conv", 1, 2, 3, 4), ("K", "jit_conv", 5, [0, None], SAMPLE)]
    (row,) = table("a8", made("M/L/K", *m_l_k(LAYERS, nine)))
    assert row["resolution"] == "< resolution"
    assert row["duration_us"] == 2250.0
    (row,) = table("a10", made("M/L/K", *m_l_k(LAYERS, nine)))
    assert row["count"] == 9


def test_a_timed_kernel_has_no_error(made, table) -> None:
    (row,) = table("a8", made("M/L/K", *m_l_k(LAYERS, [("K", "gemm", 5, 10)])))
    assert row["error_us"] is row["resolution"] is None


def test_samples_of_one_name_under_one_layer_are_one(made, table, text) -> None:
    kernels = sampled("jit_a", 1, 2, 95) + sampled("jit_b", 3)
    profile = made("M/L/K", *m_l_k(LAYERS, kernels))
    assert (
        text(table("a8", profile), "layer_name", "kernel_name", "duration_us")
        == """
layer_name  kernel_name  duration_us
conv        jit_a        1000
conv        jit_b        500
relu        jit_a        500
"""
    )
    assert (
        text(table("a10", profile), "kernel_name", "count", "duration_us", "pct_of_model")
        == """
kernel_name  count  duration_us  pct_of_model
jit_a        6      1500         1500
jit_b        2      500          500
"""
    )


def test_the_roofline_has_a_point_for_what_was_counted(made, table) -> None:
    counted = {"attributes": {"flops": 4e5, "dram_read_bytes": 1e4, "dram_write_bytes": 1e4}}
    some = {"attributes": {"flops": 4e5, "counter_source": "derived"}}
    kernels = [
        ("K", "gemm", 5, 10, counted),
        ("K", "odd", 20, 10),
        ("K", "half", 40, 20, some),
    ]
    found = table("a9", made("M/L/K", *m_l_k(LAYERS, kernels), artifacts={CEILINGS: CEILING}))
    assert found.column("kernel_name") == ("half", "gemm")
    assert found.column("source") == ("derived", "measured")
    assert found.column("intensity") == (None, 20.0)
    assert found.column("gflops") == (20.0, 40.0)
    assert found.column("memory_bound") == (None, False)


def test_equal_sums_are_in_the_order_of_their_names(made, table) -> None:
    kernels = [("K", name, start, 10) for start, name in ((0, "b"), (20, "a"), (40, "c"))]
    found = table("a10", made("M/L/K", *m_l_k(LAYERS, kernels)))
    assert found.column("kernel_name") == ("a", "b", "c")
    assert found.column("pct_of_model") == (10.0, 10.0, 10.0)


def test_kernels_may_have_names_that_begin_as_those_of_internal_layers(made, table) -> None:
    kernels = [("K", "_ZN4gemmEv", 5, 10), ("K", "__memmove_avx512", 20, 5)]
    profile = made("M/L/K", *m_l_k(LAYERS, kernels))
    assert table("a10", profile).column("kernel_name") == ("_ZN4gemmEv", "__memmove_avx512")
    assert table("a15", profile).column("kernel_duration_us") == (15.0,)


def test_kernels_need_no_layers(made, table) -> None:
    runs = [([100] * 2, []), ([100] * 2, [("K", "gemm", 0, 50)])]
    profile = made("M/K", *runs)
    assert table("a10", profile).column("pct_of_model") == (50.0,)
    assert len(table("a8", profile)) == 0
