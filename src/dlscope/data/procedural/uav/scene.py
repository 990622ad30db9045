"""`Scene`: everything that a sequence shows; `UavFrames`: its images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import final

import cv2
import numpy as np

from dlscope.data.procedural.uav.classes import Split, classes_of
from dlscope.data.procedural.uav.draws import generator
from dlscope.data.procedural.uav.figure import Figure, darker, ellipse
from dlscope.data.procedural.uav.ground import ground
from dlscope.data.procedural.uav.images import SIZE, resized, told_apart
from dlscope.data.procedural.uav.light import Light, one_thread
from dlscope.data.procedural.uav.looks import look
from dlscope.data.procedural.uav.motion import Motion, motion
from dlscope.data.procedural.uav.placing import Kind, drawn_kind, drawn_sides
from dlscope.data.procedural.uav.presets import Difficulty
from dlscope.data.procedural.uav.sprite import Picture, lay, mean_color, sprite

GROUND_SIZE = (1080, 1920)
_LEAST_PX, _MOST_SHARE = 12.0, 0.35
_SHADOW, _DARK = (3, 3), 100
_HIDING = 1.25


@final
@dataclass(frozen=True)
class Scene:
    """A target of some kind, other objects and what hides it, on a ground, in some light.

    Figures are about the origin, as large as they are at a zoom of 1.
    """

    seed: int
    split: Split
    index: int
    kind: Kind
    contrast: float
    target: Figure
    lookalikes: tuple[Figure, ...]
    hiding: Figure
    light: Light
    motion: Motion

    def target_at(self, t: int) -> Figure:
        """The target in frame `t`, in px of the image, in colors that no ground has changed yet."""
        return self._at(self.target, self.motion.target_t2[t], t)

    def hiding_at(self, t: int) -> Figure | None:
        """What passes before the target, None where nothing does."""
        if self.motion.hidden_by_t2 is None:
            return None
        x, y = self.motion.hidden_by_t2[t]
        return self.hiding.at(x, y, float(self.motion.zoom_t[t]))

    def picture(self, t: int) -> Picture:
        """Frame `t`, [360, 640, 3]."""
        picture = self._ground_at(t)
        for place, other in enumerate(self.lookalikes):
            lay(picture, sprite(self._at(other, self.motion.lookalikes_kt2[place, t], t)))
        target = sprite(self._at(self._dressed, self.motion.target_t2[t], t))
        lay(picture, target.shadow(*_SHADOW, _DARK))
        lay(picture, target)
        hiding = self.hiding_at(t)
        if hiding is not None:
            lay(picture, sprite(hiding))
        draw = generator(self.seed, "frame", self.split, self.index, t)
        return self.light.on(picture, draw, drift=float(self.motion.brightness_t[t]))

    @cached_property
    def _dressed(self) -> Figure:
        """The target in colors that differ enough from the ground where it begins."""
        x, y = self.motion.target_t2[0]
        around = (x - 20, y - 20, x + 20, y + 20)
        return told_apart(self.target, mean_color(self._ground_at(0), around), self.contrast)

    def _at(self, figure: Figure, place: np.ndarray, t: int) -> Figure:
        turned = figure.turned(float(self.motion.target_turn_t[t]))
        return turned.at(float(place[0]), float(place[1]), float(self.motion.zoom_t[t]))

    def _ground_at(self, t: int) -> Picture:
        how = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        size = (SIZE[1], SIZE[0])
        whole = _ground(self.seed, self.split, self.index)
        edge = cv2.BORDER_REFLECT_101
        camera = self.motion.camera_t23[t]
        return np.asarray(cv2.warpAffine(whole, camera, size, flags=how, borderMode=edge))


@final
@dataclass(frozen=True)
class UavFrames:
    """The images [H, W, 3] of a sequence, red first, each made when it is asked for."""

    scene: Scene
    size: tuple[int, int]

    def __len__(self) -> int:
        return len(self.scene.motion.zoom_t)

    def __getitem__(self, t: int, /) -> Picture:
        """Frame `t`. Raises IndexError outside 0 … T − 1."""
        if not 0 <= t < len(self):
            raise IndexError(t)
        with one_thread():
            return resized(self.scene.picture(t), (), self.size)[0]

    def __iter__(self) -> Iterator[Picture]:
        return (self[t] for t in range(len(self)))


def drawn_scene(hard: Difficulty, split: Split, index: int, frames: int, seed: int) -> Scene:
    """The scene of sequence `index` of a split."""
    draw = generator(seed, "sequence", split, index)
    kind = drawn_kind(draw, split)
    figure = look(kind.object_class.name, kind.number)
    sides = _bounded(drawn_sides(draw, kind.object_class, SIZE))
    occluded, leaving = generator(seed, "sequence", split).random(2)
    made = motion(
        draw,
        hard,
        frames,
        sides,
        size=SIZE,
        ground=GROUND_SIZE,
        is_occluded=_is_chosen(index, hard.occluded, occluded),
        is_leaving=_is_chosen(index, hard.leaving, leaving),
    )
    return Scene(
        seed,
        split,
        index,
        kind,
        hard.contrast,
        figure.filling(*sides),
        tuple(_lookalike(draw, split, kind, sides) for _ in range(hard.lookalikes)),
        _bush(draw, _HIDING * max(sides)),
        Light.drawn(draw),
        made,
    )


def _is_chosen(index: int, share: float, phase: float) -> bool:
    """Whether a sequence is of those that have something: evenly spread, each known by itself."""
    return (phase + index * share) % 1 < share


def _bounded(sides: tuple[float, float]) -> tuple[float, float]:
    """Large enough to be followed at any zoom, small enough to turn within the image."""
    most = _MOST_SHARE * SIZE[0]
    width, height = (min(most, max(_LEAST_PX, side)) for side in sides)
    return width, height


def _lookalike(
    draw: np.random.Generator, split: Split, kind: Kind, sides: tuple[float, float]
) -> Figure:
    """An object of another class, about as large and in the colors of the target on average."""
    others = [each for each in classes_of(split) if each.name != kind.object_class.name]
    other = others[draw.integers(len(others))]
    numbers = other.numbers(split)
    figure = look(other.name, numbers[draw.integers(len(numbers))])
    target = look(kind.object_class.name, kind.number)
    shift = np.mean(target.colors, axis=0) - np.mean(figure.colors, axis=0)
    width, height = (side * draw.uniform(0.8, 1.2) for side in sides)
    return figure.filling(width, height).shifted(*shift)


def _bush(draw: np.random.Generator, across: float) -> Figure:
    """The crown of a tree: a few round spots of dark green, the first one as wide as it is."""
    green = darker((56.0, 92.0, 44.0), draw.uniform(0.6, 1.2))
    radius = across / 2
    spots = [ellipse(green, 0, 0, radius, radius)]
    for _ in range(9):
        x, y = draw.uniform(-0.6, 0.6, 2) * radius
        small = draw.uniform(0.25, 0.5) * radius
        spots.append(ellipse(darker(green, draw.uniform(0.7, 1.35)), x, y, small, small))
    return Figure.of(*spots)


@lru_cache(maxsize=4)
def _ground(seed: int, split: Split, index: int) -> Picture:
    return ground(generator(seed, "ground", split, 1_000_000 + index), GROUND_SIZE)
