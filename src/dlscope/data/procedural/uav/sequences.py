"""`uav_sequences`: something that moves, seen by a drone that follows it, for trackers."""

from __future__ import annotations

import numpy as np

from dlscope.data.procedural.uav.classes import Split, require_split
from dlscope.data.procedural.uav.draws import require_size, require_whole
from dlscope.data.procedural.uav.images import SIZE
from dlscope.data.procedural.uav.light import one_thread
from dlscope.data.procedural.uav.presets import Difficulty, Preset, difficulty
from dlscope.data.procedural.uav.scene import UavFrames, drawn_scene
from dlscope.data.procedural.uav.shown import UavMasks, shown
from dlscope.data.procedural.uav.sprite import PixelBox
from dlscope.data.uav_sequence import UavSequence

_ABSENT = 0.1
_COVER_ENDS = (0.0, 0.15, 0.30, 0.45, 0.60, 0.75, 0.90)


def uav_sequences(
    preset: Preset | Difficulty,
    split: Split,
    count: int,
    frames: int,
    *,
    size: tuple[int, int] = SIZE,
    seed: int = 0,
) -> list[UavSequence]:
    """`count` sequences of `frames` images of `size` (height, width).

    Each follows from seed, split, preset and its place alone. Raises `DataError` for what is none.
    """
    hard = difficulty(preset)
    require_split(split)
    require_whole(count, 1, "the count of sequences")
    require_whole(frames, 2, "the count of frames")
    require_whole(seed, 0, "the seed")
    require_size(size)
    return [_sequence(hard, split, index, frames, size, seed) for index in range(count)]


def cover_label(visible: float) -> int:
    """0…8 for a visible share of 0…1, as GOT-10k writes it."""
    if visible >= 1:
        return len(_COVER_ENDS) + 1
    return sum(visible > end for end in _COVER_ENDS)


def _sequence(
    hard: Difficulty, split: Split, index: int, frames: int, size: tuple[int, int], seed: int
) -> UavSequence:
    scene = drawn_scene(hard, split, index, frames, seed)
    with one_thread():
        seen = [shown(scene, t) for t in range(frames)]
    across, down = size[1] / SIZE[1], size[0] / SIZE[0]
    corners = np.array(_filled([each.box for each in seen]), dtype=np.float64)
    corners *= np.array([across, down, across, down])
    visible = np.array([each.share for each in seen])
    return UavSequence(
        f"{scene.kind.name}-{index:04}",
        scene.kind.object_class.name,
        UavFrames(scene, size),
        np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1),
        np.array([cover_label(float(share)) for share in visible]),
        visible < _ABSENT,
        np.array([each.is_cut for each in seen]),
        UavMasks(scene, size),
    )


def _filled(boxes: list[PixelBox | None]) -> list[PixelBox]:
    """Every box, the last one where there is none; the first frame has one."""
    filled: list[PixelBox] = []
    for box in boxes:
        filled.append(box if box is not None else filled[-1])
    return filled
