"""`FixedNetwork`: a folded SkyNet in torch with numbers of few bits, which can learn so.

Rounding has no slope, so that of the line takes its place (straight-through); beyond the largest
number that a map can hold the slope is 0, as behind the clip of an activation. Sums are floats.

Letters: B images, C channels, H, W the size of a map.
"""

from __future__ import annotations

from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from dlscope.methods.skynet.fixed_point import FixedFormat
from dlscope.methods.skynet.fixed_scheme import FixedScheme, arrays_of
from dlscope.zoo.skynet.folded_network import joined, pooled
from dlscope.zoo.skynet.folding import Folded, FoldedBundle

_STEM, _POOLED, _BYPASS = 5, 3, 2
_HIGHEST = 6.0


@final
class FixedNetwork(torch.nn.Module):
    """The map of the head of `folded`, everything but the head rounded as `scheme` says.

    Parameters are the float weights, so that small steps of a training add up.
    """

    def __init__(self, folded: Folded, scheme: FixedScheme, act: str = "relu6") -> None:
        super().__init__()
        weights, biases = arrays_of(folded)
        self.weights = torch.nn.ParameterList(torch.tensor(each) for each in weights)
        self.biases = torch.nn.ParameterList(torch.tensor(each) for each in biases)
        self.scheme = scheme
        self._highest = _HIGHEST if act == "relu6" else None

    def forward(self, images_bchw: Any) -> Any:
        """[B, 10, H/8, W/8]."""
        values = around = rounded(images_bchw, self.scheme.maps[0])
        count = len(self.biases) // 2
        for index in range(count):
            if index == _STEM:
                values = joined(around, values)
            values = self._layer(values, 2 * index, groups=values.shape[1])
            values = self._layer(values, 2 * index + 1)
            around = values if index == _BYPASS else around
            values = pooled(values) if index < _POOLED else values
        return functional.conv2d(values, kept(self.weights[-1], self.scheme.weights[-1]))

    def folded(self) -> Folded:
        """The weights as they are now, in float."""
        arrays = [each.detach().numpy().copy() for each in (*self.weights, *self.biases)]
        weights, biases = arrays[: len(self.weights)], arrays[len(self.weights) :]
        bundles = tuple(
            FoldedBundle(weights[at], biases[at], weights[at + 1], biases[at + 1])
            for at in range(0, len(biases), 2)
        )
        return Folded(bundles, weights[-1])

    def _layer(self, values: Any, layer: int, *, groups: int = 1) -> Any:
        weight = kept(self.weights[layer], self.scheme.weights[layer])
        bias = kept(self.biases[layer], self.scheme.biases[layer])
        padding = weight.shape[-1] // 2
        values = functional.conv2d(values, weight, bias, padding=padding, groups=groups)
        form = self.scheme.maps[layer + 1]
        return rounded(values.clamp(min=0.0, max=self._highest), form)


def rounded(values: Any, form: FixedFormat) -> Any:
    """A map in that format; no slope beyond its largest and smallest number."""
    return _Rounded.apply(values, form, True)


def kept(values: Any, form: FixedFormat) -> Any:
    """Weights in that format; a weight beyond it can be learnt back into it."""
    return _Rounded.apply(values, form, False)


class _Rounded(torch.autograd.Function):
    """⌊x / step + ½⌋ · step, ended at the ends of the format."""

    @staticmethod
    def forward(context: Any, values: Any, form: FixedFormat, ends: bool) -> Any:
        if ends and values.requires_grad:
            context.save_for_backward((values >= form.lowest) & (values <= form.highest))
        step = form.step
        whole = values.div(step).add_(0.5).floor_().mul_(step)
        return whole.clamp_(form.lowest, form.highest)

    @staticmethod
    def backward(context: Any, slopes: Any) -> Any:
        inside = context.saved_tensors
        return slopes * inside[0] if inside else slopes, None, None


def fixed_heads(network: FixedNetwork, images_bchw: NDArray[np.float32]) -> NDArray[np.float32]:
    """The maps of the head of images, as an array."""
    with torch.no_grad():
        heads: NDArray[np.float32] = network(torch.from_numpy(images_bchw)).numpy()
    return heads
