"""`quantise`: a folded network in whole numbers, every step a power of two.

Weights have a step for each channel of output. How wide accumulators are follows from the weights
themselves, and layers that need more than is allowed are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import SearchError, raise_all
from dlscope.methods.codesign.emission.accumulators import average_bits, sum_bits
from dlscope.methods.codesign.emission.calibration import calibrated
from dlscope.methods.codesign.emission.grid import Grid, Integers
from dlscope.methods.codesign.emission.integer_network import (
    Average,
    IntegerLayer,
    IntegerNetwork,
)
from dlscope.methods.codesign.folded_network import FoldedLayer, FoldedNetwork
from dlscope.reporting.words import plural

EXACT_BITS = 53
"""What sums may need unless less is allowed: the reference adds in float64, exact up to here."""

_AVERAGE_BITS = 63
_USEFUL_BITS = 20  # products are no finer than 2^-20 of the step they are rounded to
_BIAS_BITS, _ANSWER_BITS = 10, 4  # biases are no coarser than 2^-10 of it, or 2^-4 of a product
_RELU6, _HALF_OF_RELU6 = 6, 1  # 6 is a multiple of steps up to 2^1


def quantise(
    network: FoldedNetwork, images: NDArray[Any], *, most_accumulator_bits: int = EXACT_BITS
) -> IntegerNetwork:
    """`network` in whole numbers; inputs without a step are calibrated on `images`, N×C×H×W.

    Sums of each layer have as many bits as they need. Raises `SearchError`, naming all layers,
    where that is more than `most_accumulator_bits`, which is at most 53, and where weights have a
    single bit.
    """
    if not 1 < most_accumulator_bits <= EXACT_BITS:
        raise SearchError(
            f"accumulators have {most_accumulator_bits} bits",
            where="quantisation",
            fix=f"use 2 to {EXACT_BITS} bits, up to which the reference is exact",
        )
    raise_all([_no_weights(layer) for layer in network.layers if layer.precision.weight_bits < 2])
    reads = calibrated(network, images)
    layers = tuple(_layer(network, reads, place) for place in range(len(network.layers)))
    raise_all(list(_too_wide(layers, most_accumulator_bits)))
    return IntegerNetwork(network.input, layers)


def _layer(network: FoldedNetwork, reads: tuple[Grid, ...], place: int) -> IntegerLayer:
    layer, grid = network.layers[place], reads[place]
    source = network.source_of(place)
    added = None if source is None else reads[source + 1]
    gives = reads[place + 1] if place + 1 < len(reads) else None
    weight_exponents = _weight_exponents(layer, grid, gives)
    steps = weight_exponents + grid.exponent
    is_averaged = place + 1 == network.head
    exponents = _exponents(steps, added, gives, is_averaged=is_averaged)
    least, most = _ends(layer, gives, is_averaged=is_averaged)
    weights = _rounded(layer.weights, weight_exponents[:, None, None, None])
    bias = _rounded(layer.bias, exponents)
    limit = 2 ** (layer.precision.weight_bits - 1)
    weights = np.clip(weights, -limit, limit - 1)
    sum_shifts = steps - exponents
    none = np.zeros_like(exponents)
    residual_shifts = none if added is None else added.exponent - exponents
    shifts = none if gives is None else gives.exponent - exponents
    bits = sum_bits(weights, bias, grid, sum_shifts, added, residual_shifts, shifts)
    return IntegerLayer(
        name=layer.name,
        shape=layer.shape,
        precision=layer.precision,
        padding=layer.padding,
        weights=weights,
        bias=bias,
        weight_exponents=weight_exponents,
        reads=grid,
        sum_shifts=sum_shifts,
        residual_shifts=residual_shifts,
        exponents=exponents,
        accumulator_bits=bits,
        gives=gives,
        shifts=shifts,
        least=least,
        most=most,
        source=source,
        average=_average(layer, exponents, shifts, bits) if is_averaged else None,
    )


def _weight_exponents(layer: FoldedLayer, grid: Grid, gives: Grid | None) -> Integers:
    """Log2 of the step of each channel: the finest that holds its weights and is of any use.

    A channel whose weights are next to nothing would have sums much finer than what they are
    rounded to, or than those of other classes.
    """
    bits = layer.precision.weight_bits
    largest = np.abs(layer.weights).max(axis=(1, 2, 3))
    fitting = [
        Grid.fitting(float(each), bits, is_signed=True).exponent if each else None
        for each in largest
    ]
    if gives is not None:
        least = gives.exponent - _USEFUL_BITS - grid.exponent
    else:
        least = max((each for each in fitting if each is not None), default=0) - _USEFUL_BITS
    return np.array([least if each is None else max(each, least) for each in fitting], np.int64)


def _exponents(
    steps: Integers, added: Grid | None, gives: Grid | None, *, is_averaged: bool
) -> Integers:
    """Log2 of the step of the sums s: the finest of products, residual and bias.

    Few bits make coarse products; biases are told finer, as training knows them. All answers have
    one step.
    """
    exponents = steps if added is None else np.minimum(steps, added.exponent)
    if gives is None:
        return np.full_like(exponents, exponents.min() - _ANSWER_BITS)
    exponents = np.minimum(exponents, gives.exponent - _BIAS_BITS)
    return np.minimum(exponents, _HALF_OF_RELU6) if is_averaged else exponents


def _ends(layer: FoldedLayer, gives: Grid | None, *, is_averaged: bool) -> tuple[int, int]:
    """The least and the most of what is given; an activation before an average is done with."""
    if gives is None:
        return 0, 0
    if layer.activation is None or is_averaged:
        return gives.least, gives.most
    most = int(np.floor(_RELU6 / gives.step + 0.5)) if layer.activation == "relu6" else gives.most
    return max(gives.least, 0), min(gives.most, most)


def _average(layer: FoldedLayer, exponents: Integers, shifts: Integers, sum_width: int) -> Average:
    count = layer.shape.map_out[0] * layer.shape.map_out[1]
    reach = np.full_like(exponents, 2 ** (sum_width - 1) - 1)
    six = _rounded(np.full(len(exponents), float(_RELU6)), exponents)
    ceiling = np.minimum(reach, six) if layer.activation == "relu6" else reach
    floor = -reach if layer.activation is None else np.zeros_like(reach)
    return Average(count, floor, ceiling, average_bits(count, floor, ceiling, shifts))


def _rounded(values: NDArray[Any], exponents: Integers) -> Integers:
    """`values` / 2^`exponents`, half up."""
    scaled = np.floor(np.asarray(values, np.float64) / 2.0**exponents + 0.5)
    return scaled.astype(np.int64)


def _too_wide(layers: tuple[IntegerLayer, ...], most: int) -> Iterator[SearchError]:
    wide = [layer for layer in layers if layer.accumulator_bits > most]
    if wide:
        widest = max(layer.accumulator_bits for layer in wide)
        wider = f"allow {widest} bits (--accumulator-bits {widest}), or "
        yield SearchError(
            f"sums of {plural(len(wide), 'layer')} need up to {widest} bits, accumulators have at "
            f"most {most}",
            where=", ".join(f"{each.name} ({each.accumulator_bits} bits)" for each in wide),
            fix=(wider if widest <= EXACT_BITS else "") + "use fewer bits for these layers",
        )
    for layer in layers:
        if layer.average is not None and layer.average.bits > _AVERAGE_BITS:
            yield SearchError(
                f"the sum of a map needs {layer.average.bits} bits of {_AVERAGE_BITS}",
                where=f"layer {layer.name}: {layer.shape} at {layer.precision}",
                fix="use fewer bits for this layer",
            )


def _no_weights(layer: FoldedLayer) -> SearchError:
    return SearchError(
        "weights of 1 bit with a sign tell no number above 0",
        where=f"layer {layer.name}: {layer.shape} at {layer.precision}",
        fix="use at least 2 bits for weights",
    )
