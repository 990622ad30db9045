"""`design_model`: the file that a design would run as, at one precision throughout."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import onnx

from dlscope.devices.precision import Precision
from dlscope.methods.codesign.emission.qdq import to_qdq
from dlscope.methods.codesign.emission.quantise import quantise
from dlscope.methods.codesign.float_model import to_onnx
from dlscope.methods.codesign.measuring.operations import DTYPES
from dlscope.methods.codesign.random_network import random_network
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space


def design_model(
    space: Space, design: Design, precision: Precision, *, seed: int = 0
) -> onnx.ModelProto:
    """The model of `design` with weights drawn from `seed`: in float32, or in integers of 8 bits.

    All layers have the same precision, stem and head as well.
    """
    rng = np.random.default_rng(seed)
    drawn = random_network(space, design, rng)
    layers = tuple(replace(layer, precision=precision) for layer in drawn.layers)
    network = replace(drawn, layers=layers)
    if DTYPES[precision] == "float32":
        return to_onnx(network)
    return to_qdq(quantise(network, rng.random((1, *space.input))))
