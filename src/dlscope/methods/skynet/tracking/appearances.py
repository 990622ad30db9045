"""`Appearances`: crops of objects from some frames of many sequences, drawn once and kept.

Letters: N crops, P their side in pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError
from dlscope.methods.skynet.tracking.crops import context_side, square
from dlscope.methods.skynet.tracking.sequences import Sequence as Followed
from dlscope.methods.skynet.tracking.sequences import require_sequence
from dlscope.zoo.siamese.design import Design

NEAR_FRAMES = 100
_MARGIN = 2
_LEAST_COVER = 3
_LEAST_SIDE = 4.0


@final
@dataclass(frozen=True)
class Appearances:
    """Crops [N, P, P, 3] with the object in the middle, `sides_n2` (width, height) in their pixels.

    The scale is that of the template; P is twice the side of a search, so that there is room to
    move in. `frame_n` and `sequence_n` tell where each is from; crops of a sequence are together.
    `masks_npp` are 255 where the object is to be seen, for a tracker that has masks.
    """

    crops_npp3: NDArray[np.uint8]
    sides_n2: NDArray[np.float64]
    frame_n: NDArray[np.int64]
    sequence_n: NDArray[np.int64]
    masks_npp: NDArray[np.uint8] | None = None

    def __len__(self) -> int:
        return len(self.crops_npp3)

    def partners(self, index: int) -> NDArray[np.int64]:
        """Crops of the same sequence at most 100 frames away, itself included."""
        first, last = np.searchsorted(self.sequence_n, [self.sequence_n[index]] * 2 + np.arange(2))
        near = np.abs(self.frame_n[first:last] - self.frame_n[index]) <= NEAR_FRAMES
        return np.asarray(first + np.flatnonzero(near))

    def strangers(self, index: int) -> NDArray[np.int64]:
        """Crops of other sequences."""
        return np.flatnonzero(self.sequence_n != self.sequence_n[index])


def collect(
    sequences: Sequence[Followed],
    design: Design,
    per_sequence: int,
    *,
    seed: int = 0,
    told: Callable[[int, int], None] = lambda _done, _of: None,
) -> Appearances:
    """Crops of `per_sequence` frames of each sequence in which the object is to be seen.

    Frames are drawn from `seed`, spread over the sequence. Raises `DataError` where there are
    less than two sequences with anything to see, and for a design with masks where none are told.
    """
    crops, masks, sides, frames, owners = [], [], [], [], []
    for number, sequence in enumerate(sequences):
        require_sequence(sequence)
        _require_masks(sequence, design)
        told(number, len(sequences))
        for frame in _chosen(sequence, per_sequence, np.random.default_rng((seed, number))):
            x, y, width, height = map(float, sequence.boxes_xywh[frame])
            side = float(context_side(width, height))
            shown = side * design.search / design.template * _MARGIN
            centre = (x + width / 2, y + height / 2)
            crops.append(square(sequence.frames[frame], centre, shown, _MARGIN * design.search))
            if design.has_mask and sequence.masks is not None:
                mask_hw = np.where(sequence.masks[frame], np.uint8(255), np.uint8(0))
                masks.append(square(mask_hw, centre, shown, _MARGIN * design.search, fill=(0,)))
            sides.append((width * design.template / side, height * design.template / side))
            frames.append(frame)
            owners.append(number)
    if len(set(owners)) < 2:
        raise DataError(
            f"{len(set(owners))} sequences show an object; pairs need two",
            where="tracker training",
            fix="give more sequences, or longer ones",
        )
    return Appearances(
        np.stack(crops),
        np.array(sides),
        np.array(frames),
        np.array(owners),
        np.stack(masks) if masks else None,
    )


def _require_masks(sequence: Followed, design: Design) -> None:
    if design.has_mask and sequence.masks is None:
        raise DataError(
            "a tracker with masks learns from masks, and the sequence tells none",
            where=f"sequence {sequence.name}",
            fix="train on drawn sequences, or a design without masks",
        )


def _chosen(sequence: Followed, count: int, chooser: np.random.Generator) -> list[int]:
    """Frames to keep, one from each of `count` stretches of those that show the object."""
    boxes_t4 = np.asarray(sequence.boxes_xywh, dtype=np.float64)
    large_t = (boxes_t4[:, 2:] >= _LEAST_SIDE).all(axis=1)
    shown = np.flatnonzero((np.asarray(sequence.cover) >= _LEAST_COVER) & large_t)
    stretches = np.array_split(shown, min(count, max(len(shown), 1)))
    return [int(chooser.choice(stretch)) for stretch in stretches if stretch.size]
