from __future__ import annotations

import numpy as np
import pytest
from brick_models import SHAPE, chain_model, few, graph_of, models
from chained_segments import chained, whole
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import BackendError
from dlscope.graph.brick import Brick
from dlscope.graph.brick_model import brick_model, brick_skeleton
from dlscope.graph.builder import GraphBuilder
from dlscope.graph.segment import Segment
from dlscope.methods.bricks.buffers import ALIGNMENT_BYTES, Placed, scratch
from dlscope.methods.bricks.lent_weights import LentWeights
from dlscope.methods.bricks.sessions import (
    NULL,
    Memory,
    Sessions,
    null_sessions,
    region,
    whole_model,
)


@pytest.fixture(scope="module")
def sessions() -> Sessions:
    return Sessions(threads=1, is_shared_arena=False)


def relu() -> Brick:
    graph = graph_of(chain_model())
    return Brick.of(Segment(graph, graph.layers[1:2]))


@few
@given(models(), st.integers(1, 6))
def test_bricks_in_planned_memory_compute_what_the_model_does(model, granularity) -> None:
    graph = graph_of(model)
    inputs = [np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)]
    for found, expected in zip(
        chained(graph, granularity, inputs), whole(graph, inputs), strict=True
    ):
        np.testing.assert_array_equal(found.reshape(expected.shape), expected)


@pytest.mark.slow
@pytest.mark.parametrize("granularity", [1, 2, 4])
@pytest.mark.parametrize("name", ["squeezenet1_1", "mobilenet_v2", "shufflenet_v2", "lstm"])
def test_an_executed_network_in_planned_memory(name: str, granularity: int) -> None:
    from dlscope.backends.model_graph import graph_of as cut_graph

    graph = cut_graph(name, "executed").graph
    generator = np.random.default_rng(0)
    inputs = [
        generator.standard_normal(each.shape).astype(np.float32)
        if each.dtype == "float32"
        else np.ones(each.shape, each.dtype)
        for each in graph.inputs
    ]
    pairs = zip(chained(graph, granularity, inputs), whole(graph, inputs), strict=True)
    for found, expected in pairs:
        np.testing.assert_allclose(found.reshape(expected.shape), expected, rtol=1e-5, atol=1e-6)


def test_a_tensor_lies_where_the_plan_puts_it(sessions) -> None:
    brick = relu()
    step, placed = scratch(brick, 0, 1024)
    memory = region(placed.size_bytes)
    session, _ = sessions.open(brick_model(brick))
    bound = Memory(memory, placed).bind(session, brick, step)
    start = memory.ctypes.data
    assert [array.ctypes.data - start for array in bound.arrays] == [0, 1024]


def test_running_computes_on_what_lies_there(sessions) -> None:
    brick = relu()
    step, placed = scratch(brick, 0, 1024)
    session, _ = sessions.open(brick_model(brick))
    bound = Memory(region(placed.size_bytes), placed).bind(session, brick, step)
    bound.arrays[0][...] = np.linspace(-1, 1, 64, dtype=np.float32).reshape(SHAPE)
    bound.run()
    np.testing.assert_array_equal(bound.arrays[1], np.maximum(bound.arrays[0], 0))


def test_what_has_no_place_lies_beside_the_region(sessions) -> None:
    brick = relu()
    step, _ = scratch(brick, 0, 1024)
    memory = region(512)
    session, _ = sessions.open(brick_model(brick))
    bound = Memory(memory, Placed({}, 512)).bind(session, brick, step)
    assert not any(np.shares_memory(array, memory) for array in bound.arrays)


def test_two_bricks_share_what_lies_beside(sessions) -> None:
    brick = relu()
    step, _ = scratch(brick, 0, 1024)
    memory = Memory(region(512), Placed({}, 512))
    session, _ = sessions.open(brick_model(brick))
    first, second = (memory.bind(session, brick, step) for _ in range(2))
    assert all(np.shares_memory(*pair) for pair in zip(first.arrays, second.arrays, strict=True))


def test_lent_weights_are_copied_into_the_session(sessions) -> None:
    graph = GraphBuilder("product")
    x = graph.input("x", "float32", (1, 300))
    weights = graph.constant("w", np.zeros((300, 200), np.float32))
    graph.output(graph.node("MatMul", [x, weights], output="y"), "float32", (1, 200))
    read = graph_of(graph.finish())
    model, shapes = brick_skeleton(Brick.of(Segment(read, read.layers)))
    lent = LentWeights().of(shapes)
    (values,) = (each.copy() for each in lent.values())
    session, _ = sessions.open(model, lent)
    for each in lent.values():
        each[...] = 0  # as the next brick's do
    row = np.random.default_rng(1).standard_normal((1, 300)).astype(np.float32)
    (found,) = session.run(["v2"], {"v0": row}, None)
    np.testing.assert_allclose(found, row @ values, rtol=1e-3, atol=1e-4)


@pytest.mark.parametrize("size_bytes", [1, 1000, 4096])
def test_a_region_is_aligned_and_ordinary(size_bytes: int) -> None:
    found = region(size_bytes)
    assert found.nbytes == size_bytes
    assert found.ctypes.data % ALIGNMENT_BYTES == 0
    numbers = found[: size_bytes // 4 * 4].view(np.float32)
    assert np.all(np.abs(numbers) < 10)


def test_nulls_pass_one_element_on(sessions) -> None:
    first, second = null_sessions(sessions, 2)
    assert first.session is not second.session
    first.arrays[0][...] = 3
    first.run()
    assert first.arrays[1] == 3
    assert NULL.label == "Identity"


def test_a_whole_model_keeps_its_outputs_in_place(sessions) -> None:
    bound, opened_ns = whole_model(sessions, chain_model())
    assert opened_ns > 0
    x, y = bound.arrays
    bound.run()
    before = y.copy()
    x[...] = 0
    bound.run()
    assert not np.array_equal(before, y)


def test_a_whole_model_from_a_file_is_the_same(sessions, files) -> None:
    from_file, _ = whole_model(sessions, str(files["chain"]))
    from_memory, _ = whole_model(sessions, chain_model())
    np.testing.assert_array_equal(from_file.arrays[1], from_memory.arrays[1])


def test_integers_are_fed_as_ones(sessions) -> None:
    graph = GraphBuilder("integers")
    x = graph.input("x", "int64", (3,))
    graph.output(graph.node("Add", [x, x], output="y"), "int64", (3,))
    bound, _ = whole_model(sessions, graph.finish())
    assert bound.arrays[1].tolist() == [2, 2, 2]


def test_what_onnxruntime_refuses_is_a_stated_error(sessions) -> None:
    model = chain_model()
    model.graph.node[0].op_type = "Convolution"
    with pytest.raises(BackendError) as refused:
        sessions.open(model)
    assert refused.value.what.startswith("ONNX Runtime refuses it: ")
    assert "Convolution" in refused.value.what
    assert "\n" not in refused.value.what
    assert refused.value.where == "brick"
    assert refused.value.fix == (
        "generate the suite with the version of ONNX Runtime that is installed here"
    )


def test_what_fails_when_it_runs_is_a_stated_error(sessions) -> None:
    graph = GraphBuilder("out_of_range")
    x = graph.input("x", "float32", (2, 3))
    index = graph.constant("index", np.array([7], np.int64))
    graph.output(graph.node("Gather", [x, index], output="y"), "float32", (1, 3))
    with pytest.raises(BackendError) as refused:
        whole_model(sessions, graph.finish())
    assert refused.value.what.startswith("ONNX Runtime cannot run it: ")
    assert refused.value.where == "out_of_range"
