"""`Camera`: where points of a street are in an image.

Metres: X to the right, Y upwards from the ground, Z ahead. Pixels: x to the right, y downwards.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

Points = NDArray[np.float64]
NEAREST_M = 0.6


@final
@dataclass(frozen=True)
class Camera:
    """A pinhole above the road; `focal` and the principal point in pixels."""

    size: tuple[int, int]
    focal: float
    center_x: float
    horizon_y: float
    height_m: float

    @classmethod
    def drawn(cls, size: tuple[int, int], draw: np.random.Generator) -> Self:
        """A camera for images of `size` (height, width)."""
        height, width = size
        return cls(
            size=size,
            focal=0.62 * width,
            center_x=width * (0.5 + draw.uniform(-0.06, 0.06)),
            horizon_y=height * draw.uniform(0.40, 0.48),
            height_m=draw.uniform(1.15, 1.55),
        )

    def project(self, points_m: ArrayLike) -> Points:
        """Pixels [N, 2] of points [N, 3]; what is nearer than 0.6 m is moved there."""
        across, up, ahead = np.asarray(points_m, dtype=np.float64).T
        scale = self.focal / np.maximum(ahead, NEAREST_M)
        return np.stack(
            [self.center_x + scale * across, self.horizon_y + scale * (self.height_m - up)], axis=1
        )
