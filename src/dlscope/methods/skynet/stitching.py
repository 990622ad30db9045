"""Four images on one canvas, as the FPGA takes them to load every weight once for four.

    ┌──────────┐ ┌──────────┐
    │ image 0  │ │ image 1  │      each in a ring of one pixel of its own
    └──────────┘ └──────────┘      canvas (2H + 4) × (2W + 4), 324 × 644 for 160 × 320
    ┌──────────┐ ┌──────────┐
    │ image 2  │ │ image 3  │
    └──────────┘ └──────────┘

The ring takes the place of the zeros around a map. It is cleared behind every layer, and behind a
pool the maps are put onto a new canvas, so that nothing of an image reaches another.

Letters: B images up to four, C channels, H, W the size of one.
"""

from __future__ import annotations

from typing import Any

import torch

from dlscope.core.errors import ShapeError
from dlscope.zoo.skynet.folded_network import FoldedNetwork, joined, pooled

IMAGES = 4
CONTEST_FILL = (127 / 255 - 0.5) / 0.25
"""What the released design fills the ring with: grey 127, normalised."""


def stitch4(images_bchw: Any, *, fill: float = 0.0) -> Any:
    """The canvas [1, C, 2H + 4, 2W + 4] of one to four images; the last is repeated for others.

    Raises `ShapeError` for another number of them.
    """
    count, channels, height, width = images_bchw.shape
    if not 1 <= count <= IMAGES:
        raise ShapeError(
            f"{count} images do not fit onto one canvas",
            where="SkyNet, stitch4",
            fix=f"give 1 to {IMAGES} images",
        )
    canvas = images_bchw.new_full((1, channels, 2 * height + 4, 2 * width + 4), fill)
    for index, (top, left) in enumerate(_corners(height, width)):
        image = images_bchw[min(index, count - 1)]
        canvas[0, :, top : top + height, left : left + width] = image
    return canvas


def unstitch(canvas_1chw: Any, count: int = IMAGES) -> Any:
    """The first `count` maps [B, C, H, W] of a canvas, without their rings."""
    height, width = _size(canvas_1chw)
    maps = [
        canvas_1chw[0, :, top : top + height, left : left + width]
        for top, left in _corners(height, width)[:count]
    ]
    return torch.stack(maps)


def stitched_head(network: FoldedNetwork, images_bchw: Any, *, fill: float = 0.0) -> Any:
    """The maps of the head of up to four images, computed on one canvas.

    With a ring of 0 they are, bit for bit, what the images give one by one on one thread; several
    threads may add up in another order for another size.
    """
    head = network(
        stitch4(images_bchw, fill=fill),
        after=_Cleared(),
        pool=lambda canvas: stitch4(pooled(unstitch(canvas))),
        join=lambda around, values: stitch4(joined(unstitch(around), unstitch(values))),
    )
    return unstitch(head, len(images_bchw))


class _Cleared:
    """Clears the rings of every canvas but the first, which is the input."""

    def __init__(self) -> None:
        self._is_first = True

    def __call__(self, canvas_1chw: Any) -> Any:
        if self._is_first:
            self._is_first = False
            return canvas_1chw
        return stitch4(unstitch(canvas_1chw))


def _size(canvas_1chw: Any) -> tuple[int, int]:
    height, width = canvas_1chw.shape[2:]
    return (height - 4) // 2, (width - 4) // 2


def _corners(height: int, width: int) -> tuple[tuple[int, int], ...]:
    """Row and column of the first pixel of each."""
    return tuple((top, left) for top in (1, height + 3) for left in (1, width + 3))
