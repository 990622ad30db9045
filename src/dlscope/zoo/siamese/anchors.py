"""The boxes that scores and offsets of a response are about.

Letters: K anchor shapes, S side of the response; boxes are centre x, centre y, width, height in
pixels of the search crop, measured from its middle.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

STRIDE = 8
RATIOS = (0.33, 0.5, 1.0, 2.0, 3.0)
"""Height over width of the anchors."""
_AREA = STRIDE * STRIDE
_SIDE_OF_SCALE = 16


def anchor_shapes(scale: int = 8) -> tuple[tuple[int, int], ...]:
    """Width and height of each anchor, whole multiples of `scale`, as SiamRPN++ has them.

    >>> anchor_shapes()
    ((104, 32), (88, 40), (64, 64), (40, 80), (32, 96))
    """
    shapes = []
    for ratio in RATIOS:
        width = int(math.sqrt(_AREA / ratio))
        shapes.append((width * scale, int(width * ratio) * scale))
    return tuple(shapes)


def scale_for(template: int) -> int:
    """The scale of anchors whose square one is as large as a square target in the template.

    The margin around a target doubles its sides, so that the target takes half the template.
    """
    return max(round(template / _SIDE_OF_SCALE), 1)


def anchor_grid(side: int, scale: int = 8) -> NDArray[np.float64]:
    """Every anchor at every place of a response, [K, S, S, 4]; rows before columns."""
    centre = (np.arange(side) - (side - 1) / 2) * STRIDE
    grid = np.empty((len(RATIOS), side, side, 4))
    grid[..., 0] = centre[None, None, :]
    grid[..., 1] = centre[None, :, None]
    grid[..., 2:] = np.asarray(anchor_shapes(scale), dtype=np.float64)[:, None, None, :]
    return grid
