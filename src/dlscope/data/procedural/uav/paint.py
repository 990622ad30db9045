"""`Paint`: the colors of a sub-category, the same wherever it is seen."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass
from typing import final

from dlscope.data.procedural.uav.figure import Color, darker

_GOLDEN = 0.618034
_SKINS: tuple[Color, ...] = ((224, 178, 144), (186, 132, 96), (128, 84, 58))
_PLAIN: tuple[Color, ...] = (
    (232, 232, 236),
    (40, 40, 44),
    (150, 152, 158),
    (206, 188, 154),
    (34, 48, 84),
    (112, 36, 40),
)
DARK: Color = (32, 32, 36)
GLASS: Color = (52, 66, 82)
LIGHT: Color = (238, 240, 242)


@final
@dataclass(frozen=True)
class Paint:
    """Two colors of cloth or lacquer, and one of skin."""

    main: Color
    second: Color
    skin: Color

    @classmethod
    def of(cls, number: int, offset: float) -> Paint:
        """Colors far apart for numbers that follow; every fourth is a plain one."""
        hue = (offset + number * _GOLDEN) % 1.0
        main = _PLAIN[number // 4 % len(_PLAIN)] if number % 4 == 0 else _rgb(hue, 0.78, 0.86)
        second = _rgb((hue + 0.45) % 1.0, 0.45, 0.42 if number % 2 else 0.72)
        return cls(main, second, _SKINS[number % 3])

    @property
    def shade(self) -> Color:
        """The main color where it is turned from the light."""
        return darker(self.main, 0.62)


def _rgb(hue: float, saturation: float, value: float) -> Color:
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return 255 * red, 255 * green, 255 * blue
