"""`FixedScheme`: the format of every tensor of a folded SkyNet, one for all or each its own.

The released design keeps all feature maps alike, and all weights. With integer bits of its own a
map holds what was observed in it, ends included: the rare large values are those of the object.
Weights take the integer bits that round them with the smallest mean square error.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import PlanError, did_you_mean
from dlscope.methods.skynet.fixed_point import FEATURE_MAPS, WEIGHTS, FixedFormat, fixed, saturated
from dlscope.methods.skynet.observing import Observed
from dlscope.zoo.skynet.folding import Folded

_TRIED_BELOW = 4
_LEAST_INTEGER = 24


@final
@dataclass(frozen=True)
class FixedScheme:
    """Formats of the maps (the image, then behind each activation), weights and biases.

    Weights are those of each convolution in order, the head last, which has no bias.
    """

    maps: tuple[FixedFormat, ...]
    weights: tuple[FixedFormat, ...]
    biases: tuple[FixedFormat, ...]

    @classmethod
    def uniform(cls, folded: Folded, maps: FixedFormat, weights: FixedFormat) -> Self:
        """The same for all maps, and for all weights and biases."""
        layers = 2 * len(folded.bundles)
        return cls((maps,) * (layers + 1), (weights,) * (layers + 1), (weights,) * layers)

    @classmethod
    def calibrated(
        cls, folded: Folded, observed: Mapping[str, Observed], *, map_bits: int, weight_bits: int
    ) -> Self:
        """Of so many bits each, with the integer bits that fit what was observed.

        `observed` has the tensors of the graph that `onnx_model` writes of `folded`.
        """
        maps = [observed[name] for name in map_names(folded)]
        weights, biases = arrays_of(folded)
        return cls(
            tuple(covering_format(each.least, each.most, map_bits) for each in maps),
            tuple(fitting_format(values, weight_bits) for values in weights),
            tuple(fitting_format(values, weight_bits) for values in biases),
        )

    def saturated(self, folded: Folded) -> int:
        """How many weights and biases lie beyond their range."""
        weights, biases = arrays_of(folded)
        forms = (*self.weights, *self.biases)
        arrays = (*weights, *biases)
        return sum(saturated(each, form) for each, form in zip(arrays, forms, strict=True))


def preset_formats(name: str) -> tuple[FixedFormat, FixedFormat]:
    """Formats of maps and weights by their name: `skynet-ultra96`, the released ones.

    Raises `PlanError` for another name.
    """
    if name not in PRESETS:
        raise PlanError(
            f"there is no scheme {name!r} of fixed point",
            where="SkyNet, fixed point",
            fix=did_you_mean(name, PRESETS),
        )
    return PRESETS[name]


PRESETS = {"skynet-ultra96": (FEATURE_MAPS, WEIGHTS)}


def covering_format(least: float, most: float, bits: int) -> FixedFormat:
    """The format of so many bits and the finest step in which both ends are no step beyond it.

    Ends beyond every format of so many bits get the widest.
    """
    for int_bits in range(bits - _LEAST_INTEGER, bits + 1):
        form = FixedFormat(bits, int_bits)
        if form.lowest <= least and most < form.highest + form.step / 2:
            return form
    return FixedFormat(bits, bits)


def fitting_format(values: NDArray[Any], bits: int) -> FixedFormat:
    """The format of so many bits that rounds `values` with the smallest mean square error.

    Of equals that with the widest range; of zeros alone the format with one integer bit.
    """
    largest = float(np.abs(values).max(initial=0.0))
    if largest == 0.0:
        return FixedFormat(bits, min(1, bits))
    widest = min(math.floor(math.log2(largest)) + 2, bits)
    exact = values.astype(np.float64)
    forms = [FixedFormat(bits, widest - less) for less in range(_TRIED_BELOW + 1)]
    errors = [float(((fixed(exact, bits, form.int_bits) - exact) ** 2).mean()) for form in forms]
    return forms[int(np.argmin(errors))]


def map_names(folded: Folded) -> tuple[str, ...]:
    """The tensors of the graph that are kept: the image, and what is behind each activation."""
    behind = [
        f"bundle{number}.{kind}.act"
        for number in range(1, len(folded.bundles) + 1)
        for kind in ("depthwise", "pointwise")
    ]
    return ("image", *behind)


def arrays_of(folded: Folded) -> tuple[list[NDArray[Any]], list[NDArray[Any]]]:
    """Weights of all convolutions, the head last, and biases of all but it."""
    weights: list[NDArray[Any]] = []
    biases: list[NDArray[Any]] = []
    for bundle in folded.bundles:
        weights += [bundle.depthwise, bundle.pointwise]
        biases += [bundle.depthwise_bias, bundle.pointwise_bias]
    weights += [] if folded.head is None else [folded.head]
    return weights, biases
