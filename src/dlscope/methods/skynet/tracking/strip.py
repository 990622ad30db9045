"""`strip`: some frames of each sequence with the boxes of all trackers, as one picture.

A tracker with masks is shown by the turned rectangles around them.

Letters: H, W size of a frame in the picture; boxes are x, y, width, height in pixels.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import cv2
import numpy as np
from PIL import Image

from dlscope.core.report import Picture
from dlscope.methods.skynet.tracking.report import Tracks
from dlscope.methods.skynet.tracking.running import Track
from dlscope.methods.skynet.tracking.sequences import Sequence as Followed
from dlscope.methods.skynet.tracking.tracker import BoxXywh, Pixels, rgb

_COLUMNS, _MOST_ROWS = 5, 8
_WIDTH, _GAP = 240, 4
_TRUTH = ("truth", (255, 255, 255))
_COLORS = (
    ("orange", (255, 140, 0)),
    ("blue", (40, 120, 255)),
    ("pink", (255, 90, 200)),
    ("green", (60, 200, 90)),
)


def strip(sequences: Sequence[Followed], tracks: Tracks) -> Picture:
    """A row for each of at most eight sequences, its first frame on the left, its last right."""
    colored = dict(zip(tracks, _COLORS, strict=False))
    rows = [_row(each, index, tracks) for index, each in enumerate(sequences[:_MOST_ROWS])]
    width = max(row.shape[1] for row in rows)
    gap = np.full((_GAP, width, 3), 255, np.uint8)
    parts: list[Pixels] = []
    for row in rows:
        wide = np.full((row.shape[0], width, 3), 255, np.uint8)
        wide[:, : row.shape[1]] = row
        parts += [wide, gap]
    legend = ", ".join(
        [f"{_TRUTH[0]} white", *(f"{name} {color}" for name, (color, _) in colored.items())]
    )
    names = ", ".join(each.name for each in sequences[:_MOST_ROWS])
    return Picture(
        "tracks",
        "Boxes in some frames of each sequence",
        _jpeg(np.vstack(parts[:-1])),
        alt=f"Frames of {names} with boxes: {legend}",
        caption=f"One sequence in each row, from its first frame to its last. Boxes: {legend}.",
    )


def _row(sequence: Followed, index: int, tracks: Tracks) -> Pixels:
    count = len(sequence.frames)
    shown = np.unique(np.linspace(0, count - 1, _COLUMNS).round().astype(int))
    frames = []
    for frame in shown.tolist():
        image_hwc = rgb(sequence.frames[frame])
        scale = _WIDTH / image_hwc.shape[1]
        small = cv2.resize(
            image_hwc, (_WIDTH, round(image_hwc.shape[0] * scale)), interpolation=cv2.INTER_AREA
        )
        if sequence.cover[frame] > 0:
            _draw(small, sequence.boxes_xywh[frame], _TRUTH[1], scale)
        for (_, of), (_, color) in zip(tracks.items(), _COLORS, strict=False):
            _draw_track(small, of[index], frame, color, scale)
        frames += [small, np.full((small.shape[0], _GAP, 3), 255, np.uint8)]
    return np.hstack(frames[:-1])


def _draw_track(
    image_hwc: Pixels, track: Track, frame: int, color: tuple[int, int, int], scale: float
) -> None:
    """The turned rectangle of a frame where there is one, else its box."""
    corners_42 = None if track.corners_t42 is None else track.corners_t42[frame]
    if corners_42 is None or not np.isfinite(corners_42).all():
        _draw(image_hwc, track.boxes_t4[frame], color, scale)
        return
    polygon = np.rint(corners_42 * scale).astype(np.int32)
    cv2.polylines(image_hwc, [polygon], True, color, 1)


def _draw(
    image_hwc: Pixels, box: BoxXywh | np.ndarray, color: tuple[int, int, int], scale: float
) -> None:
    """A frame around a box; one with NaN is left out."""
    corners = np.array([box[0], box[1], box[0] + box[2], box[1] + box[3]], dtype=np.float64)
    if not np.isfinite(corners).all():
        return
    left, top, right, bottom = np.clip(corners * scale, -9999, 9999).round().astype(int).tolist()
    if color == _TRUTH[1]:  # white is not to be seen on snow without an edge
        cv2.rectangle(image_hwc, (left, top), (right, bottom), (0, 0, 0), 3)
    cv2.rectangle(image_hwc, (left, top), (right, bottom), color, 1)


def _jpeg(image_hwc: Pixels) -> bytes:
    file = io.BytesIO()
    Image.fromarray(image_hwc).save(file, "JPEG", quality=88)
    return file.getvalue()
