from __future__ import annotations

import numpy as np
import pytest
from brick_models import SHAPE, few, graph_of, models
from hypothesis import given
from hypothesis import strategies as st

from dlscope.graph.brick import Brick, BrickLayer, BrickTensor
from dlscope.graph.builder import GraphBuilder
from dlscope.methods.bricks.buffers import (
    ALIGNMENT_BYTES,
    Lifetime,
    Placed,
    best_fit,
    place,
    scratch,
    scratch_bytes,
)
from dlscope.methods.bricks.composed_model import ComposedModel, Step
from dlscope.methods.bricks.cutting import cut_models

LIVES = st.dictionaries(
    st.integers(0, 20),
    st.tuples(st.integers(1, 3000), st.integers(0, 9), st.integers(0, 5)),
    max_size=12,
).map(
    lambda told: {
        name: Lifetime(size, first, first + more) for name, (size, first, more) in told.items()
    }
)


def cut(graph, granularity, partition="standard"):
    suite = cut_models(
        [("m", graph)], granularity, cut="authored", runtime="none", partition=partition
    )
    return suite, suite.models[0]


def size_bytes(suite, model) -> dict[int, int]:
    """The bytes of every memory that a brick makes."""
    found: dict[int, int] = {}
    for step in model.steps:
        if step.brick is not None:
            brick = suite.bricks[step.brick]
            for number, made in zip(step.outputs, brick.outputs, strict=True):
                found[number] = brick.tensors[made].size_bytes
    return found


def followed(model, placed: Placed, sizes: dict[int, int]) -> None:
    """Execute the steps on a region in which each byte knows whose it is."""
    region = np.full(placed.size_bytes, -1)

    def held(number: int) -> np.ndarray:
        offset = placed.offsets[number]
        return region[offset : offset + sizes[number]]

    for index, step in enumerate(model.steps):
        for number in step.inputs:
            if number in placed.offsets:
                assert np.all(held(number) == number), (index, number)
        pairs = placed.in_place.get(index, {})
        for position, number in enumerate(step.outputs):
            if number not in placed.offsets:
                continue
            if position in pairs:
                assert np.all(held(number) == step.inputs[pairs[position]])
            else:  # neither what the step reads nor another of its results
                others = {*step.inputs, *step.outputs} - {number}
                assert others.isdisjoint(np.unique(held(number)).tolist()), (index, number)
            held(number)[:] = number
    for number in model.outputs:
        if number in placed.offsets:
            assert np.all(held(number) == number)


@given(LIVES)
def test_no_two_that_live_at_once_overlap(lives) -> None:
    offsets, size = best_fit(lives)
    assert set(offsets) == set(lives)
    for name, life in lives.items():
        assert offsets[name] % ALIGNMENT_BYTES == 0
        assert offsets[name] + life.size_bytes <= size
        for other, its in lives.items():
            if name < other and life.first <= its.last and its.first <= life.last:
                ends = offsets[name] + life.size_bytes, offsets[other] + its.size_bytes
                assert ends[0] <= offsets[other] or ends[1] <= offsets[name]


def test_the_smallest_hole_that_is_large_enough_is_taken() -> None:
    lives = {
        0: Lifetime(1024, 0, 1),
        1: Lifetime(256, 0, 9),
        2: Lifetime(512, 0, 1),
        3: Lifetime(256, 0, 9),
        4: Lifetime(512, 2, 3),
    }
    offsets, size = best_fit(lives)
    assert offsets[4] == offsets[2]
    assert size == 2048


def test_nothing_needs_nothing() -> None:
    assert best_fit({}) == ({}, 0)


@few
@given(models(), st.integers(1, 8), st.booleans())
def test_what_a_step_reads_is_still_there(model, granularity, in_place) -> None:
    suite, composed = cut(graph_of(model), granularity)
    placed = place(composed, suite.bricks, in_place=in_place)
    followed(composed, placed, size_bytes(suite, composed))
    assert in_place or not placed.in_place


@few
@given(models(), st.integers(1, 8))
def test_windows_leave_what_others_read(model, granularity) -> None:
    suite, composed = cut(graph_of(model), granularity, "overlapping")
    placed = place(composed, suite.bricks, in_place=False)
    followed(composed, placed, size_bytes(suite, composed))


@few
@given(models(), st.integers(1, 8))
def test_what_is_fed_has_no_place_in_the_region(model, granularity) -> None:
    suite, composed = cut(graph_of(model), granularity)
    placed = place(composed, suite.bricks)
    assert not set(composed.inputs) & set(placed.offsets)
    for index, pairs in placed.in_place.items():
        overwritten = {composed.steps[index].inputs[position] for position in pairs.values()}
        assert overwritten.isdisjoint(composed.inputs)


def network(*nodes: tuple[str, list[str], str], outputs: tuple[str, ...] = ("y",)):
    graph = GraphBuilder("g")
    graph.input("x", "float32", SHAPE)
    for operator, inputs, output in nodes:
        graph.node(operator, inputs, output=output)
    for output in outputs:
        graph.output(output, "float32", SHAPE)
    return graph_of(graph.finish())


def pairs_of(graph, granularity: int = 1):
    suite, model = cut(graph, granularity)
    return place(model, suite.bricks).in_place


def test_an_elementwise_layer_overwrites_what_dies() -> None:
    graph = network(("Relu", ["x"], "a"), ("Sigmoid", ["a"], "b"), ("Relu", ["b"], "y"))
    assert pairs_of(graph) == {1: {0: 0}, 2: {0: 0}}


def test_an_input_is_never_overwritten() -> None:
    assert pairs_of(network(("Relu", ["x"], "y"))) == {}


def test_what_is_read_later_is_not_overwritten() -> None:
    nodes = ("Relu", ["x"], "a"), ("Sigmoid", ["a"], "b"), ("Add", ["a", "b"], "y")
    # The sum is the last reader of both, and takes the place of the first.
    assert pairs_of(network(*nodes)) == {2: {0: 0}}


def test_what_the_model_returns_is_not_overwritten() -> None:
    nodes = ("Relu", ["x"], "a"), ("Sigmoid", ["a"], "y")
    assert pairs_of(network(*nodes, outputs=("a", "y"))) == {}


def test_a_layer_that_may_be_executed_later_keeps_what_it_reads() -> None:
    nodes = (
        ("Relu", ["x"], "a"),
        ("MatMul", ["a", "x"], "b"),  # keeps a apart from the rest
        ("Sigmoid", ["a"], "c"),
        ("Tanh", ["a"], "d"),
    )
    suite, model = cut(network(*nodes, outputs=("b", "c", "d")), 2)
    labels = [suite.bricks[step.brick].label for step in model.steps]
    assert labels == ["Relu + MatMul", "Sigmoid + Tanh"]
    assert place(model, suite.bricks).in_place == {}


def test_memory_is_read_under_all_of_its_names() -> None:
    nodes = (
        ("Relu", ["x"], "a"),
        ("Identity", ["a"], "same"),
        ("Sigmoid", ["a"], "s"),
        ("MatMul", ["s", "same"], "y"),
    )
    suite, model = cut(network(*nodes, outputs=("s", "y")), 2)
    assert suite.bricks[model.steps[1].brick].label == "Sigmoid + MatMul"
    assert len(set(model.steps[1].inputs)) == 1
    assert place(model, suite.bricks).in_place == {}


def convolution(sum_place: int) -> tuple[Brick, ComposedModel]:
    """A convolution of ONNX Runtime that adds an input, fed by two ReLUs, or by one twice."""
    plain = BrickTensor("float32", SHAPE, "input")
    relu = Brick(
        (plain, BrickTensor("float32", SHAPE, "activation")),
        (BrickLayer("", "Relu", 17, {}, (0,), (1,)),),
        (1,),
    )
    fused = Brick(
        (plain, BrickTensor("float32", (4, 4, 1, 1), "const"), plain, relu.tensors[1]),
        (BrickLayer("com.microsoft", "FusedConv", 1, {}, (0, 1, None, 2), (3,)),),
        (3,),
    )
    steps = (
        Step("r", 0, (0,), (1,)),
        Step("r", 0, (0,), (2,)),
        Step("f", 0, (1, sum_place), (3,)),
    )
    model = ComposedModel("m", "", 1, 3, "w", {"r": 2, "f": 1}, 0, {}, steps, (0,), (3,))
    return {"r": relu, "f": fused}, model


def test_a_convolution_overwrites_what_it_adds() -> None:
    bricks, model = convolution(2)
    assert place(model, bricks).in_place == {2: {0: 1}}


def test_a_convolution_does_not_overwrite_what_it_convolves() -> None:
    bricks, model = convolution(1)
    assert place(model, bricks).in_place == {}


def test_integers_have_no_place_in_the_region() -> None:
    graph = GraphBuilder("g")
    x = graph.input("x", "int64", (3,))
    y = graph.node("Add", [graph.node("Mul", [x, x]), x], output="y")
    graph.output(y, "int64", (3,))
    suite, model = cut(graph_of(graph.finish()), 1)
    assert place(model, suite.bricks) == Placed({}, 0)


@pytest.mark.parametrize("turn", [0, 1, 2])
def test_scratch_areas_change_places(turn: int) -> None:
    tensors = (BrickTensor("float32", (65,), "input"), BrickTensor("float32", (3,), "activation"))
    brick = Brick(tensors, (BrickLayer("", "Relu", 17, {}, (0,), (1,)),), (1,))
    step, placed = scratch(brick, turn, 512)
    assert (step.inputs, step.outputs) == ((0,), (1,))
    assert placed.offsets == {0: turn % 2 * 512, 1: (turn + 1) % 2 * 512}
    assert placed.size_bytes == 1024
    assert scratch_bytes(brick) == 512
