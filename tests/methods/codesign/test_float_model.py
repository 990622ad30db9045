from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from onnx.reference import ReferenceEvaluator

from dlscope.catalog.finder import find
from dlscope.methods.codesign.emission.calibration import inputs_of
from dlscope.methods.codesign.float_model import to_onnx
from dlscope.methods.codesign.random_network import random_network
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space


@pytest.mark.parametrize("activation", ["relu", "relu6"])
def test_the_model_says_what_the_layers_compute(activation) -> None:
    space = Space(find("space", "tiny_grey_4"))
    rng = np.random.default_rng(3)
    design = Design.of(space, *_residual(space))
    drawn = random_network(space, design, rng)
    layers = tuple(
        replace(layer, activation=activation if layer.activation else None)
        for layer in drawn.layers
    )
    network = replace(drawn, layers=layers)
    assert network.residuals
    images = rng.random((2, *space.input), np.float32)
    *_, expected = inputs_of(network, images)
    (found,) = ReferenceEvaluator(to_onnx(network)).run(["logits"], {"input": images})
    np.testing.assert_allclose(found, expected, atol=1e-4)


def _residual(space: Space) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """An inverted residual wherever there is one."""
    chosen = [
        next((m for m, _ in enumerate(block.operations) if block.is_residual(m)), 0)
        for block in space.blocks
    ]
    return tuple(chosen), (0,) * len(chosen)
