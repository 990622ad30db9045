"""`mask_windows`: what the mask of each place of a response should be.

A mask is about a window as large as the template, with its middle at the place. Those of places
near an edge are partly beyond the search; so the truth is taken on a larger square.

Letters: B pairs, P places, M side of a window, E side of the square that holds all windows, S side
of the response.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from dlscope.zoo.siamese.anchors import STRIDE
from dlscope.zoo.siamese.design import Design

_SOLID = 128


@final
@dataclass(frozen=True)
class MaskWindows:
    """Values [P, M, M], 1 on the object and −1 beside it, and places [P, 3]: pair, row, column."""

    values_pmm: NDArray[np.float32]
    places_p3: NDArray[np.int64]


def extent(design: Design, side: int) -> int:
    """Side in pixels of the square that holds the windows of a response of `side`.

    >>> extent(Design(template=64, search=128), 13)
    160
    """
    return design.template + STRIDE * (side - 1)


def mask_windows(
    masks_bee: NDArray[np.uint8], places_p3: NDArray[np.int64], design: Design
) -> MaskWindows:
    """The windows of some places, from masks of 0…255 on the larger square around each search."""
    reach = np.arange(design.template)
    rows = (STRIDE * places_p3[:, 1])[:, None, None] + reach[None, :, None]
    columns = (STRIDE * places_p3[:, 2])[:, None, None] + reach[None, None, :]
    shown_pmm = masks_bee[places_p3[:, 0][:, None, None], rows, columns] >= _SOLID
    return MaskWindows(np.where(shown_pmm, np.float32(1), np.float32(-1)), places_p3)
