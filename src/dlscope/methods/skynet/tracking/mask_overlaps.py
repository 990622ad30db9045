"""`MaskOverlaps`: how well masks tell an object, beside boxes, in each frame that counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.methods.skynet.tracking.masks import (
    corners_of,
    rectangle_overlap,
    smallest_rectangle,
)
from dlscope.methods.skynet.tracking.tracker import BoxXywh, Outline
from dlscope.metrics.tracking_overlap import frame_overlap

Overlaps = tuple[float, float, float]


@final
@dataclass(frozen=True)
class MaskOverlaps:
    """Intersections over union, [T]: of masks, of the box around the mask, of turned rectangles.

    Truths are the visible pixels, the box of the object, and the smallest rectangle around the
    visible pixels. Where a mask shows nothing, the box of the tracker stands for box and rectangle.
    """

    mask_t: NDArray[np.float64]
    box_t: NDArray[np.float64]
    turned_t: NDArray[np.float64]

    @classmethod
    def of(cls, frames: Iterable[Overlaps]) -> MaskOverlaps:
        """Those of several frames."""
        return cls(*np.array(list(frames), dtype=np.float64).reshape(-1, 3).T)

    @classmethod
    def joined(cls, parts: Sequence[MaskOverlaps]) -> MaskOverlaps:
        """Those of several sequences, one behind the other."""
        return cls(
            *(
                np.concatenate([getattr(each, name) for each in parts])
                for name in ("mask_t", "box_t", "turned_t")
            )
        )


def mask_overlaps(
    outline: Outline, box: BoxXywh, truth_hw: NDArray[np.bool_], truth_box: Sequence[Any]
) -> Overlaps:
    """The three overlaps of one frame; `box` is that of the tracker itself."""
    height, width = truth_hw.shape
    either = np.count_nonzero(outline.mask_hw | truth_hw)
    both = np.count_nonzero(outline.mask_hw & truth_hw)
    around = box if outline.box is None else outline.box
    turned = corners_of(box) if outline.corners is None else outline.corners
    truth = smallest_rectangle(np.argwhere(truth_hw)[:, ::-1])
    return (
        both / either if either else 0.0,
        float(frame_overlap([around], [truth_box], (width, height))[0]),
        rectangle_overlap(turned, truth),
    )
