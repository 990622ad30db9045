from __future__ import annotations

import pytest

from dlscope.core.trace import Level
from dlscope.methods.profiling.timeline import part, timeline_table

M = ([100] * 3, [])


def m_l(latencies, *parts):
    return [([100] * len(latencies), []), (latencies, parts)]


def test_one_iteration_is_told_from_the_start_of_the_model(made, text) -> None:
    parts = [("L", "conv", 10, 50, {"type": "Conv"}), ("L", "relu", 70, 20, {"type": "Relu"})]
    kernels = [("K", "gemm", 15, 30)]
    runs = [*m_l([200] * 3, *parts), ([300] * 3, [*parts, *kernels])]
    columns = ("level", "name", "type", "start_ns", "duration_ns", "part")
    assert (
        text(timeline_table([made("M/L/K", *runs)]), *columns)
        == """
level   name   type  start_ns  duration_ns  part
model   model        0         300000       –
layer   conv   Conv  10000     50000        compute
layer   relu   Relu  70000     20000        element-wise
kernel  gemm         15000     30000        compute
"""
    )


def test_the_iteration_is_that_with_the_middle_latency_of_the_deepest_run(made) -> None:
    profile = made("M/L", *m_l([900, 200, 300], ("L", "conv", 0, [70, 80, 90])))
    assert timeline_table([profile]).column("duration_ns") == (300_000, 90_000)


def test_a_span_that_the_iteration_lacks_is_not_taken_from_another(made) -> None:
    parts = [("L", "maybe", 0, [None, None, 10]), ("L", "conv", 20, [None, 30, 40])]
    found = timeline_table([made("M/L", *m_l([100, 200, 300], *parts))])
    assert found.column("name") == ("model", "conv")
    assert found.column("start_ns") == (0, 20_000)
    assert found.column("duration_ns") == (200_000, 30_000)


def test_samples_have_no_place_in_time(made) -> None:
    sample = {"kind": "sample", "attributes": {"period_ns": 1000}}
    runs = [M, ([100] * 3, [("K", "jit", 5, 0, sample)])]
    assert timeline_table([made("M/K", *runs)]).column("level") == ("model",)


def test_profiles_come_one_after_the_other_and_those_without_iterations_not(made) -> None:
    profiles = [made("M", M, model="b"), made("M", ([], [])), made("M", M, model="a")]
    assert timeline_table(profiles).column("model") == ("b", "a")
    assert timeline_table([]).rows == ()


@pytest.mark.parametrize(
    ("name", "kind", "word"),
    [
        ("conv1", "Conv", "compute"),
        ("aten::linear", "", "compute"),
        ("x", "FusedMatMul", "compute"),
        ("x", "ReorderInput", "movement"),
        ("x", "Transpose", "movement"),
        ("copy", "", "movement"),
        ("conv1", "Relu", "element-wise"),
        ("x", "", "element-wise"),
    ],
)
def test_what_a_span_does_is_told_by_its_operator(made, name: str, kind: str, word: str) -> None:
    profile = made("M/L", *m_l([100] * 3, ("L", name, 0, 10, {"type": kind})))
    (node,) = profile.nodes(Level.LAYER)
    assert part(node) == word
    assert part(profile.model) is None
