from __future__ import annotations

import numpy as np
import onnxruntime
import pytest
import torch

from dlscope.core.errors import GraphError
from dlscope.graph.builder import serialize
from dlscope.zoo.bundles.bundle import bundle_named
from dlscope.zoo.bundles.layout import StackedLayout
from dlscope.zoo.bundles.network import build
from dlscope.zoo.bundles.onnx_model import drawn, fold, onnx_model
from dlscope.zoo.skynet.network import state_of

SIZE = (16, 32)
LAYOUTS = {
    "bypass": StackedLayout(bundle_named("B09"), (8, 16, 24), (1, 2), bypass=True, size=SIZE),
    "bounded": StackedLayout(bundle_named("B13"), (8, 16), (2,), act="relu4", size=SIZE),
    "average": StackedLayout(bundle_named("B01"), (8, 8), (1, 2), pooling="average", size=SIZE),
}


def answer(layout, folded, image):
    session = onnxruntime.InferenceSession(
        serialize(onnx_model(layout, folded)), providers=["CPUExecutionProvider"]
    )
    return session.run(["head"], {"image": image})[0]


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
def test_the_model_computes_what_the_network_does(layout):
    network = build(layout, seed=0)
    generator = torch.Generator().manual_seed(1)
    network(torch.randn(4, 3, *SIZE, generator=generator))  # moves the statistics
    image = torch.randn(2, 3, *SIZE, generator=generator)
    with torch.no_grad():
        told = network.eval()(image).numpy()
    found = answer(layout, fold(layout, state_of(network)), image.numpy())
    assert np.abs(found - told).max() < 1e-4


def test_drawn_weights_make_a_model_without_torch():
    layout = LAYOUTS["bypass"]
    head = answer(layout, drawn(layout), np.ones((1, 3, *SIZE), np.float32))
    assert head.shape == (1, 10, 4, 8)
    assert np.isfinite(head).all()


def test_refuses_weights_of_another_network():
    layout = LAYOUTS["average"]
    state = state_of(build(layout, seed=0))
    wrong = {**state, "bundles.1.convolutions.0.weight": np.zeros((8, 4, 3, 3), np.float32)}
    with pytest.raises(GraphError) as refused:
        fold(layout, wrong)
    assert str(refused.value) == (
        "GraphError: array 'bundles.1.convolutions.0.weight' has the shape (8, 4, 3, 3); "
        "the network wants (8, 8, 3, 3)\n"
        "  where  stacked bundles, weights\n"
        "  fix    give all arrays of this network, statistics of its normalisations included"
    )
    del wrong["bundles.1.convolutions.0.weight"]
    with pytest.raises(GraphError, match="is not there"):
        fold(layout, wrong)
