"""What every anchor should say of a search, as SiamRPN++ is taught.

Letters: B pairs, K anchors, S side of the response; boxes are centre x, centre y, width, height
in pixels of the search, measured from its middle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.zoo.siamese.anchors import STRIDE, anchor_grid

POSITIVE, NEGATIVE, IGNORED = 1, 0, -1
_ABOVE, _BELOW = 0.6, 0.3
_NEARLY_BEST = 0.85
_MOST_POSITIVE, _MOST = 16, 64
_NEAR_CELLS = 3.0


@final
@dataclass(frozen=True)
class Labels:
    """`kinds` [K, S, S] (1 object, 0 ground, −1 ignored) and `offsets` [4, K, S, S].

    Of several pairs both have B in front.
    """

    kinds: NDArray[np.int64]
    offsets: NDArray[np.float32]

    def places(self) -> NDArray[np.int64]:
        """Pair, row and column of every place with an anchor that is an object, [P, 3]."""
        return np.argwhere((self.kinds == POSITIVE).any(axis=1))


def labels_of(
    box: NDArray[np.float64],
    side: int,
    scale: int,
    chooser: np.random.Generator,
    *,
    is_negative: bool = False,
) -> Labels:
    """The labels of one search.

    An anchor is an object at an overlap of 0.6 and more, ground at 0.3 and less; 16 objects and 64
    in all are kept at most. Where anchors hardly reach 0.6, those are the object that have 0.85 of
    the best overlap. In a search that shows another object all is ground, and 16 anchors near that
    object are kept.
    """
    grid = anchor_grid(side, scale)
    if is_negative:
        far_ks = np.abs(grid[..., :2] - box[:2]).max(axis=-1)
        near = far_ks <= _NEAR_CELLS * STRIDE
        kinds = np.full(far_ks.shape, IGNORED)
        _keep(kinds, near, NEGATIVE, _MOST_POSITIVE, chooser)
        _keep(kinds, ~near, NEGATIVE, _MOST_POSITIVE, chooser)
        return Labels(kinds, np.zeros((4, *kinds.shape), np.float32))
    overlap = overlaps(grid, box)
    above = overlap >= min(_ABOVE, _NEARLY_BEST * float(overlap.max()))
    kinds = np.full(overlap.shape, IGNORED)
    kept = _keep(kinds, above, POSITIVE, _MOST_POSITIVE, chooser)
    _keep(kinds, (overlap <= _BELOW) & ~above, NEGATIVE, _MOST - kept, chooser)
    return Labels(kinds, offsets_of(grid, box))


def overlaps(grid: NDArray[np.float64], box: NDArray[np.float64]) -> NDArray[np.float64]:
    """Intersection over union of every anchor with a box, [K, S, S]."""
    low = np.maximum(grid[..., :2] - grid[..., 2:] / 2, box[:2] - box[2:] / 2)
    high = np.minimum(grid[..., :2] + grid[..., 2:] / 2, box[:2] + box[2:] / 2)
    shared = np.clip(high - low, 0, None).prod(axis=-1)
    return np.asarray(shared / (grid[..., 2:].prod(axis=-1) + box[2:].prod() - shared))


def offsets_of(grid: NDArray[np.float64], box: NDArray[np.float64]) -> NDArray[np.float32]:
    """(dx, dy, dw, dh) from every anchor to a box, [4, K, S, S]; the inverse of decoding."""
    moved = (box[:2] - grid[..., :2]) / grid[..., 2:]
    grown = np.log(box[2:] / grid[..., 2:])
    return np.moveaxis(np.concatenate([moved, grown], axis=-1), -1, 0).astype(np.float32)


def stacked(labels: Sequence[Labels]) -> Labels:
    """Those of several pairs as one."""
    return Labels(
        np.stack([each.kinds for each in labels]), np.stack([each.offsets for each in labels])
    )


def _keep(
    kinds: NDArray[Any],
    where: NDArray[np.bool_],
    kind: int,
    most: int,
    chooser: np.random.Generator,
) -> int:
    """Give at most `most` of the places `where` a kind; how many got it."""
    places = np.flatnonzero(where)
    if len(places) > most:
        places = chooser.choice(places, most, replace=False)
    kinds.reshape(-1)[places] = kind
    return len(places)
