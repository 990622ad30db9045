from __future__ import annotations

import pytest

from dlscope.core import registry
from dlscope.core.trace import Level
from dlscope.methods.profiling.analyses.library import implementation, is_movement


def call(name: str, start: int, us: int, kind: str = "", tracer: str = "", **attributes):
    return ("B", name, start, us, {"type": kind, "tracer": tracer, "attributes": attributes})


LAYERS = [("L", "conv", 0, 60, {"type": "Conv"}), ("L", "relu", 70, 20, {"type": "Relu"})]
CALLS = [
    call("reorder", 2, 8, tracer="oneDNN", impl="simple:any"),
    call("convolution", 12, 40, tracer="oneDNN", impl="brgconv:avx512"),
    call("sgemm", 53, 5, tracer="MKL"),
]


def m_l_b(*calls, layers=LAYERS, seen=(200, 200, 200)):
    n = len(seen)
    shallow = [(*layer[:3], 1, *layer[4:]) for layer in layers]
    return [([100] * n, []), ([100] * n, shallow), (seen, [*layers, *calls])]


def test_all_is_told_within_the_run_that_sees_the_calls(made, table, text) -> None:
    found = table("a17", made("M/L/B", *m_l_b(*CALLS)))
    columns = ("layer_name", "layer_duration_us", "calls", "compute_us", "movement_us", "glue_us")
    assert (
        text(found, *columns, "movement_pct")
        == """
layer_name  layer_duration_us  calls  compute_us  movement_us  glue_us  movement_pct
conv        60                 3      45          8            7        4
relu        20                 0      0           0            20       0
"""
    )
    assert found.column("libraries") == ("MKL, oneDNN", None)
    assert found.column("implementations") == (
        "reorder simple:any; convolution brgconv:avx512; sgemm",
        None,
    )


@pytest.mark.parametrize(
    ("name", "kind", "moves"),
    [
        ("reorder", "", True),
        ("Concat", "", True),
        ("anything", "reorder", True),
        ("reorder", "convolution", False),
        ("convolution", "", False),
    ],
)
def test_what_only_moves_data_is_told_by_its_type(made, name: str, kind: str, moves: bool) -> None:
    profile = made("M/L/B", *m_l_b(call(name, 0, 5, kind)))
    (node,) = profile.nodes(Level.LIBRARY)
    assert is_movement(node) is moves
    assert implementation(node) == name


def test_a_call_within_a_call_belongs_to_it(made, table) -> None:
    calls = [call("gemm", 0, 40, "matmul"), call("reorder", 5, 10)]
    row, _ = table("a17", made("M/L/B", *m_l_b(*calls)))
    assert (row["calls"], row["compute_us"], row["movement_us"]) == (1, 40.0, 0.0)
    assert row["glue_us"] == 20.0


def test_moving_data_is_a_finding_where_it_can_be_noticed(made, table) -> None:
    analysis = registry.load("analyses", "a17")()
    found = table("a17", made("M/L/B", *m_l_b(*CALLS)), made("M/L/B", *m_l_b(*CALLS[1:])))
    (finding,) = analysis.findings(found)
    assert finding.claim == (
        "Moving data between layouts costs 0.008 ms of resnet18 on torch, batch 4"
    )
    assert finding.detail == "4.0 % of the model, in 1 layers"
    assert (finding.rows, finding.gain, finding.gain_unit) == ((0,), -8000.0, "ns")
    slow = made("M/L/B", *m_l_b(*CALLS, seen=(500, 500, 500)))
    assert analysis.findings(table("a17", slow)) == ()


def test_profiles_with_other_threads_are_findings_of_their_own(made, table) -> None:
    profiles = [made("M/L/B", *m_l_b(*CALLS), threads=threads) for threads in (1, 2)]
    findings = registry.load("analyses", "a17")().findings(table("a17", *profiles))
    assert [finding.rows for finding in findings] == [(0,), (2,)]
