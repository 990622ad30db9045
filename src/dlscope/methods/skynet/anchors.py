"""Anchors for boxes: the sides that most boxes are like, by k-means with the distance 1 − IoU.

Sides are compared as boxes with the same centre. Letters: M boxes, K anchors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError
from dlscope.methods.skynet.decoding import ANCHORS
from dlscope.zoo.skynet.layout import SIZE, STRIDE

Anchors: TypeAlias = tuple[tuple[float, float], ...]
_MOST_ROUNDS = 100


def scaled_anchors(size: tuple[int, int]) -> Anchors:
    """The published anchors, which are of 160×320, for another size (height, width), in cells.

    >>> [[round(side, 3) for side in anchor] for anchor in scaled_anchors((80, 160))]
    [[0.747, 1.18], [2.006, 2.88]]
    """
    height, width = size
    return tuple((w * width / SIZE[1], h * height / SIZE[0]) for w, h in ANCHORS)


def fit_anchors(
    sides_m2: NDArray[np.floating], size: tuple[int, int], count: int = 2, *, seeds: int = 10
) -> Anchors:
    """`count` anchors in cells for boxes of these sides, relative to images of `size`; small first.

    The best of so many `seeds`, by the mean IoU of the boxes with their anchor. Raises `DataError`
    for fewer boxes than anchors.
    """
    if len(sides_m2) < count:
        raise DataError(
            f"{len(sides_m2)} boxes are too few for {count} anchors",
            where="SkyNet, anchors",
            fix="give at least as many boxes, or take the published anchors",
        )
    cells = np.array([size[1] / STRIDE, size[0] / STRIDE])
    boxes_m2 = np.asarray(sides_m2, np.float64) * cells
    fitted = [_fitted(boxes_m2, count, np.random.default_rng(seed)) for seed in range(seeds)]
    best_k2 = max(fitted, key=lambda anchors_k2: mean_overlap(boxes_m2, anchors_k2))
    order = np.argsort(best_k2.prod(axis=1))
    return tuple((float(w), float(h)) for w, h in best_k2[order])


def mean_overlap(
    boxes_m2: NDArray[np.floating], anchors: Sequence[Sequence[float]] | NDArray[np.floating]
) -> float:
    """Mean over boxes of the IoU with the anchor that is most like them, both in cells."""
    return float(_overlaps(boxes_m2, np.asarray(anchors)).max(axis=1).mean())


def _fitted(
    boxes_m2: NDArray[np.float64], count: int, draw: np.random.Generator
) -> NDArray[np.float64]:
    anchors_k2 = boxes_m2[draw.choice(len(boxes_m2), count, replace=False)]
    nearest_m = np.full(len(boxes_m2), -1)
    for _ in range(_MOST_ROUNDS):
        now_m = _overlaps(boxes_m2, anchors_k2).argmax(axis=1)
        if (now_m == nearest_m).all():
            break
        nearest_m = now_m
        anchors_k2 = np.stack(
            [
                boxes_m2[nearest_m == k].mean(axis=0) if (nearest_m == k).any() else anchors_k2[k]
                for k in range(count)
            ]
        )
    return anchors_k2


def _overlaps(
    boxes_m2: NDArray[np.floating], anchors_k2: NDArray[np.floating]
) -> NDArray[np.floating]:
    shared_mk = np.minimum(boxes_m2[:, None], anchors_k2[None]).prod(axis=-1)
    both_mk = boxes_m2.prod(axis=-1)[:, None] + anchors_k2.prod(axis=-1)
    return np.asarray(shared_mk / (both_mk - shared_mk))
