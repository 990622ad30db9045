from __future__ import annotations

import json

import pytest

from dlscope.methods.profiling.analyses.layers import allocated_bytes
from dlscope.methods.profiling.profile import CEILINGS, WORK

CEILING = json.dumps({"flops_per_s": 4e12, "bytes_per_s": 4e11, "source": "by hand"})
CONV = {
    "type": "Conv",
    "attributes": {
        "output_shape": "[1,8,6,6]",
        "output_bytes": 1152,
        "peak_allocated_bytes": 4096.0,
        "allocator_name": "arena",
    },
}


def m_l(*parts, latencies=(100, 100, 100)):
    return [(latencies, []), ([120] * len(latencies), parts)]


def test_everything_known_of_a_layer(made, table, text) -> None:
    parts = [
        ("L", "conv", 0, 60, CONV),
        ("L", "_feed", 60, 5),
        ("L", "relu", 70, 20, {"type": "Relu"}),
    ]
    columns = ("index", "name", "type", "shape", "duration_us", "share_pct", "cumulative_pct")
    found = table("a2", made("M/L", *m_l(*parts)))
    assert (
        text(found, *columns)
        == """
index  name  type  shape      duration_us  share_pct  cumulative_pct
0      conv  Conv  [1,8,6,6]  60           60         60
2      relu  Relu  –          20           20         80
"""
    )
    first, second = found
    assert (first["allocated_bytes"], first["peak_allocated_bytes"]) == (1152, 4096)
    assert first["allocator_name"] == "arena"
    assert first["host_temp"] is first["host_persistent"] is first["activation_bytes"] is None
    assert second["allocated_bytes"] is None


def test_weights_are_lasting_memory_and_activations_are_what_is_read(made, table) -> None:
    told = {"output_bytes": 8, "parameter_bytes": 1792, "activation_bytes": 1728}
    told["allocator_in_use_bytes"] = 2368
    parts = [("L", "conv", 0, 60, {"attributes": told})]
    (found,) = table("a2", made("M/L", *m_l(*parts)))
    assert (found["allocated_bytes"], found["host_persistent"]) == (8, 1792)
    assert (found["activation_bytes"], found["allocator_in_use_bytes"]) == (1728, 2368)
    assert found["peak_allocated_bytes"] is None


@pytest.mark.parametrize("name", ["a2", "a3", "a4", "a14"])
def test_layers_that_a_framework_made_for_itself_are_left_out(made, table, name: str) -> None:
    parts = [("L", "_source", 0, 10), ("L", "conv_", 10, 10), ("L", "_sink", 20, 10)]
    assert table(name, made("M/L", *m_l(*parts))).column("name") == ("conv_",)


def test_the_first_layer_is_kept(made, table) -> None:
    parts = [("L", "data", 0, 10), ("L", "conv", 10, 10)]
    assert table("a3", made("M/L", *m_l(*parts))).column("index") == (0, 1)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ({"allocated_bytes": 1, "output_bytes": 2, "output_size": 3}, 1),
        ({"output_bytes": 2, "output_size": 3}, 2),
        ({"output_size": 3.0}, 3),
        ({"allocated_bytes": 0}, 0),
        ({}, None),
    ],
)
def test_memory_is_what_was_allocated_or_else_the_results(
    made, table, told: dict[str, int], found: int | None
) -> None:
    profile = made("M/L", *m_l(("L", "conv", 0, 10, {"attributes": told})))
    (layer,) = profile.nodes(profile.levels[1])
    assert allocated_bytes(layer) == found
    (row,) = table("a4", profile)
    assert row["allocated_mib"] == (None if found is None else found / 2**20)


def test_latency_has_quartiles_and_an_interval(made, table) -> None:
    part = ("L", "conv", 0, [10, 20, 30, 40, 50])
    (row,) = table("a3", made("M/L", *m_l(part, latencies=[100] * 5)))
    assert (row["p25_us"], row["duration_us"], row["p75_us"]) == (20.0, 30.0, 40.0)
    assert row["duration_lo_us"] <= 30.0 <= row["duration_hi_us"]


def test_one_iteration_has_quartiles_and_no_interval(made, table) -> None:
    (row,) = table("a3", made("M/L", *m_l(("L", "conv", 0, 10), latencies=[100])))
    assert (row["p25_us"], row["duration_us"], row["p75_us"]) == (10.0, 10.0, 10.0)
    assert row["duration_lo_us"] is row["duration_hi_us"] is None


def test_a_layer_that_one_iteration_lacks_moves_no_other(made, table) -> None:
    parts = [
        ("L", "maybe", 0, [10, None, 10]),
        ("L", "conv", 20, [30, 31, 32]),
        ("L", "relu", 60, 5),
    ]
    found = table("a3", made("M/L", *m_l(*parts)))
    assert found.column("name") == ("maybe", "conv", "relu")
    assert found.column("duration_us") == (10.0, 31.0, 5.0)


def test_a_layer_that_only_a_deeper_run_saw_has_no_latency(made, table) -> None:
    late = ("L", "conv", 0, 40)
    profile = made("M/L/K", ([100], []), ([100], []), ([100], [late, ("K", "gemm", 1, 20)]))
    (row,) = table("a2", profile)
    assert row["duration_us"] is row["share_pct"] is None
    assert table("a3", profile).column("p25_us") == (None,)


def test_the_roofline_takes_work_from_shapes_where_nothing_counted(made, table) -> None:
    work = {"flops": 4e5, "read_bytes": 1e4, "write_bytes": 1e4, "inputs": {}}
    artifacts = {WORK: json.dumps({"conv": work}), CEILINGS: CEILING}
    parts = [("L", "conv", 0, 50), ("L", "odd", 60, 10)]
    first, second = table("a14", made("M/L", *m_l(*parts), artifacts=artifacts))
    assert (first["intensity"], first["gflops"], first["source"]) == (20.0, 8.0, "analytic")
    assert first["memory_bound"] is False
    assert first["efficiency"] == pytest.approx(8.0 / 4000)
    assert second["duration_us"] == 10.0
    assert second["flops"] is second["intensity"] is second["memory_bound"] is None
    assert second["source"] is None


def test_the_roofline_is_of_the_kernels_where_they_were_counted(made, table) -> None:
    counted = {"attributes": {"flops": 4e4, "dram_read_bytes": 100, "dram_write_bytes": 100}}
    layer = ("L", "conv", 0, 50)
    deep = [layer, ("K", "gemm", 0, 20, counted), ("K", "gemm", 20, 20, counted)]
    runs = [([100] * 3, []), ([100] * 3, [layer]), ([120] * 3, deep)]
    (row,) = table("a14", made("M/L/K", *runs))
    assert (row["duration_us"], row["flops"], row["gflops"]) == (40.0, 8e4, 2.0)
    assert row["source"] == "measured"
