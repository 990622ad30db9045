"""`LayerWeights`: the weights of a layer, or of several that differ in width and kernel only.

Those of a smaller layer are part of those of a larger one: its first channels, and of a kernel the
middle. So every step that walks either trains both (*Once-for-All*, Cai et al., ICLR 2020;
*Single-Path NAS*, Stamoulis et al., ECML 2019).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, NamedTuple, final

import torch

from dlscope.devices.layer_shape import LayerShape


@final
class Part(NamedTuple):
    """Weights [channels out, channels in of a group, height, width]; bias and gain [channels out].

    They are views: what is written into them is written into the whole.
    """

    weight: Any
    bias: Any
    gain: Any


@final
class LayerWeights(torch.nn.Module):
    """Weights, bias and gain of the largest of `shapes`, drawn with the deviation √(2 / fan in)."""

    def __init__(self, shapes: Sequence[LayerShape]) -> None:
        super().__init__()
        sizes = tuple(map(max, *map(_sizes, shapes))) if len(shapes) > 1 else _sizes(shapes[0])
        deviation = math.sqrt((1 if shapes[0].kind == "dense" else 2) / math.prod(sizes[1:]))
        self.weight = torch.nn.Parameter(torch.randn(sizes) * deviation)
        self.bias = torch.nn.Parameter(torch.zeros(sizes[0]))
        self.gain = torch.nn.Parameter(torch.ones(sizes[0]))

    def part(self, shape: LayerShape) -> Part:
        """Those of a layer of this shape."""
        width, depth, *kernel = _sizes(shape)
        rows, columns = (
            slice((most - size) // 2, (most - size) // 2 + size)
            for most, size in zip(self.weight.shape[2:], kernel, strict=True)
        )
        weight = self.weight[:width, :depth, rows, columns]
        return Part(weight, self.bias[:width], self.gain[:width])


def _sizes(shape: LayerShape) -> tuple[int, ...]:
    return (shape.channels_out, shape.channels_in // shape.groups, *shape.kernel)
