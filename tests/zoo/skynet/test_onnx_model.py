from __future__ import annotations

import numpy as np
import onnxruntime
import pytest

torch = pytest.importorskip("torch")

from dlscope.core.errors import GraphError  # noqa: E402 - after the check for torch
from dlscope.graph.builder import serialize  # noqa: E402
from dlscope.zoo.skynet.folding import fold_bn  # noqa: E402
from dlscope.zoo.skynet.layout import Layout  # noqa: E402
from dlscope.zoo.skynet.network import build, state_of  # noqa: E402
from dlscope.zoo.skynet.onnx_model import LOWERINGS, onnx_model  # noqa: E402

SIZE = (48, 64)


def trained(variant="C", act="relu6", *, trunk=False):
    """A network whose statistics are not those it starts with."""
    torch.manual_seed(1)
    network = build(variant, act, 0.25, SIZE, trunk=trunk)
    with torch.no_grad():
        for _ in range(2):
            network(torch.randn(2, 3, *SIZE))
    return network.eval()


def both(network, lowering, act="relu6"):
    """The same two images through torch and through ONNX Runtime."""
    model = onnx_model(fold_bn(state_of(network)), network.layout, act=act, lowering=lowering)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        serialize(model), options, providers=["CPUExecutionProvider"]
    )
    images = torch.randn(2, 3, *SIZE)
    with torch.no_grad():
        expected = network(images).numpy()
    return expected, session.run(None, {"image": images.numpy()})[0]


@pytest.mark.parametrize("lowering", LOWERINGS)
def test_agrees_with_torch_whatever_the_lowering(lowering):
    expected, found = both(trained(), lowering)
    assert np.abs(expected).max() > 0.1
    assert np.abs(found - expected).max() <= 1e-4


@pytest.mark.parametrize(("variant", "act"), [("A", "relu6"), ("B", "relu")])
def test_agrees_with_torch_for_other_variants(variant, act):
    expected, found = both(trained(variant, act), "slices", act)
    assert np.abs(found - expected).max() <= 1e-4


def test_the_trunk_gives_features():
    expected, found = both(trained(trunk=True), "space_to_depth")
    assert np.abs(found - expected).max() <= 1e-4


def operators(lowering) -> set[str]:
    network = trained()
    model = onnx_model(fold_bn(state_of(network)), network.layout, lowering=lowering)
    return {node.op_type for node in model.graph.node}


def test_a_lowering_uses_the_operators_it_is_named_for():
    assert "SpaceToDepth" in operators("space_to_depth")
    assert "Slice" in operators("slices")
    assert operators("absorb").isdisjoint({"Slice", "SpaceToDepth", "Transpose"})


def test_refuses_to_absorb_where_nothing_is_behind_the_bypass():
    network = trained("A")
    with pytest.raises(GraphError, match="no bundle is behind the bypass"):
        onnx_model(fold_bn(state_of(network)), network.layout, lowering="absorb")


def test_refuses_weights_of_another_variant():
    with pytest.raises(GraphError, match="the weights have the widths"):
        onnx_model(fold_bn(state_of(trained("A"))), Layout("C", 0.25, SIZE))
