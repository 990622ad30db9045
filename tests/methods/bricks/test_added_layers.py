from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
from brick_models import SHAPE, chain_model, fork_model

from dlscope.graph.builder import GraphBuilder, check
from dlscope.methods.bricks.added_layers import with_identities
from dlscope.methods.bricks.calibration_networks import calibration_networks

NETWORKS = {"chain": chain_model(), "fork": fork_model(), **calibration_networks()}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_view_follows_every_layer_but_those_that_end_the_model(name: str) -> None:
    model = NETWORKS[name]
    longer, added = with_identities(model)
    check(longer, where=name)
    leaving = {value.name for value in model.graph.output}
    inner = [node for node in model.graph.node if leaving.isdisjoint(node.output)]
    assert added == len(inner)
    assert len(longer.graph.node) == len(model.graph.node) + added
    assert sum(node.op_type == "Identity" for node in longer.graph.node) >= added


def test_layers_take_what_the_views_give() -> None:
    longer, _ = with_identities(chain_model())
    made = [name for node in longer.graph.node for name in node.output]
    for before, after in zip(longer.graph.node[:-1:2], longer.graph.node[1::2], strict=False):
        assert after.op_type == "Identity"
        assert list(after.input) == list(before.output)
    for node in longer.graph.node:
        if node.op_type != "Identity":
            assert all(name.endswith("_again") or name not in made for name in node.input)


@pytest.mark.parametrize("name", ["chain", "fork", "attention"])
def test_the_answer_stays_the_same(name: str) -> None:
    model = NETWORKS[name]
    (value,) = model.graph.input
    shape = [axis.dim_value for axis in value.type.tensor_type.shape.dim]
    feeds = {value.name: np.random.default_rng(0).standard_normal(shape).astype(np.float32)}
    answers = []
    for each in (model, with_identities(model)[0]):
        session = onnxruntime.InferenceSession(
            each.SerializeToString(), providers=["CPUExecutionProvider"]
        )
        answers.append(session.run(None, feeds)[0])
    np.testing.assert_allclose(*answers, rtol=1e-5, atol=1e-6)


def test_the_model_itself_is_left_as_it_is() -> None:
    model = chain_model()
    before = model.SerializeToString(deterministic=True)
    with_identities(model)
    assert model.SerializeToString(deterministic=True) == before


def test_a_model_of_one_layer_has_no_room_for_a_view() -> None:
    graph = GraphBuilder("one")
    graph.output(graph.node("Relu", [graph.input("x", "float32", SHAPE)]), "float32", SHAPE)
    longer, added = with_identities(graph.finish())
    assert added == 0
    assert len(longer.graph.node) == 1
