from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from brick_models import SHAPE, chain_model, few, fork_model, graph_of, models
from hand_made_times import exact_times
from hypothesis import given
from hypothesis import strategies as st
from leaks import leaks
from onnx import helper

from dlscope.core.errors import GraphError
from dlscope.graph.brick_model import brick_model
from dlscope.graph.builder import GraphBuilder
from dlscope.methods.bricks.anonymous import anonymous
from dlscope.methods.bricks.composition import compose
from dlscope.methods.bricks.cutting import cut_models
from dlscope.methods.bricks.protocol import Protocol
from dlscope.methods.bricks.sessions import Memory, Sessions, region
from dlscope.methods.bricks.suite import Suite
from dlscope.methods.bricks.walk import walks_of


def cut(model: onnx.ModelProto, granularity: int = 1, partition="standard", name="secret_name"):
    graphs = [(name, graph_of(model))]
    return cut_models(graphs, granularity, cut="authored", runtime="none", partition=partition)


def looping_model() -> onnx.ModelProto:
    """A loop whose body has names and weights of its own."""
    body = GraphBuilder("secret_body")
    body.input("secret_turn", "int64", ())
    body.input("secret_goes_on", "bool", ())
    held = body.input("secret_state", "float32", (4,))
    weight = body.constant("secret_inner", np.linspace(1, 2, 4, dtype=np.float32))
    condition = body.node("Identity", ["secret_goes_on"], output="secret_condition")
    body.output(condition, "bool", ())
    body.output(body.node("Mul", [held, weight], output="secret_next"), "float32", (4,))
    graph = GraphBuilder("secret_graph")
    x = graph.input("secret_x", "float32", (4,))
    turns = graph.constant("secret_turns", np.int64(3))
    inner = body.finish().graph
    y = graph.node("Loop", [turns, "", x], output="secret_y", body=inner)
    graph.output(y, "float32", (4,))
    return graph.finish()


@pytest.mark.parametrize("make", [chain_model, fork_model, looping_model])
@pytest.mark.parametrize("granularity", [1, 2, 9])
def test_no_name_and_no_weight_is_told(make, granularity: int, tmp_path: Path) -> None:
    model = make()
    model.doc_string = "secret words"
    found = anonymous(cut(model, granularity))
    found.save(tmp_path / "share.json")
    assert leaks(Suite.load(tmp_path / "share.json"), model) == []
    assert "secret" not in (tmp_path / "share.json").read_text()


def test_what_is_told_would_be_found() -> None:
    model = chain_model()
    (name,) = {each.name for each in model.graph.initializer[:1]}
    suite = cut(model, name=name)
    assert leaks(suite, model) == [name]
    weight = np.arange(1, 4, dtype=np.float32)
    graph = GraphBuilder("g")
    graph.constant("w", weight)
    held = graph.node("Add", [graph.input("x", "float32", (3,)), "w"])
    graph.output(held, "float32", (3,))
    spoiled = cut(chain_model())
    plain = next(iter(spoiled.bricks.values()))
    plain.layers[0].attributes["bias"] = weight.tolist()  # type: ignore[index]
    assert leaks(spoiled, graph.finish()) == ["the values of w"]


@few
@given(models(), st.integers(1, 6), st.sampled_from(["standard", "overlapping"]))
def test_an_anonymous_suite_composes_to_the_same(model, granularity, partition) -> None:
    suite = cut(model, granularity, partition)
    found = anonymous(suite)
    times = exact_times(suite)
    expected = compose(suite.models[0], suite.bricks, [times])
    composed = compose(found.models[0], found.bricks, [times])
    assert composed.composed_ns == pytest.approx(expected.composed_ns)
    assert composed.model.views == expected.model.views
    assert set(found.bricks) == set(suite.bricks)


@pytest.mark.parametrize("make", [chain_model, fork_model, looping_model])
def test_its_bricks_run(make) -> None:
    suite = anonymous(cut(make()))
    (walk,) = walks_of(suite, Protocol())
    memory = region(walk.region_bytes)
    sessions = Sessions(threads=1, is_shared_arena=False)
    for item in walk.items:
        brick = suite.bricks[item.brick]
        session, _ = sessions.open(brick_model(brick))
        Memory(memory, item.placed).bind(session, brick, item.step).run()


def test_models_are_numbered_and_have_no_task() -> None:
    joined = cut(chain_model(), name="a").with_models_of(cut(fork_model(), name="b"))
    found = anonymous(joined)
    assert [(model.name, model.task, model.whole) for model in found.models] == [
        ("model-1", "undisclosed", ""),
        ("model-2", "undisclosed", ""),
    ]
    assert found.is_anonymous
    assert not joined.is_anonymous


def test_order_says_nothing() -> None:
    chain, fork = cut(chain_model(), name="a"), cut(fork_model(), name="b")
    first, second = chain.with_models_of(fork), fork.with_models_of(chain)
    assert list(anonymous(first).bricks) == list(anonymous(second).bricks)


def test_decoys_stand_among_the_bricks_and_in_no_model() -> None:
    suite, decoy = cut(chain_model()), cut(fork_model())
    found = anonymous(suite, [decoy, decoy])
    assert set(found.bricks) == {*suite.bricks, *decoy.bricks}
    assert found.models == anonymous(suite).models


def test_refuses_decoys_that_are_cut_differently() -> None:
    with pytest.raises(GraphError) as refused:
        anonymous(cut(chain_model(), 1), [cut(fork_model(), 2)])
    assert refused.value.what == "the suites are cut differently: granularity 1 and 2"


def test_values_that_the_model_was_fed_are_left_out() -> None:
    graph = GraphBuilder("g")
    x = graph.input("x", "float32", (5, 3))
    index = graph.input("index", "int64", (2,))
    graph.output(graph.node("Gather", [x, index], output="y"), "float32", (2, 3))
    suite = cut(graph.finish())
    (brick,) = suite.bricks.values()
    tensors = [
        {**each, "sample": {"array": "int64", "shape": [2], "value": [4, 1]}}
        if each["dtype"] == "int64"
        else each
        for each in brick.to_json()["tensors"]
    ]
    fed = type(brick).from_json({**brick.to_json(), "tensors": tensors})
    assert fed.id == brick.id
    told = Suite("authored", 1, "none", {fed.id: fed}, suite.models)
    assert all(each.sample is None for each in anonymous(told).bricks[fed.id].tensors)


def test_refuses_what_only_a_model_that_has_learnt_can_say() -> None:
    node = helper.make_node(
        "Scaler", ["x"], ["y"], domain="ai.onnx.ml", offset=[0.1, 0.2], scale=[0.3, 0.4]
    )
    graph = helper.make_graph(
        [node],
        "g",
        [helper.make_tensor_value_info("x", 1, [1, 2])],
        [helper.make_tensor_value_info("y", 1, [1, 2])],
    )
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    suite = cut(helper.make_model(graph, opset_imports=opsets, ir_version=8))
    with pytest.raises(GraphError) as refused:
        anonymous(suite)
    (name,) = suite.bricks
    assert str(refused.value) == (
        "GraphError: the attributes of ai.onnx.ml::Scaler hold what the model has learnt\n"
        f"  where  brick {name}\n"
        "  fix    leave this model out, or share the suite with its name"
    )


def test_shapes_and_counts_remain() -> None:
    found = anonymous(cut(chain_model()))
    (model,) = found.models
    assert sorted(model.composition.values()) == [2, 2]
    assert any(each.shape == SHAPE for each in next(iter(found.bricks.values())).tensors)
