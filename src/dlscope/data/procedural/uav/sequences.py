"""`uav_sequences`: something that moves, seen by a drone that follows it, for trackers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from dlscope.data.procedural.uav.classes import Split, require_split
from dlscope.data.procedural.uav.draws import require_size, require_whole
from dlscope.data.procedural.uav.images import SIZE
from dlscope.data.procedural.uav.light import one_thread
from dlscope.data.procedural.uav.presets import Difficulty, Preset, difficulty
from dlscope.data.procedural.uav.scene import Scene, UavFrames, drawn_scene
from dlscope.data.procedural.uav.sprite import SOLID, PixelBox, Sprite, sprite
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
        seen = [_seen(scene, t) for t in range(frames)]
    across, down = size[1] / SIZE[1], size[0] / SIZE[0]
    corners = np.array(_filled([box for box, _, _ in seen]), dtype=np.float64)
    corners *= np.array([across, down, across, down])
    visible = np.array([share for _, share, _ in seen])
    return UavSequence(
        f"{scene.kind.name}-{index:04}",
        scene.kind.object_class.name,
        UavFrames(scene, size),
        np.concatenate([corners[:, :2], corners[:, 2:] - corners[:, :2]], axis=1),
        np.array([cover_label(float(share)) for share in visible]),
        visible < _ABSENT,
        np.array([is_cut for _, _, is_cut in seen]),
    )


def _seen(scene: Scene, t: int) -> tuple[PixelBox | None, float, bool]:
    """The target's box within the image, its visible share, whether some of it is outside."""
    target = sprite(scene.target_at(t))
    solid = target.alpha_hw >= SOLID
    inside = np.zeros_like(solid)
    rows, columns = _within(target)
    inside[rows, columns] = solid[rows, columns]
    box = Sprite(
        target.left, target.top, target.colors_hwc, np.where(inside, 255, 0).astype(np.uint8)
    ).box()
    is_cut = bool((solid & ~inside).any())
    hiding = scene.hiding_at(t)
    if hiding is not None:
        inside &= ~_covered(target, sprite(hiding))
    return box, float(inside.sum() / solid.sum()), is_cut


def _within(target: Sprite) -> tuple[slice, slice]:
    """Rows and columns of a sprite that are inside the image."""
    height, width = SIZE
    return (
        slice(max(0, -target.top), max(0, height - target.top)),
        slice(max(0, -target.left), max(0, width - target.left)),
    )


def _covered(target: Sprite, over: Sprite) -> NDArray[np.bool_]:
    """Which pixels of a sprite another one hides."""
    covered = np.zeros(target.alpha_hw.shape, dtype=bool)
    height, width = target.alpha_hw.shape
    y, x = over.top - target.top, over.left - target.left
    y0, x0 = max(0, y), max(0, x)
    y1, x1 = min(height, y + over.alpha_hw.shape[0]), min(width, x + over.alpha_hw.shape[1])
    if y0 < y1 and x0 < x1:
        covered[y0:y1, x0:x1] = over.alpha_hw[y0 - y : y1 - y, x0 - x : x1 - x] >= SOLID
    return covered


def _filled(boxes: list[PixelBox | None]) -> list[PixelBox]:
    """Every box, the last one where there is none; the first frame has one."""
    filled: list[PixelBox] = []
    for box in boxes:
        filled.append(box if box is not None else filled[-1])
    return filled
