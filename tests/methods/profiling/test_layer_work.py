from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from dlscope.graph import read_graph
from dlscope.graph.builder import GraphBuilder, serialize
from dlscope.methods.profiling.layer_work import LayerWork

# A convolution of 2 to 4 channels, 3 × 3 on 8 × 8 with 6 × 6 results, and what follows it.
CONV = 2 * 4 * 36 * 2 * 9
IMAGE, WEIGHTS, RESULT = 4 * 2 * 64, 4 * 4 * 2 * 9, 4 * 4 * 36


@pytest.fixture
def work(tmp_path: Path) -> LayerWork:
    graph = GraphBuilder("two branches")
    x = graph.input("x", "float32", ("N", 2, 8, 8))
    weight = graph.constant("weight", np.ones((4, 2, 3, 3), np.float32))
    conv = graph.node("Conv", [x, weight], output="conv")
    relu = graph.node("Relu", [conv], output="relu")
    left = graph.node("Sigmoid", [relu], output="left")
    right = graph.node("Tanh", [relu], output="right")
    graph.output(graph.node("Add", [left, right], output="sum"), "float32", ("N", 4, 6, 6))
    path = tmp_path / "graph.onnx"
    path.write_bytes(serialize(graph.finish()))
    found = LayerWork.of_graph(read_graph(path, {"N": 1}))
    return LayerWork.from_text(found.to_text())


def test_each_layer_of_the_graph_has_its_work(work: LayerWork) -> None:
    cost = work.costs([("conv", ""), ("relu", "")])["conv"]
    assert (cost.flops, cost.read_bytes, cost.write_bytes) == (CONV, IMAGE + WEIGHTS, RESULT)
    assert cost.source == "analytic"


def test_what_is_passed_on_within_a_fused_layer_is_no_traffic(work: LayerWork) -> None:
    executed = [("relu_nchwc", ""), ("left", ""), ("right", ""), ("sum", "")]
    cost = work.costs(executed)["relu_nchwc"]
    assert cost.flops == CONV + 4 * 36
    assert (cost.read_bytes, cost.write_bytes) == (IMAGE + WEIGHTS, RESULT)


def test_a_framework_may_tell_the_parts(work: LayerWork) -> None:
    executed = [("Multiply_17", "Multiply_17,relu"), ("Both", "left,right,sum")]
    costs = work.costs(executed)
    assert costs["Multiply_17"].flops == CONV + 4 * 36
    assert costs["Both"].read_bytes == 2 * RESULT
    assert costs["Both"].write_bytes == RESULT


def test_no_layer_is_counted_twice(work: LayerWork) -> None:
    parts = work.costs([(name, "") for name in ("conv", "relu", "left", "right", "sum")])
    fused = work.costs([("left", ""), ("right", ""), ("sum", "")])
    assert sum(cost.flops or 0 for cost in fused.values()) == sum(
        cost.flops or 0 for cost in parts.values()
    )


def test_what_is_not_in_the_graph_has_no_work(work: LayerWork) -> None:
    assert work.costs([("reorder_1", ""), ("x_nchwc", "")]) == {}
