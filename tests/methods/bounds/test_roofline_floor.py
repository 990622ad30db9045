from __future__ import annotations

import numpy as np
import pytest
from costed_networks import network
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import BoundError
from dlscope.graph.builder import GraphBuilder
from dlscope.graph.read import read_graph
from dlscope.graph.work import Work
from dlscope.methods.bounds.roofline_floor import (
    Demand,
    LayerFloor,
    MemoryLevel,
    Peaks,
    RooflineFloor,
    check_floor,
    demands,
    faster_than_floor,
    raised,
    roofline_floor,
)

# 100 GFLOP/s; 100, 50 and 10 GB/s: 1 KiB is 10.24 ns near and 102.4 ns far.
LEVELS = (
    MemoryLevel("DRAM", 10e9),
    MemoryLevel("L1", 100e9, 1 << 10),
    MemoryLevel("L2", 50e9, 1 << 20),
)
PEAKS = Peaks({"float32": 100e9, "bfloat16": 400e9}, LEVELS)


def product(flops: int, size_bytes: int = 0, dtype: str = "float32", saving: float | None = 1.0):
    work = Work(macs=flops // 2, flops=flops, bytes_read=size_bytes)
    return Demand(0, "fc", dtype, work, saving)


def floor_of(*demanded: Demand, **options) -> RooflineFloor:
    return roofline_floor(demanded, PEAKS, **options)


def test_the_slower_of_computing_and_moving_counts() -> None:
    floor = floor_of(product(20_000, 1_000))
    assert floor.layers == {0: LayerFloor(compute_ns=200, memory_ns=10)}
    assert (floor.total_ns, floor.compute_ns, floor.memory_ns) == (200, 200, 10)
    assert floor_of(product(200, 1_000)).total_ns == 10


def test_a_layer_beyond_a_peak_raises_it_and_one_far_beyond_does_not() -> None:
    reached = raised(PEAKS, [product(20_000)], {0: 160})
    assert reached.flops_per_s == {"float32": 125e9, "bfloat16": 400e9}
    assert roofline_floor([product(20_000)], reached).total_ns == 160
    assert raised(PEAKS, [product(20_000)], {0: 250}) == PEAKS
    assert raised(PEAKS, [product(20_000)], {0: 100}) == PEAKS


def test_what_an_algorithm_may_save_raises_no_peak() -> None:
    assert raised(PEAKS, [product(20_000, saving=4.0)], {0: 160}) == PEAKS
    assert raised(PEAKS, [Demand(0, "relu", "float32", Work(flops=20_000))], {0: 160}) == PEAKS
    assert raised(PEAKS, [product(20_000)], {}) == PEAKS


def test_layers_overlap_within_themselves_only() -> None:
    one, other = product(20_000, 1_000), Demand(1, "relu", "float32", Work(bytes_read=50_000))
    floor = floor_of(one, other)
    assert (floor.total_ns, floor.compute_ns, floor.memory_ns) == (200 + 1_000, 200, 1_010)


@pytest.mark.parametrize(
    ("size_bytes", "hot_ns", "cold_ns"),
    [(1 << 10, 10, 102), ((1 << 10) + 1, 20, 102), (1 << 20, 20_971, 104_857)],
)
def test_the_bandwidth_is_that_of_the_smallest_level_with_room(size_bytes, hot_ns, cold_ns) -> None:
    assert floor_of(product(0, size_bytes)).total_ns == hot_ns
    assert floor_of(product(0, size_bytes), state="cold").total_ns == cold_ns


def test_what_fits_in_no_cache_comes_from_main_memory() -> None:
    assert floor_of(product(0, 10 << 20)).total_ns == 1_048_576


def test_each_type_has_its_peak() -> None:
    assert floor_of(product(20_000, dtype="bfloat16")).total_ns == 50


def test_a_fast_algorithm_divides_the_operations() -> None:
    assert floor_of(product(20_000, saving=4.0)).total_ns == 50


def test_what_cannot_be_known_is_left_out() -> None:
    unknown = Demand(7, "custom", "float32", None)
    floor = floor_of(product(20_000, saving=None), unknown)
    assert (floor.total_ns, floor.left_out) == (0, (0, 7))


def test_multiply_accumulates_in_a_type_without_a_peak_are_refused() -> None:
    with pytest.raises(BoundError) as refusal:
        floor_of(product(2, dtype="int8"), product(2), product(2, dtype="int4"))
    assert str(refusal.value) == (
        "BoundError: no peak for the type of fc (int8), fc (int4)\n"
        "  where  the peaks of the machine\n"
        "  fix    measure a matrix product in that type"
    )


def test_other_operations_in_a_type_without_a_peak_only_move() -> None:
    index_sum = Demand(0, "add", "int64", Work(flops=1_000_000, bytes_read=1_000))
    assert floor_of(index_sum).layers[0] == LayerFloor(0, 10)


@pytest.mark.parametrize(
    ("flops_per_s", "levels", "message"),
    [
        ({"float32": 1e9}, LEVELS[1:], "no level of memory holds everything"),
        ({"float32": 0.0}, LEVELS, "a rate is not above 0"),
        ({}, (MemoryLevel("DRAM", float("nan")),), "a rate is not above 0"),
    ],
)
def test_peaks_that_cannot_be_are_refused(flops_per_s, levels, message) -> None:
    with pytest.raises(BoundError) as refusal:
        Peaks(flops_per_s, levels)
    assert refusal.value.what == message


def test_a_floor_below_the_sequential_bound_passes() -> None:
    costed = network([100, 100])
    check_floor(RooflineFloor({0: LayerFloor(110, 0), 1: LayerFloor(0, 100)}), costed)
    assert faster_than_floor(RooflineFloor({0: LayerFloor(110, 0)}), costed) == [0]


def test_a_floor_above_the_sequential_bound_names_the_layers() -> None:
    floor = RooflineFloor({0: LayerFloor(150, 20), 1: LayerFloor(0, 100), 2: LayerFloor(0, 31)})
    with pytest.raises(BoundError) as refusal:
        check_floor(floor, network([100, 100, 25]))
    assert str(refusal.value) == (
        "BoundError: the roofline floor, 281 ns, is above the sequential bound, 225 ns: "
        "a (floor 150 ns, measured 100 ns), c (floor 31 ns, measured 25 ns)\n"
        "  where  net\n"
        "  fix    do it again when nothing else computes on this machine; where it stays so, the "
        "work rules of these operators count too much"
    )


def test_five_percent_are_within_what_measuring_tells() -> None:
    check_floor(RooflineFloor({0: LayerFloor(105, 0)}), network([100]))
    with pytest.raises(BoundError):
        check_floor(RooflineFloor({0: LayerFloor(106, 0)}), network([100]))


def test_layers_of_a_graph_demand_their_work() -> None:
    builder = GraphBuilder("g")
    x = builder.input("x", "float32", (1, 4, 16, 16))
    w = builder.constant("w", np.zeros((8, 4, 3, 3), np.float32))
    y = builder.node("Conv", [x, w], pads=[1, 1, 1, 1], output="conv")
    y = builder.node("Reshape", [y, builder.constant("s", np.array([1, -1]))], output="flat")
    builder.output(y, "float32", (1, 2048))
    convolution, view = demands(read_graph(builder.finish()), frozenset({"winograd"}))
    assert (convolution.name, convolution.dtype, convolution.saving) == ("conv", "float32", 4.0)
    assert convolution.work is not None
    assert convolution.work.macs == 8 * 16 * 16 * 4 * 9
    assert convolution.size_bytes == 4 * (4 * 256 + 8 * 4 * 9 + 8 * 256)
    assert (view.work, view.size_bytes) == (Work(), 0)


@given(st.integers(0, 1 << 40), st.integers(0, 1 << 30))
def test_a_cold_floor_is_never_below_a_hot_one(flops, size_bytes) -> None:
    demand = product(flops, size_bytes)
    assert floor_of(demand).total_ns <= floor_of(demand, state="cold").total_ns
