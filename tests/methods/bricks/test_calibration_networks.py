from __future__ import annotations

import pytest

from dlscope.graph.builder import check
from dlscope.methods.bricks.calibration_networks import calibration_networks

NETWORKS = calibration_networks()


def test_they_have_what_models_are_made_of() -> None:
    assert list(NETWORKS) == ["chain", "separable", "branches", "dense", "shuffled", "attention"]
    operators = {node.op_type for model in NETWORKS.values() for node in model.graph.node}
    assert {"Conv", "Add", "Concat", "MaxPool", "Transpose", "MatMul", "Softmax"} <= operators
    groups = {
        attribute.i
        for node in NETWORKS["separable"].graph.node
        for attribute in node.attribute
        if attribute.name == "group"
    }
    assert groups == {1, 64}


@pytest.mark.parametrize("name", NETWORKS)
def test_each_is_a_valid_model_of_short_layers(name: str) -> None:
    model = NETWORKS[name]
    check(model, where=name)
    assert len(model.graph.node) >= 20
    assert model.ByteSize() < 4 << 20


def test_they_are_the_same_each_time() -> None:
    again = calibration_networks()
    for name, model in NETWORKS.items():
        assert again[name].SerializeToString(deterministic=True) == model.SerializeToString(
            deterministic=True
        )
