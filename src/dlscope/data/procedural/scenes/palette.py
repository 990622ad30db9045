"""`Palette`: how things look in a domain, from vivid colors that tell the class to dull ones.

`gap` is how far the domain is from the source, 0…1: colors are blended by it, and where there is
a choice the other domain's is taken with that probability. Hues are 0…180, saturation and value
0…255.
"""

from __future__ import annotations

import colorsys
from collections.abc import Mapping
from typing import final

import numpy as np

from dlscope.data.procedural.scenes.shapes import Color
from dlscope.data.scene_classes import NAMES

Hsv = tuple[float, float, float]

_STUFF: Mapping[str, Hsv] = {
    "road": (120, 22, 96),
    "sidewalk": (150, 30, 150),
    "building": (12, 62, 138),
    "wall": (100, 40, 122),
    "fence": (18, 70, 108),
    "vegetation": (52, 110, 92),
    "terrain": (36, 84, 130),
    "sky": (104, 70, 226),
}
_VIVID_HUES: Mapping[str, tuple[float, ...]] = {
    "car": (118, 112, 124),
    "truck": (18, 22),
    "bus": (4, 176),
    "train": (82, 88),
    "motorcycle": (140, 146),
    "bicycle": (62, 68),
}
_CLOTHES_HUES: Mapping[str, tuple[float, ...]] = {"person": (165, 158), "rider": (28, 32)}
_SIGN_HUES: Mapping[int, float] = {3: 0.0, 4: 110.0, 14: 174.0}
_LIGHT_BOX: Hsv = (26, 230, 225)
_DARK_BOX: Hsv = (20, 25, 45)
_POLE: Hsv = (100, 18, 120)


@final
class Palette:
    """The colors of one image, drawn from its generator in the order in which they are asked."""

    def __init__(self, draw: np.random.Generator, gap: float) -> None:
        self._draw = draw
        self.gap = gap
        self._stuff = {name: self._stuff_color(base) for name, base in _STUFF.items()}

    def stuff(self, name: str, *, spread: float = 0.0) -> Color:
        """The color of a class of stuff; `spread` lets parts of it differ in brightness."""
        red, green, blue = self._stuff[name]
        factor = 1 + self._draw.uniform(-spread, spread)
        return red * factor, green * factor, blue * factor

    def vehicle(self, class_id: int) -> Color:
        """Paint: hues of the class in the source, mostly greys of any class in the target."""
        vivid = self._of_hues(_VIVID_HUES[NAMES[class_id]], (170, 255), (150, 245))
        is_grey = self._draw.random() < 0.65
        saturation = self._draw.uniform(0, 18) if is_grey else self._draw.uniform(30, 90)
        dull = _rgb((self._draw.uniform(0, 180), saturation, self._draw.uniform(35, 215)))
        return self._blended(vivid, dull)

    def clothes(self, class_id: int) -> tuple[Color, Color]:
        """What somebody wears above and below."""
        hues = _CLOTHES_HUES[NAMES[class_id]]
        vivid = self._of_hues(hues, (150, 255), (140, 230))
        hue, value = self._draw.uniform(0, 180), self._draw.uniform(40, 190)
        dull = _rgb((hue, self._draw.uniform(10, 110), value))
        above = self._blended(vivid, dull)
        darker = self._between((0.75, 0.9), (0.35, 0.7))
        red, green, blue = above
        return above, (red * darker, green * darker, blue * darker)

    def skin(self) -> Color:
        """The color of a face."""
        return _rgb((self._draw.uniform(8, 14), self._draw.uniform(70, 130), 190))

    def sign(self, corners: int) -> Color:
        """One vivid color for each shape in the source."""
        vivid = _rgb((_SIGN_HUES[corners], 225, 215))
        dull = _rgb((self._draw.uniform(0, 180), self._draw.uniform(10, 90), 150))
        return self._blended(vivid, dull)

    def light_box(self) -> Color:
        """Yellow in the source, dark in the target."""
        return self._blended(_rgb(_LIGHT_BOX), _rgb(_DARK_BOX))

    def pole(self) -> Color:
        """Grey, darker and more varied in the target."""
        hue, saturation, value = _POLE
        other = (hue, saturation, value + self._draw.uniform(-60, 40))
        return self._blended(_rgb((hue, 2.5 * saturation, value + 40)), _rgb(other))

    def window(self) -> Color:
        """Bluish panes in the source, dark ones in the target."""
        return self._blended(_rgb((106, 120, 190)), _rgb((100, 25, self._draw.uniform(45, 120))))

    def takes_other(self) -> bool:
        """Whether a choice is made as in the target."""
        return bool(self._draw.random() < self.gap)

    def _between(self, source: tuple[float, float], target: tuple[float, float]) -> float:
        here, there = self._draw.uniform(*source), self._draw.uniform(*target)
        return float((1 - self.gap) * here + self.gap * there)

    def _stuff_color(self, base: Hsv) -> Color:
        hue, saturation, value = base
        hue += self._draw.uniform(-5, 5)
        vivid = (hue, saturation * self._draw.uniform(1.5, 2), value + self._draw.uniform(-20, 20))
        pale = (hue, saturation * self._draw.uniform(0.5, 1), value + self._draw.uniform(-30, 30))
        return self._blended(_rgb(vivid), _rgb(pale))

    def _of_hues(
        self, hues: tuple[float, ...], saturation: tuple[float, float], value: tuple[float, float]
    ) -> Color:
        hue = float(self._draw.choice(hues)) + self._draw.uniform(-2, 2)
        return _rgb((hue, self._draw.uniform(*saturation), self._draw.uniform(*value)))

    def _blended(self, source: Color, target: Color) -> Color:
        red, green, blue = (
            (1 - self.gap) * here + self.gap * there
            for here, there in zip(source, target, strict=True)
        )
        return red, green, blue


def _rgb(hsv: Hsv) -> Color:
    hue, saturation, value = hsv
    red, green, blue = colorsys.hsv_to_rgb(
        hue % 180 / 180, min(max(saturation, 0), 255) / 255, min(max(value, 0), 255)
    )
    return red, green, blue
