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
from dlscope.zoo.bundles.onnx_model import drawn, fold, forms_of, onnx_model
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


@pytest.mark.parametrize("bundle", ["B09", "B10", "B11", "B05"])
def test_every_form_of_a_bypass_computes_the_same(bundle):
    layout = StackedLayout(bundle_named(bundle), (8, 16, 24), (1, 2), bypass=True, size=SIZE)
    folded = drawn(layout)
    image = np.random.default_rng(0).normal(size=(2, 3, *SIZE)).astype(np.float32)
    heads = []
    for form in forms_of(layout):
        model = serialize(onnx_model(layout, folded, form=form))
        session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
        heads.append(session.run(["head"], {"image": image})[0])
    assert len(heads) == (2 if bundle == "B05" else 3)
    assert all(np.abs(head - heads[0]).max() < 1e-5 for head in heads)


def test_refuses_a_form_that_the_network_has_not():
    layout = LAYOUTS["average"]
    with pytest.raises(GraphError) as refused:
        onnx_model(layout, drawn(layout), form="absorb")
    assert str(refused.value) == (
        "GraphError: the network cannot be written with its reorder as absorb\n"
        "  where  stacked bundles, B01\n"
        "  fix    use slices"
    )


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
