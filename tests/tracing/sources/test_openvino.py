from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.trace import Level
from dlscope.tracing.sources.host_spans import Caller
from dlscope.tracing.sources.openvino import NodeTime, Reading, mean_between, read_openvino

IDLE = NodeTime("x", "Parameter", "unknown_f32", "NOT_RUN", 0, 0)
CONV = NodeTime("conv", "Convolution", "brgconv_avx512_f32", "EXECUTED", 9_000, 8_000, {"a": 1})
ADD = NodeTime("add", "Add", "jit_avx512_f32", "EXECUTED", 2_000, 2_000)


def test_nodes_lie_end_to_end_from_the_start_of_each_inference() -> None:
    inferences = [(100, 20_100), (50_000, 70_000)]
    trace = read_openvino([CONV, ADD], inferences, Caller(1, 2))
    assert [(s.name, s.start_ns, s.end_ns, s.cpu_ns) for s in trace] == [
        ("conv", 100, 9_100, 8_000),
        ("add", 9_100, 11_100, 2_000),
        ("conv", 50_000, 59_000, 8_000),
        ("add", 59_000, 61_000, 2_000),
    ]
    first = trace.spans[0]
    assert (first.level, first.type) == (Level.LAYER, "Convolution")
    assert (first.process, first.thread) == (1, 2)
    assert first.attributes == {
        "a": 1,
        "exec_type": "brgconv_avx512_f32",
        "node_type": "Convolution",
        "status": "EXECUTED",
        "synthetic_ts": True,
    }


def test_an_inference_that_took_longer_has_longer_nodes_of_the_same_mean() -> None:
    first, second = read_openvino([CONV], [(0, 10_000), (10_000, 40_000)])
    assert (first.duration_ns, second.duration_ns) == (4_500, 13_500)
    assert first.duration_ns + second.duration_ns == 2 * CONV.real_ns


def test_no_node_reaches_beyond_its_inference() -> None:
    conv, add = read_openvino([CONV, ADD], [(0, 10_000)])
    assert (conv.end_ns, add.start_ns, add.end_ns) == (9_000, 9_000, 10_000)


def test_the_kernel_of_a_node_is_what_it_executed() -> None:
    layer, kernel = read_openvino([CONV], [(0, 10_000)], levels=(Level.LAYER, Level.KERNEL))
    assert (kernel.level, kernel.name) == (Level.KERNEL, "brgconv_avx512_f32")
    assert (kernel.start_ns, kernel.end_ns) == (layer.start_ns, layer.end_ns)
    assert kernel.attributes == {"source": "exec_type", "synthetic_ts": True}


def test_the_mean_between_two_readings_leaves_out_what_came_before() -> None:
    before = Reading(1, (IDLE, replace(CONV, real_ns=100_000, cpu_ns=50_000)))
    after = Reading(3, (IDLE, replace(CONV, real_ns=40_000, cpu_ns=20_000)))
    (node,) = mean_between(before, after)
    # 3 · 40 µs + 1 µs for the rounding, less 100 µs, in two inferences
    assert (node.name, node.real_ns, node.cpu_ns) == ("conv", 10_500, 5_500)


def test_before_the_first_inference_there_is_nothing_to_leave_out() -> None:
    assert mean_between(Reading(0, ()), Reading(1, (IDLE, CONV))) == (CONV,)
    assert mean_between(Reading(1, (CONV,)), Reading(1, (CONV,))) == ()


@given(
    st.lists(st.integers(0, 10**6), min_size=1, max_size=30),
    st.lists(st.integers(0, 10**6), min_size=1, max_size=30),
)
def test_the_mean_is_as_near_as_it_says(warm_us: list[int], run_us: list[int]) -> None:
    def reading(times_us: list[int]) -> Reading:
        mean_ns = sum(times_us) // len(times_us) * 1_000
        return Reading(len(times_us), (replace(CONV, real_ns=mean_ns),))

    (node,) = mean_between(reading(warm_us), reading(warm_us + run_us))
    before, count = len(warm_us), len(run_us)
    bound_ns = 1_000 * (2 * before + count) / (2 * count) + 1
    assert node.real_ns == pytest.approx(1_000 * sum(run_us) / count, abs=bound_ns)
