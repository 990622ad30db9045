"""Pools, reductions and normalisations: operators that bring elements together."""

from __future__ import annotations

import math
from collections.abc import Mapping

from dlscope.graph.ir import Layer
from dlscope.graph.work.quantity import Rule, Work, times, with_traffic

# For each element that is reduced: operations, and how many of them are transcendental; then the
# same for each result.
_REDUCTIONS: Mapping[str, tuple[int, int, int, int]] = {
    "ArgMax": (1, 0, 0, 0),
    "ArgMin": (1, 0, 0, 0),
    "ReduceL1": (2, 0, 0, 0),
    "ReduceL2": (2, 0, 1, 0),
    "ReduceLogSum": (1, 0, 1, 1),
    "ReduceLogSumExp": (2, 1, 1, 1),
    "ReduceMax": (1, 0, 0, 0),
    "ReduceMean": (1, 0, 1, 0),
    "ReduceMin": (1, 0, 0, 0),
    "ReduceProd": (1, 0, 0, 0),
    "ReduceSum": (1, 0, 0, 0),
    "ReduceSumSquare": (2, 0, 0, 0),
}

# Operations of each element, and how many of them are transcendental.
_NORMALISATIONS: Mapping[str, tuple[int, int]] = {
    "GroupNormalization": (7, 0),
    "Hardmax": (1, 0),
    "InstanceNormalization": (7, 0),
    "LayerNormalization": (7, 0),
    "LogSoftmax": (5, 1),
    "LpNormalization": (3, 0),
    "MeanVarianceNormalization": (5, 0),  # without scale and shift
    "RMSNormalization": (4, 0),  # square, add, two multiplications
    "Softmax": (5, 1),  # max, subtract, exp, add, divide
    "com.microsoft::SkipLayerNormalization": (8, 0),  # adds the shortcut first
    "com.microsoft::SkipSimplifiedLayerNormalization": (5, 0),
}


def _window(flops: int) -> Rule:
    """Operations for each element of each window: outputs × R·S."""

    def rule(layer: Layer) -> Work:
        window = math.prod(layer.attributes["kernel_shape"])
        return with_traffic(layer, times(layer.results[0].elements * window, flops))

    return rule


def _all_of(flops: int) -> Rule:
    """Operations for each input: a window as large as the image."""

    def rule(layer: Layer) -> Work:
        return with_traffic(layer, times(_taken(layer), flops))

    return rule


def _reduction(each: int, transcendental: int, result: int, result_transcendental: int) -> Rule:
    def rule(layer: Layer) -> Work:
        inner = times(_taken(layer), each, transcendental)
        outer = times(layer.results[0].elements, result, result_transcendental)
        return with_traffic(layer, inner + outer)

    return rule


def _normalisation(flops: int, transcendental: int) -> Rule:
    def rule(layer: Layer) -> Work:
        return with_traffic(layer, times(layer.results[0].elements, flops, transcendental))

    return rule


def _batch_normalisation(layer: Layer) -> Work:
    """A multiplication and an addition; 7 in training, which computes the statistics as well."""
    flops = 7 if layer.attributes.get("training_mode") else 2
    return with_traffic(layer, times(layer.results[0].elements, flops))


def _local_response(layer: Layer) -> Work:
    """Square, sum over `size` channels, scale, add, power, divide."""
    flops = int(layer.attributes["size"]) + 5
    return with_traffic(layer, times(layer.results[0].elements, flops, 1))


def _taken(layer: Layer) -> int:
    source = layer.inputs[0]
    return source.elements if source else 0


RULES: Mapping[str, Rule] = {
    **{name: _reduction(*counts) for name, counts in _REDUCTIONS.items()},
    **{name: _normalisation(*counts) for name, counts in _NORMALISATIONS.items()},
    "AveragePool": _window(1),
    "BatchNormalization": _batch_normalisation,
    "GlobalAveragePool": _all_of(1),
    "GlobalLpPool": _all_of(2),
    "GlobalMaxPool": _all_of(1),
    "LRN": _local_response,
    "LpPool": _window(2),
    "MaxPool": _window(1),
}
