from __future__ import annotations

import json

import pytest

from dlscope.methods.profiling.layer_summary import (
    columns_of,
    layer_summary,
    slowest,
    with_calls,
)
from dlscope.methods.profiling.profile import CEILINGS, WORK

ARTIFACTS = {
    CEILINGS: json.dumps({"flops_per_s": 1e11, "bytes_per_s": 1e10}),
    WORK: json.dumps(
        {
            "conv": {"flops": 4e6, "read_bytes": 1e5, "write_bytes": 1e5, "inputs": {}},
            "relu": {"flops": 1e4, "read_bytes": 1e5, "write_bytes": 1e5, "inputs": {}},
        }
    ),
}
LAYERS = [
    ("L", "relu", 0, 100, {"type": "Relu"}),
    ("L", "conv", 200, 400, {"type": "Conv", "attributes": {"output_shape": "[1,8]"}}),
]
CALLS = [("B", "convolution", 200, 100), ("B", "reorder", 320, 60)]


def runs(layers=LAYERS, calls=CALLS):
    deep = [(*layer[:3], layer[3], *layer[4:]) for layer in layers]
    return [([1000] * 3, []), ([1000] * 3, layers), ([1000] * 3, [*deep, *calls])]


@pytest.fixture
def summary(table):
    """The summary of profiles, from the tables that it needs."""

    def of(*profiles):
        return layer_summary({name: table(name, *profiles) for name in ("a2", "a3", "a14", "a17")})

    return of


def test_layers_are_joined_the_slowest_first(made, summary, text) -> None:
    found = summary(made("M/L/B", *runs(), artifacts=ARTIFACTS))
    columns = ("index", "layer", "type", "output", "latency_us", "share", "cumulative")
    assert (
        text(found, *columns, "gflops", "intensity", "of_attainable", "bound")
        == """
index  layer  type  output  latency_us  share  cumulative  gflops  intensity  of_attainable  bound
1      conv   Conv  [1,8]   400         0.4    0.4         10      20         0.1            compute
0      relu   Relu  –       100         0.1    0.5         0.1     0.05       0.2            memory
"""
    )
    assert found.column("latency_lo_us") == (400.0, 100.0)


def test_what_libraries_do_of_a_layer_is_told_in_shares(made, summary, text) -> None:
    found = summary(made("M/L/B", *runs()))
    assert (
        text(found, "layer", "compute", "movement", "glue")
        == """
layer  compute  movement  glue
conv   0.25     0.15      0.6
relu   0        0         1
"""
    )


def test_without_library_calls_and_work_there_is_nothing_of_either(made, summary) -> None:
    found = summary(made("M/L", *runs()[:2]))
    assert len(found) == 2
    for name in ("compute", "movement", "glue", "gflops", "of_attainable", "bound", "intensity"):
        assert found.column(name) == (None, None)
    assert columns_of(("layer", "compute", "bound"), found) == ("layer",)


def test_a_layer_without_a_latency_has_no_share_and_comes_last(made, summary) -> None:
    deep = [*LAYERS, ("L", "late", 700, 50)]
    found = summary(made("M/L/B", *runs()[:2], ([1000] * 3, deep)))
    assert found.column("layer") == ("conv", "relu", "late")
    assert found.column("latency_us") == (400.0, 100.0, None)
    assert found.column("share") == (0.4, 0.1, None)
    assert found.column("cumulative") == (0.4, 0.5, 0.5)


def test_profiles_are_told_apart_by_threads_and_batch(made, summary) -> None:
    fast = [(*layer[:3], layer[3] // 2, *layer[4:]) for layer in LAYERS]
    profiles = [
        made("M/L/B", *runs()),
        made("M/L/B", *runs(fast), threads=2),
        made("M/L/B", *runs(), plan={"batch_size": 8}),
    ]
    found = summary(*profiles)
    assert found.column("threads") == (1, 1, 2, 2, 1, 1)
    assert found.column("latency_us") == (400.0, 100.0, 200.0, 50.0, 400.0, 100.0)
    assert found.column("cumulative")[1::2] == (0.5, 0.25, 0.5)
    assert slowest(found, 1).column("latency_us") == (400.0, 200.0, 400.0)
    assert slowest(found, 9).rows == found.rows
    assert slowest(found, 0).rows == ()


def test_only_layers_in_which_a_library_was_called_are_shown(made, table) -> None:
    found = with_calls(table("a17", made("M/L/B", *runs())))
    assert found.column("layer_name") == ("conv",)
    assert found.note.startswith("all within the run M/L/B")


def test_no_layers_are_a_summary_too(made, summary) -> None:
    assert summary(made("M", ([100], []))).rows == ()
    assert summary().rows == ()
