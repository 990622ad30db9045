from __future__ import annotations

import numpy as np

from dlscope.catalog.finder import find
from dlscope.methods.codesign.network_plan import NetworkPlan
from dlscope.methods.codesign.random_network import random_network
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space


def test_weights_spread_as_their_fan_in_asks() -> None:
    space = Space(find("space", "edd_imagenet"))
    design = Design.random(space, np.random.default_rng(0))
    network = random_network(space, design, np.random.default_rng(1))
    head = next(layer for layer in network.layers if layer.name == "head")
    assert abs(np.std(head.weights) / np.sqrt(2 / head.shape.fan_in) - 1) < 0.01


def test_the_network_is_that_of_the_plan_and_of_the_generator() -> None:
    space = Space(find("space", "tiny_grey_4"))
    design = Design.random(space, np.random.default_rng(0))
    one, other = (random_network(space, design, np.random.default_rng(7)) for _ in range(2))
    plan = NetworkPlan.of(space, design)
    assert [layer.name for layer in one.layers] == [layer.name for layer in plan.layers]
    assert one.residuals == plan.residuals
    assert all(
        np.array_equal(a.weights, b.weights) for a, b in zip(one.layers, other.layers, strict=True)
    )
