"""`random_network`: a design with weights drawn at random: its cost is right, not its answers."""

from __future__ import annotations

import math

import numpy as np

from dlscope.methods.codesign.folded_network import FoldedLayer, FoldedNetwork, weights_shape
from dlscope.methods.codesign.network_plan import NetworkPlan, PlannedLayer
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space

_BIAS_DEVIATION = 0.1


def random_network(space: Space, design: Design, rng: np.random.Generator) -> FoldedNetwork:
    """The network of `design`, its weights drawn with the deviation √(2 / fan in).

    Source: "Delving deep into rectifiers", He et al., 2015.
    """
    plan = NetworkPlan.of(space, design)
    layers = tuple(_drawn(layer, rng) for layer in plan.layers)
    return FoldedNetwork(plan.input, layers, plan.residuals)


def _drawn(layer: PlannedLayer, rng: np.random.Generator) -> FoldedLayer:
    deviation = math.sqrt(2 / layer.shape.fan_in)
    weights = rng.normal(0, deviation, weights_shape(layer.shape))
    bias = rng.normal(0, _BIAS_DEVIATION, layer.shape.channels_out)
    return FoldedLayer(
        name=layer.name,
        shape=layer.shape,
        weights=weights.astype(np.float32),
        bias=bias.astype(np.float32),
        activation=layer.activation,
        precision=layer.precision,
    )
