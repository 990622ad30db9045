from __future__ import annotations

import pytest

from dlscope.methods.profiling.cost import Ceilings, Cost, total

CEILINGS = Ceilings(4e12, 4e11, "by hand")
GEMM = Cost(6e8, 4e6, 2e6, 0.5, "measured")
RELU = Cost(0, 8e6, 8e6, 0.9, "measured")


def test_the_ridge_is_where_both_ceilings_meet() -> None:
    assert CEILINGS.ridge == 10


def test_counters_tell_the_cost_of_a_span() -> None:
    counters = {"flops": 10, "dram_read_bytes": 3, "dram_write_bytes": 2, "grid": "1,1"}
    assert Cost.of_counters(counters) == Cost(10.0, 3.0, 2.0, None, "measured")
    derived = {"achieved_occupancy": 0.25, "counter_source": "derived"}
    assert Cost.of_counters(derived) == Cost(occupancy=0.25, source="derived")
    assert Cost.of_counters({"flops": 0}).source == "measured"
    assert Cost.of_counters({"grid": "1,1"}) == Cost()


def test_what_computes_much_for_each_byte_is_bound_by_compute() -> None:
    assert (GEMM.bytes, GEMM.intensity) == (6e6, 100)
    assert GEMM.gflops(300_000) == 2000
    assert GEMM.attainable_gflops(CEILINGS) == 4000
    assert GEMM.efficiency(300_000, CEILINGS) == 0.5
    assert GEMM.is_memory_bound(CEILINGS) is False


def test_what_only_moves_is_bound_by_memory_and_has_no_efficiency() -> None:
    assert (RELU.intensity, RELU.gflops(120_000)) == (0, 0)
    assert RELU.gbytes(120_000) == pytest.approx(133.333333)
    assert RELU.is_memory_bound(CEILINGS) is True
    assert RELU.efficiency(120_000, CEILINGS) is None


def test_at_the_ridge_itself_memory_is_no_limit() -> None:
    at_ridge = Cost(10, 1, 0)
    assert at_ridge.is_memory_bound(CEILINGS) is False
    assert at_ridge.attainable_gflops(CEILINGS) == 4000


@pytest.mark.parametrize("cost", [Cost(), Cost(flops=5.0), Cost(5.0, 1.0), Cost(5.0, 0, 0)])
def test_without_bytes_there_is_no_intensity(cost: Cost) -> None:
    assert cost.intensity is None
    assert cost.is_memory_bound(CEILINGS) is None
    assert cost.attainable_gflops(CEILINGS) is None
    assert cost.efficiency(10, CEILINGS) is None


@pytest.mark.parametrize("duration", [None, 0, 0.0])
def test_without_time_there_is_no_rate(duration: float | None) -> None:
    assert GEMM.gflops(duration) is GEMM.gbytes(duration) is None
    assert GEMM.efficiency(duration, CEILINGS) is None


def test_without_ceilings_nothing_is_bound() -> None:
    assert GEMM.is_memory_bound(None) is GEMM.attainable_gflops(None) is None


def test_sums_weigh_occupancy_by_time() -> None:
    whole = total([(GEMM, 300.0), (Cost(2e8, 1e6, 1e6, 0.25, "measured"), 100.0)])
    assert whole == Cost(8e8, 5e6, 3e6, 0.4375, "measured")


def test_a_part_that_is_not_known_leaves_the_sum_unknown_and_not_less() -> None:
    whole = total([(GEMM, 300.0), (Cost(read_bytes=1e6, write_bytes=1e6), 100.0)])
    assert whole.flops is None
    assert whole.bytes == 8e6
    assert whole.occupancy == 0.5


def test_a_sum_of_nothing_is_not_known() -> None:
    assert total([]) == Cost()
    assert total([(Cost(), 5.0)]) == Cost()


def test_a_sum_names_all_its_sources() -> None:
    parts = [(GEMM, 1.0), (Cost(1, 1, 1, source="analytic"), None), (GEMM, 0.0)]
    assert total(parts).source == "analytic+measured"
    assert total(parts).occupancy == 0.5


def test_parts_may_be_given_once() -> None:
    assert total(iter([(GEMM, 1.0)])) == GEMM
