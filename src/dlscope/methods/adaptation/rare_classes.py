"""`RareClasses`: images drawn so that classes with few pixels are seen often.

    P(c) ∝ exp((1 − f_c) / T)

f_c is the share of pixels that class c has. A class is drawn, then an image that has enough of it
(*DAFormer*, L. Hoyer et al., CVPR 2022).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import final

import numpy as np

from dlscope.data.scene_classes import CLASSES
from dlscope.methods.adaptation.pictures import Pictures

LEAST_PIXELS = 30


@final
class RareClasses:
    """Which images have which classes; `temperature` near 0 draws the rarest class alone."""

    def __init__(self, pictures: Pictures, temperature: float = 0.1) -> None:
        counts = np.array(
            [
                np.bincount(pictures.labels(i).ravel(), minlength=256)[: len(CLASSES)]
                for i in range(len(pictures))
            ]
        )
        self._with_class = [
            np.flatnonzero(counts[:, c] >= LEAST_PIXELS) for c in range(len(CLASSES))
        ]
        share = counts.sum(axis=0) / max(counts.sum(), 1)
        odds = np.exp((1 - share) / temperature)
        odds[[not len(each) for each in self._with_class]] = 0.0
        self._odds = odds / odds.sum() if odds.sum() else odds
        self._count = len(pictures)

    def drawn(self, count: int, draw: np.random.Generator) -> Iterator[int]:
        """Indices of `count` images."""
        for _ in range(count):
            if not self._odds.any():
                yield int(draw.integers(self._count))
                continue
            class_id = int(draw.choice(len(self._odds), p=self._odds))
            yield int(draw.choice(self._with_class[class_id]))
