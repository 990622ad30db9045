"""`Discriminator`: tells from class probabilities which domain each part of an image is of.

Five convolutions of 4×4 at stride 2, without normalisation (Tsai et al., "Learning to Adapt
Structured Output Space for Semantic Segmentation", CVPR 2018).
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any, final

import torch
from torch.nn import functional

from dlscope.core.errors import ShapeError
from dlscope.zoo.segmenter.segmenter import CLASSES

LEAST_SIDE = 32
_WIDER = (1, 2, 4, 8)
_SLOPE = 0.2


@final
class Discriminator(torch.nn.Module):
    """A map of logits: below 0 for the source, above for the target. `width` is 64 in the paper."""

    def __init__(self, width: int = 64, classes: int = CLASSES) -> None:
        super().__init__()
        channels = (classes, *(width * each for each in _WIDER), 1)
        self.layers = torch.nn.ModuleList(
            torch.nn.Conv2d(channels_in, channels_out, 4, 2, padding=1)
            for channels_in, channels_out in pairwise(channels)
        )

    def forward(self, probabilities_bkhw: Any) -> Any:
        """Logits [B, 1, H/32, W/32]. Raises `ShapeError` for maps with a side below 32."""
        require_side(tuple(probabilities_bkhw.shape[2:]))
        values = probabilities_bkhw
        for layer in self.layers[:-1]:
            values = functional.leaky_relu(layer(values), _SLOPE)
        return self.layers[-1](values)


def require_side(size: tuple[int, ...]) -> None:
    """Raise `ShapeError` for a map that the five convolutions make nothing of."""
    if min(size) < LEAST_SIDE:
        raise ShapeError(
            f"a map of {' × '.join(map(str, size))} is too small for the discriminator",
            where="discriminator",
            fix=f"use images whose maps of logits have sides of at least {LEAST_SIDE}",
        )
