from __future__ import annotations

import pytest

from dlscope.core import registry
from dlscope.core.trace import Level
from dlscope.methods.profiling.analyses.memory_timeline import result_bytes, timeline
from dlscope.methods.profiling.node import Node
from dlscope.methods.profiling.profile import Profile
from dlscope.testing.profiles import layered_run

US = [10, 10, 10]


def layers(*names: str):
    return dict.fromkeys(names, ("Conv", US))


def sizes(**bytes_of: int):
    return {name: {"output_bytes": size} for name, size in bytes_of.items()}


def graph(**inputs: str):
    """What a Run tells of a graph whose layers read those named, divided by spaces."""
    return {
        name: {
            "flops": 1.0,
            "read_bytes": 1.0,
            "write_bytes": 1.0,
            "inputs": dict.fromkeys(makers.split(), 1.0),
        }
        for name, makers in inputs.items()
    }


def memory(run):
    return registry.load("analyses", "a20")().of_profiles([Profile(run)])


def test_a_result_is_held_until_its_last_reader() -> None:
    """A shortcut: `add` reads what `a` made before `b` and `c`."""
    run = layered_run(
        layers("a", "b", "c", "add"),
        attributes=sizes(a=100, b=10, c=20, add=5),
        work=graph(a="", b="a", c="b", add="a c"),
    )
    rows = list(memory(run))
    assert [row["live_bytes"] for row in rows] == [100, 110, 130, 125]
    assert [row["highest_bytes"] for row in rows] == [100, 110, 130, 130]
    assert [row["peak"] for row in rows] == [False, False, True, False]
    assert rows[2]["held"] == "a, c, b"
    assert {row["source"] for row in rows} == {"graph"}


def test_names_the_layer_at_the_peak() -> None:
    run = layered_run(layers("a", "b"), attributes=sizes(a=2**20, b=2**20), work=graph(a="", b="a"))
    (finding,) = registry.load("analyses", "a20")().findings(memory(run))
    assert finding.claim == "resnet18 on torch, batch 1, holds the most memory in b: 2.00 MiB"
    assert finding.detail == "results of a, b"
    assert finding.rows == (1,)


def test_a_result_of_the_model_is_held_to_the_end() -> None:
    run = layered_run(
        layers("a", "head", "b", "other"),
        attributes=sizes(a=1, head=2, b=4, other=8),
        work=graph(a="", head="a", b="a", other="b"),
    )
    assert [row["live_bytes"] for row in memory(run)] == [1, 3, 7, 14]


def test_a_fused_layer_is_read_by_who_reads_any_of_its_parts() -> None:
    fused = {"original_layers": "conv,relu", "output_bytes": 8}
    run = layered_run(
        layers("conv", "x", "y"),
        attributes={"conv": fused, **sizes(x=1, y=1)},
        work=graph(conv="", relu="conv", x="relu", y="relu x"),
    )
    assert [row["live_bytes"] for row in memory(run)] == [8, 9, 10]


def test_what_the_framework_made_for_itself_serves_the_next_layer() -> None:
    run = layered_run(
        layers("reorder", "a", "b"),
        attributes=sizes(reorder=64, a=1, b=1),
        work=graph(a="", b="a"),
    )
    assert [row["live_bytes"] for row in memory(run)] == [64, 65, 2]


def test_without_the_graph_the_allocator_tells() -> None:
    told = {
        "a": {"allocator_in_use_bytes": 7},
        "b": {"allocator_in_use_bytes": 3, "peak_allocated_bytes": 9},
        "c": {"allocator_in_use_bytes": 2},
    }
    table = memory(layered_run(layers("a", "b", "c"), attributes=told))
    rows = list(table)
    assert [row["live_bytes"] for row in rows] == [7, 9, 2]
    assert [row["highest_bytes"] for row in rows] == [7, 9, 9]
    assert {row["source"] for row in rows} == {"allocator"}
    (finding,) = registry.load("analyses", "a20")().findings(table)
    assert finding.detail == "as its allocator tells"


def test_without_either_there_is_no_row_but_a_reason() -> None:
    run = layered_run(layers("a", "b"), attributes={"a": {"allocator_in_use_bytes": 7}})
    table = memory(run)
    assert timeline(Profile(run)) == ()
    assert len(table) == 0
    assert table.note.endswith("; neither the graph nor an allocator tells what is held")


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ({"allocated_bytes": 5, "output_bytes": 6}, 5),
        ({"output_shape": "1x3x2", "output_dtype": "float32"}, 24),
        ({"output_shape": "1x3x2", "output_dtype": "bfloat16x"}, None),
        ({"output_shape": "1x?x2", "output_dtype": "float32"}, None),
        ({"output_shape": "1x3"}, None),
        ({}, None),
    ],
)
def test_bytes_of_results_follow_from_what_is_told(attributes, expected) -> None:
    node = Node(Level.LAYER, 0, "a", "Conv", None, attributes)
    assert result_bytes(node) == expected
