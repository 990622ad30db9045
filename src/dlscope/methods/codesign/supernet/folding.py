"""`folded`: a trained network as arrays, for whoever emits it."""

from __future__ import annotations

import copy

import numpy as np

from dlscope.methods.codesign.folded_network import FoldedLayer, FoldedNetwork
from dlscope.methods.codesign.supernet.layer import TrainedLayer
from dlscope.methods.codesign.supernet.network import DesignNetwork
from dlscope.methods.codesign.supernet.quantising import activation_levels, step_of

_WHOLE_BITS = 32


def folded(network: DesignNetwork) -> FoldedNetwork:
    """`network` with its normalisation folded; the network itself stays as it is."""
    whole = copy.deepcopy(network)
    whole.fold()
    layers = tuple(_folded(layer) for layer in whole.layers)
    return FoldedNetwork(network.plan.input, layers, network.plan.residuals)


def _folded(layer: TrainedLayer) -> FoldedLayer:
    plan = layer.plan
    return FoldedLayer(
        name=plan.name,
        shape=plan.shape,
        weights=layer.weight.detach().cpu().numpy().astype(np.float32),
        bias=layer.bias.detach().cpu().numpy().astype(np.float32),
        activation=plan.activation,
        precision=plan.precision,
        activation_scale=_step(layer),
    )


def _step(layer: TrainedLayer) -> float | None:
    """The step of what the layer reads; None where nothing is rounded, or nothing was read yet."""
    bits = layer.plan.precision.activation_bits
    if bits >= _WHOLE_BITS or not layer.range.largest:
        return None
    _, most = activation_levels(bits, signed=bool(layer.range.signed))
    return float(step_of(layer.range.largest, most))
