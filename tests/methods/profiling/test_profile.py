"""Every number of the golden example, to 1e-6."""

from __future__ import annotations

import dataclasses
import json

import pytest

from dlscope.core import registry
from dlscope.core.errors import MeasurementError
from dlscope.core.trace import Level
from dlscope.methods.profiling.profile import WORK, Profile


def _rows(profile: Profile, name: str) -> list[dict]:
    return list(registry.load("analyses", name)().of_profiles([profile]))


def _is(row: dict, **wanted: object) -> None:
    for name, value in wanted.items():
        if isinstance(value, float):
            assert row[name] == pytest.approx(value, rel=1e-6), name
        else:
            assert row[name] == value, name


def test_a1(golden: Profile) -> None:
    (row,) = _rows(golden, "a1")
    _is(row, batch_size=4, duration_us=1005.0, latency_ms_per_input=0.25125, n=5)
    _is(row, throughput_per_s=3980.099502)


def test_a2_to_a4(golden: Profile) -> None:
    layers = _rows(golden, "a2")
    assert [row["name"] for row in layers] == ["L1", "L2", "L3"]
    assert [row["duration_us"] for row in layers] == pytest.approx([605, 200, 150], rel=1e-6)
    assert [row["index"] for row in layers] == [0, 1, 2]
    assert [row["duration_us"] for row in _rows(golden, "a3")] == pytest.approx([605, 200, 150])
    assert [row["allocated_mib"] for row in _rows(golden, "a4")] == [4, 2, 2]


def test_a5_to_a7(golden: Profile) -> None:
    convolution, relu = _rows(golden, "a5")
    _is(convolution, type="Conv2D", count=2, percent=66.66666667)
    _is(relu, type="Relu", count=1, percent=33.33333333)
    convolution, relu = _rows(golden, "a6")
    _is(convolution, duration_us=805.0, percent=84.293194)
    _is(relu, duration_us=150.0, percent=15.706806)
    convolution, relu = _rows(golden, "a7")
    _is(convolution, allocated_bytes=6 * 2**20, percent=75.0)
    _is(relu, percent=25.0)


def test_a8_and_a9(golden: Profile) -> None:
    for name in ("a8", "a9"):
        gemm, relu, other, reduce = _rows(golden, name)
        _is(gemm, layer_name="L1", kernel_name="gemm", duration_us=300.0, intensity=100.0)
        _is(gemm, gflops=2000.0, memory_bound=False, efficiency=0.5)
        _is(relu, kernel_name="relu", duration_us=120.0, intensity=0.0, gflops=0.0)
        _is(relu, memory_bound=True, efficiency=None)
        _is(other, layer_name="L2", duration_us=100.0)
        _is(reduce, duration_us=80.0, intensity=25.0, gflops=1250.0, efficiency=0.3125)
    _is(_rows(golden, "a8")[1], gbytes=133.333333)


def test_a10(golden: Profile) -> None:
    gemm, relu, reduce = _rows(golden, "a10")
    _is(gemm, kernel_name="gemm", count=2, duration_us=400.0, pct_of_model=39.800995)
    _is(gemm, intensity=100.0, gflops=2000.0, achieved_occupancy_pct=43.75)
    _is(reduce, kernel_name="reduce", pct_of_model=7.960199)
    _is(relu, kernel_name="relu", pct_of_model=11.940299)


def test_a11_to_a14(golden: Profile) -> None:
    first, second, third = _rows(golden, "a11")
    _is(first, layer_duration_us=605.0, kernel_duration_us=380.0, intensity=70.0)
    _is(first, gflops=1842.105263, achieved_occupancy_pct=47.8947368)
    _is(second, kernel_duration_us=100.0, non_kernel_us=100.0)
    _is(third, kernel_duration_us=120.0, non_kernel_us=30.0, memory_bound=True)
    assert {row["metric"] for row in _rows(golden, "a12")} == {
        *("flops", "dram_read", "dram_write", "achieved_occupancy", "kernel_latency")
    }
    for row, layer in zip(_rows(golden, "a13"), (605.0, 200.0, 150.0), strict=True):
        _is({"sum": row["device_us"] + row["non_device_us"]}, sum=layer)
    _is(_rows(golden, "a14")[0], intensity=70.0, duration_us=380.0, gflops=1842.105263)


def test_what_overlaps_on_a_device_is_counted_once(golden: Profile) -> None:
    (first, *_) = _rows(golden, "a11")
    one_after_the_other = golden.nodes(Level.KERNEL)[0].is_device is False
    _is(first, kernel_union_us=380.0 if one_after_the_other else 300.0)
    _is(first, non_kernel_us=225.0 if one_after_the_other else 305.0)


def test_a15(golden: Profile) -> None:
    (row,) = _rows(golden, "a15")
    _is(row, model_duration_us=1005.0, kernel_duration_us=600.0, kernel_pct=59.701493)
    _is(row, flops=9e8, dram_read_bytes=15e6, dram_write_bytes=13e6, intensity=32.142857)
    _is(row, gflops=1500.0, model_gflops=895.522388, achieved_occupancy_pct=52.5)
    _is(row, memory_bound=False, source="measured")


def test_a10_a11_and_a15_tell_the_same_sum(golden: Profile) -> None:
    sums = [
        sum(row[column] for row in _rows(golden, name))
        for name, column in (
            ("a10", "duration_us"),
            ("a11", "kernel_duration_us"),
            ("a15", "kernel_duration_us"),
        )
    ]
    assert sums == pytest.approx([600.0] * 3)


def test_a_level_that_was_not_profiled_is_refused_with_the_set_to_ask_for(made) -> None:
    with pytest.raises(MeasurementError) as caught:
        made("M/K", ([100], []), ([100], [])).run_of(Level.LAYER)
    assert str(caught.value) == (
        "MeasurementError: level LAYER was not profiled\n"
        "  where  run r-profile\n"
        "  fix    profile again with --levels M/L/K"
    )


def test_internal_is_a_layer_that_is_called_so_and_not_what_runs_in_it(made) -> None:
    parts = [("L", "_feed", 0, 20), ("L", "conv", 30, 20)]
    runs = [([100], []), ([100], parts), ([100], [*parts, ("K", "_Z4copyPv", 5, 10)])]
    profile = made("M/L/K", *runs)
    assert [node.name for node in profile.nodes(Level.LAYER)] == ["conv"]
    (kernel,) = profile.nodes(Level.KERNEL)
    assert (kernel.name, kernel.parent.name) == ("_Z4copyPv", "_feed")


def test_a_layer_of_the_graph_is_not_internal_whatever_it_is_called(made) -> None:
    profile = made("M/L", ([100], []), ([100], [("L", "_conv_stem", 0, 20), ("L", "_feed", 30, 9)]))
    part = {"flops": 8.0, "read_bytes": 4.0, "write_bytes": 4.0, "inputs": {}}
    told = {WORK: json.dumps({"_conv_stem": part})}
    run = dataclasses.replace(profile.run, artifacts=told)
    assert [node.name for node in Profile(run).nodes(Level.LAYER)] == ["_conv_stem"]


def test_the_union_is_taken_iteration_by_iteration(made) -> None:
    parts = [("K", "a", 0, [None, 30, 30]), ("K", "b", 20, [40, 40, 40])]
    profile = made("M/K", ([100] * 3, []), ([100] * 3, parts))
    nodes = profile.nodes(Level.KERNEL)
    # 40, 60 and 60 µs; of a alone 30 in the two in which it ran.
    assert profile.union_ns(iter(nodes), 1) == 60_000
    assert profile.union_ns(iter(nodes[:1]), 1) == 30_000
    assert profile.union_ns(iter(()), 1) is None


def test_nodes_are_in_order_of_execution_whichever_iteration_saw_them_first(made) -> None:
    parts = [("L", "late", 60, 10), ("L", "rare", 0, [None, None, 10]), ("L", "b", 20, 10)]
    profile = made("M/L", ([100] * 3, []), ([100] * 3, parts))
    assert [node.name for node in profile.nodes(Level.LAYER)] == ["rare", "b", "late"]


def test_what_some_iteration_lacks_is_counted_by_run(made) -> None:
    parts = [("L", "a", 0, 20), ("L", "b", 30, [10, None, 10]), ("L", "a", 50, [20, None, None])]
    calls = [("B", "gemm", 0, 10)]
    profile = made("M/L/B", ([100] * 3, []), ([100] * 3, parts), ([100] * 3, [*parts, *calls]))
    first, second, third = profile.nodes(Level.LAYER)
    assert profile.missing(first) == {}
    assert profile.missing(second) == {1: (2, 3), 2: (2, 3)}
    assert profile.missing(third) == {1: (1, 3), 2: (1, 3)}
    assert [node.name for node in profile.every_node()] == ["model", "a", "b", "a", "gemm"]


def test_a_sampled_kernel_may_be_seen_or_not(made) -> None:
    sample = {"kind": "sample", "attributes": {"period_ns": 1000}}
    parts = [("K", "gemm", 0, [1, None], sample)]
    (kernel,) = (profile := made("M/K", ([9, 9], []), ([9, 9], parts))).nodes(Level.KERNEL)
    assert profile.missing(kernel) == {}


def test_a_namesake_that_is_missing_in_one_run_is_the_same_however_the_trace_is_parted(
    made,
) -> None:
    calls = [
        ("B", "gemm", 10 * place, 5, {"attributes": {"problem": f"m{place}"}}) for place in range(3)
    ]
    run = made("M/B/K", ([100] * 3, []), ([100] * 3, calls), ([100] * 3, calls[1:])).run
    parts = [run.trace.take(run.trace["run"] == number) for number in range(3)]
    for profile in (Profile(run), Profile(run, parts)):
        found = [
            (node.attributes["problem"], list(profile.missing(node)))
            for node in profile.nodes(Level.LIBRARY)
        ]
        assert found == [("m0", [2]), ("m1", []), ("m2", [])]
