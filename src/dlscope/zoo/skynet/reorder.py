"""`Reorder`: a map as four maps of half its sides, behind one another along the channels.

    out[b, (2·dy + dx)·C + c, i, j] = in[b, c, 2i + dy, 2j + dx]

Nothing is computed and nothing is lost. `pixel_unshuffle` of torch keeps the four values of a
channel together instead and is another order.
"""

from __future__ import annotations

from typing import Any, final

import torch

PHASES = ((0, 0), (0, 1), (1, 0), (1, 1))
"""(dy, dx) in the order of the channels."""


@final
class Reorder(torch.nn.Module):
    """`space_to_depth` as a layer of a network."""

    def forward(self, values_bchw: Any) -> Any:
        """[B, 4C, H/2, W/2]."""
        return space_to_depth(values_bchw)


def space_to_depth(values_bchw: Any) -> Any:
    """[B, 4C, H/2, W/2] of a map with even sides."""
    return torch.cat([values_bchw[:, :, dy::2, dx::2] for dy, dx in PHASES], dim=1)


def depth_to_space(values_bchw: Any) -> Any:
    """The map that `space_to_depth` was given, bit for bit."""
    batch, channels, height, width = values_bchw.shape
    out = values_bchw.new_empty((batch, channels // 4, 2 * height, 2 * width))
    for phase, (dy, dx) in zip(values_bchw.chunk(4, dim=1), PHASES, strict=True):
        out[:, :, dy::2, dx::2] = phase
    return out
