"""Judges of networks that know the answer, and a search of three bundles that takes a moment."""

from __future__ import annotations

import numpy as np

from dlscope.methods.codesign.bottom_up.bundle_stage import BundleOptions
from dlscope.methods.codesign.bottom_up.features import FeatureOptions
from dlscope.methods.codesign.bottom_up.fitness import Fitness, Goal
from dlscope.methods.codesign.bottom_up.flow import BottomUpSettings, search_bottom_up
from dlscope.methods.codesign.bottom_up.position import SwarmSpace
from dlscope.methods.codesign.bottom_up.swarm import SwarmOptions
from dlscope.zoo.bundles.bundle import BUNDLES
from dlscope.zoo.bundles.onnx_model import drawn
from dlscope.zoo.bundles.skynet_stack import skynet_stack

SIZE = (16, 32)


def work_ms(network):
    """A millisecond for each million of multiply-accumulates."""
    return network.macs / 1e6


class WideIsBetter:
    """More parameters are better, longer training too; learns arrays of the right names."""

    def __init__(self, gain=1.0):
        self.gain, self.asked = gain, 0

    def accuracy(self, network, epochs, start_weights):
        self.asked += 1
        known = 0.001 * len(start_weights or ())
        better = 1 - 1 / np.log10(network.trainable + 10 * epochs)
        return self.gain * (better + known), weights_of(network)


def weights_of(network):
    """Arrays that a network of torch would have, normalisations that change nothing."""
    *layers, head = drawn(network)
    parts = len(network.bundle.components)
    found = {"head.weight": head.weight}
    for at, layer in enumerate(layers):
        index, part = divmod(at, parts)
        count = len(layer.weight)
        ones, zeros = np.ones(count, np.float32), np.zeros(count, np.float32)
        named = {"weight": ones, "bias": zeros, "running_mean": zeros, "running_var": ones}
        found[f"bundles.{index}.convolutions.{part}.weight"] = layer.weight
        found |= {f"bundles.{index}.norms.{part}.{name}": each for name, each in named.items()}
    return found


def searched(folder, judge, *, resume=False, asked=None, judges=None, told=None):
    """The result of `asked` in `folder`, by one judge or several."""
    return search_bottom_up(
        asked or settings(),
        judges or {"plain": judge},
        {"board": work_ms},
        lambda network: float(network.trainable),
        folder,
        described={},
        resume=resume,
        told=told or (lambda _step, _share: None),
    )


def settings(**changes):
    """A search of three bundles that takes a moment."""
    reference = skynet_stack("C", width_mult=0.25, size=SIZE)
    known = {
        "fitness": Fitness((Goal("board", 0.8, -10.0, "hinge"),)),
        "sketches": BundleOptions(1.2e6, epochs=1, most=2, size=SIZE),
        "space": SwarmSpace(5, 3, 128),
        "swarm": SwarmOptions(6, 3, 1, seed=0),
        "features": FeatureOptions(2),
        "resource": "parameters",
        "bundles": (BUNDLES[0], BUNDLES[8], BUNDLES[12]),
        "final_epochs": 4,
        "reference": reference,
    }
    return BottomUpSettings(**{**known, **changes})
