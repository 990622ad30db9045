"""Where target, look-alikes, camera and what hides them are in each frame.

Positions are [T, 2] in px, x before y: on the ground at a zoom of 1, or in the image. T frames.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from dlscope.data.procedural.uav.presets import Difficulty

Array: TypeAlias = NDArray[np.float64]
_MEMORY = 0.95
_PULL_TO_MIDDLE, _PULL_TO_TARGET = 0.04, 0.02
_START, _NEAR_PX, _EDGE_PX = 0.16, 130.0, 3.0
_PASSING, _ABSENT = 0.2, 0.3


@final
@dataclass(frozen=True)
class Motion:
    """Of each frame: the target in the image, camera, light, and what else is in the image.

    `camera_t23` takes points of the image to those of the ground, as `cv2.warpAffine` wants it.
    `hidden_by_t2` is the middle of what passes before the target, None where nothing does.
    """

    target_t2: Array
    zoom_t: Array
    target_turn_t: Array
    camera_t23: Array
    brightness_t: Array
    lookalikes_kt2: Array
    hidden_by_t2: Array | None


def motion(
    draw: np.random.Generator,
    hard: Difficulty,
    frames: int,
    sides: tuple[float, float],
    *,
    size: tuple[int, int],
    ground: tuple[int, int],
    is_occluded: bool,
    is_leaving: bool,
) -> Motion:
    """A motion of a target of `sides` at a zoom of 1, in images and on a ground (height, width)."""
    low, high = hard.zoom
    zoom = math.sqrt(low * high) * (high / low) ** (0.5 * _wave(draw, frames))
    camera_turn = hard.turn_degrees * _wave(draw, frames)
    radius_t = math.hypot(*sides) / 2 * zoom
    offset = _offset(draw, hard.speed_px, radius_t, size)
    if is_leaving:
        offset = _leaving(draw, offset, radius_t, size)
    on_ground = _roaming(draw, hard.speed_px, frames, ground)
    target = offset + np.array([size[1] / 2, size[0] / 2])
    to_ground = _to_ground(camera_turn, zoom)
    camera = np.concatenate(
        [to_ground, (on_ground - _applied(to_ground, target))[:, :, None]], axis=2
    )
    to_image = np.asarray(np.linalg.inv(to_ground), dtype=np.float64)
    others = [
        target + _applied(to_image, _beside(draw, hard.speed_px, frames))
        for _ in range(hard.lookalikes)
    ]
    return Motion(
        target,
        zoom,
        camera_turn + 0.3 * hard.turn_degrees * _wave(draw, frames),
        camera,
        1 + hard.drift * _wave(draw, frames),
        np.array(others).reshape(-1, frames, 2),
        _passing(draw, target, radius_t) if is_occluded else None,
    )


def _wave(draw: np.random.Generator, frames: int) -> Array:
    """A slow sine within ±1."""
    period, phase = draw.uniform(60, 160), draw.uniform(0, 2 * math.pi)
    return np.array([math.sin(2 * math.pi * t / period + phase) for t in range(frames)])


def _velocities(draw: np.random.Generator, speed: float, frames: int) -> Array:
    """Autoregressive: each frame keeps 0.95 of the last; the deviation stays `speed`."""
    steps = speed * draw.standard_normal((frames, 2))
    steps[1:] *= math.sqrt(1 - _MEMORY**2)
    for t in range(1, frames):
        steps[t] += _MEMORY * steps[t - 1]
    return np.asarray(steps)


def _offset(
    draw: np.random.Generator, speed: float, radius_t: Array, size: tuple[int, int]
) -> Array:
    """The target from the middle of the image: it drifts, and the camera goes after it."""
    half = np.array([size[1], size[0]]) / 2
    place = _START * 2 * half * draw.standard_normal(2)
    steps = _velocities(draw, speed, len(radius_t))
    offset = np.empty((len(radius_t), 2))
    for t, radius in enumerate(radius_t):
        most = np.maximum(half - radius - _EDGE_PX, 0)
        place = np.clip(place, -most, most)
        offset[t] = place
        place = (1 - _PULL_TO_MIDDLE) * place + steps[t]
    return offset


def _leaving(
    draw: np.random.Generator, offset: Array, radius_t: Array, size: tuple[int, int]
) -> Array:
    """Out over an edge and back; about a third of the frames are on the way."""
    frames = len(offset)
    side, axis = (1.0 if draw.random() < 0.5 else -1.0), int(draw.integers(2))
    start = draw.uniform(0.35, 0.6) * frames
    place = np.clip((np.arange(frames) - start) / (_ABSENT * frames), 0, 1)
    share = np.array([math.sin(math.pi * p) ** 2 for p in place])
    beyond = side * ((size[1], size[0])[axis] / 2 + radius_t + 2 * _EDGE_PX)
    moved = offset.copy()
    moved[:, axis] = (1 - share) * offset[:, axis] + share * beyond
    return moved


def _roaming(
    draw: np.random.Generator, speed: float, frames: int, ground: tuple[int, int]
) -> Array:
    """A way over the ground that turns round before its edges."""
    far = np.array([ground[1], ground[0]], dtype=np.float64)
    place = far * draw.uniform(0.35, 0.65, 2)
    sign = np.ones(2)
    way = np.empty((frames, 2))
    for t, step in enumerate(_velocities(draw, speed, frames)):
        is_out = ((place < 0.25 * far) & (sign * step < 0)) | (
            (place > 0.75 * far) & (sign * step > 0)
        )
        sign = np.where(is_out, -sign, sign)
        way[t] = place
        place = place + sign * step
    return way


def _beside(draw: np.random.Generator, speed: float, frames: int) -> Array:
    """From the target to another object, on the ground: it is drawn back to the target."""
    place = draw.uniform(-_NEAR_PX, _NEAR_PX, 2)
    way = np.empty((frames, 2))
    for t, step in enumerate(_velocities(draw, speed, frames)):
        way[t] = place
        place = (1 - _PULL_TO_TARGET) * place + step
    return way


def _passing(draw: np.random.Generator, target: Array, radius_t: Array) -> Array:
    """Something that crosses the target, over a fifth of the frames, not at the beginning."""
    frames = len(target)
    angle, middle = draw.uniform(0, 2 * math.pi), draw.uniform(0.4, 0.8) * frames
    across = np.array([math.cos(angle), math.sin(angle)])
    # Both are about as large: they touch from −2 to +2 radii.
    pace = 4 * radius_t.max() / max(1.0, _PASSING * frames)
    return np.asarray(target + ((np.arange(frames) - middle) * pace)[:, None] * across)


def _to_ground(turn_t: Array, zoom_t: Array) -> Array:
    """Directions in the image as directions on the ground, [T, 2, 2]."""
    matrices = [
        [[math.cos(a) / z, math.sin(a) / z], [-math.sin(a) / z, math.cos(a) / z]]
        for a, z in zip(np.radians(turn_t), zoom_t, strict=True)
    ]
    return np.array(matrices)


def _applied(matrices_t22: Array, points_t2: Array) -> Array:
    return np.asarray((matrices_t22 @ points_t2[:, :, None])[:, :, 0])
