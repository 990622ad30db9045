from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from dlscope.graph.builder import GraphBuilder
from dlscope.graph.ir import Graph
from dlscope.graph.read import read_graph
from dlscope.methods.bounds.costed import Cost, Costed, CostedLayer, FusedGroup, view
from dlscope.methods.bounds.plain_ends import with_plain_ends

LAST = "channels_last"


def ways(plain_ns: int, last_ns: int) -> tuple[Cost, ...]:
    return Cost(plain_ns, "o"), Cost(last_ns, "o", layout_in=LAST, layout_out=LAST)


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    """Two channels, turned into six by a convolution, rectified, and enlarged to four times."""
    built = GraphBuilder("enlarged")
    x = built.input("x", "float32", (1, 2, 4, 4))
    wide = built.node("Conv", [x, built.constant("w", np.ones((6, 2, 1, 1), np.float32))])
    shown = built.node("Relu", [wide])
    scales = built.constant("s", np.array([1, 1, 2, 2], np.float32))
    large = built.node("Resize", [shown, "", scales], output="y")
    built.output(large, "float32", (1, 6, 8, 8))
    path = tmp_path / "enlarged.onnx"
    onnx.save(built.finish(), path)
    return read_graph(path)


def network(*costs: tuple[Cost, ...], groups: tuple[FusedGroup, ...] = ()) -> Costed:
    """A chain."""
    layers = tuple(CostedLayer(n, f"n{n}", "Op", each) for n, each in enumerate(costs))
    before = {n: (n - 1,) if n else () for n in range(len(layers))}
    return Costed("chain", layers, before, groups)


def taken_ns(found: Costed) -> list[list[int]]:
    return [[cost.cost_ns for cost in layer.costs] for layer in found.layers]


def test_the_first_and_the_last_layer_turn_what_the_graph_takes_and_gives(graph) -> None:
    found = with_plain_ends(network(*[ways(500, 100)] * 3), graph)
    # A quarter of what the convolution moves is the graph's, four fifths of what the resize does.
    assert taken_ns(found) == [[500, 200], [500, 100], [500, 420]]
    assert all(layer.best.is_in(LAST) for layer in found.layers)


def test_a_group_turns_at_its_own_ends(graph) -> None:
    inside = FusedGroup("head", (0, 1), ways(900, 100))
    found = with_plain_ends(network(*[ways(500, 100)] * 3, groups=(inside,)), graph)
    assert [cost.cost_ns for cost in found.groups[0].costs] == [900, 300]
    whole = FusedGroup("whole", (0, 1, 2), ways(900, 100))
    found = with_plain_ends(network(*[ways(500, 100)] * 3, groups=(whole,)), graph)
    assert [cost.cost_ns for cost in found.groups[0].costs] == [900, 900]


def test_what_is_faster_in_the_plain_layout_turns_nothing(graph) -> None:
    found = with_plain_ends(network(ways(500, 100), ways(500, 100), ways(90, 100)), graph)
    assert taken_ns(found)[2] == [90, 100]


def test_a_way_that_was_not_measured_plain_stays_as_it_is(graph) -> None:
    _, last = ways(500, 100)
    short = replace(last, dtype="bfloat16")
    found = with_plain_ends(network((last,), ways(500, 100), (*ways(500, 100), short)), graph)
    assert taken_ns(found) == [[100], [500, 100], [500, 420, 100]]


def test_a_view_takes_any_layout(graph) -> None:
    found = with_plain_ends(network((view(),), ways(500, 100), (view(),)), graph)
    assert taken_ns(found) == [[0], [500, 100], [0]]
