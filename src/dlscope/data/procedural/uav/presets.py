"""How hard sequences are to follow: `easy`, `hard`, or a `Difficulty` of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeAlias, final

from dlscope.core.errors import DataError, did_you_mean

Preset: TypeAlias = Literal["easy", "hard"]
_LEAST_ZOOM, _MOST_ZOOM = 0.25, 4.0


@final
@dataclass(frozen=True)
class Difficulty:
    """What makes a target hard to follow.

    `speed_px` is the deviation of its motion in px a frame, on the ground and in the image each.
    `contrast` is the least difference from the ground, of 255, in the channel that differs most.
    Camera and target turn up to `turn_degrees` either way and the camera zooms within `zoom`;
    the brightness changes by up to `drift` of itself. `occluded` and `leaving` are the shares of
    sequences in which something passes before the target, and in which it leaves the image.
    """

    lookalikes: int = 0
    speed_px: float = 3.0
    contrast: float = 60.0
    turn_degrees: float = 10.0
    zoom: tuple[float, float] = (0.8, 1.25)
    drift: float = 0.0
    occluded: float = 0.1
    leaving: float = 0.05

    def __post_init__(self) -> None:
        for wrong, what, fix in (
            (not 0 <= self.lookalikes <= 5, f"{self.lookalikes} look-alikes", "ask for 0 to 5"),
            (self.speed_px < 0, f"a speed of {self.speed_px} px", "give 0 px a frame or more"),
            (
                not _LEAST_ZOOM <= self.zoom[0] <= self.zoom[1] <= _MOST_ZOOM,
                f"a zoom from {self.zoom[0]} to {self.zoom[1]}",
                f"give the smaller one first, within {_LEAST_ZOOM} and {_MOST_ZOOM}",
            ),
            (not 0 <= self.drift < 1, f"a drift of {self.drift}", "give a share below 1"),
            (
                not (0 <= self.occluded <= 1 and 0 <= self.leaving <= 1),
                f"shares of {self.occluded} occluded and {self.leaving} leaving",
                "give shares from 0 to 1",
            ),
        ):
            if wrong:
                raise DataError(what, where="uav-synth, difficulty", fix=fix)


PRESETS: Mapping[Preset, Difficulty] = MappingProxyType(
    {
        "easy": Difficulty(),
        "hard": Difficulty(
            lookalikes=3,
            speed_px=4.0,
            contrast=30.0,
            turn_degrees=30.0,
            zoom=(0.6, 1.4),
            drift=0.4,
            occluded=0.2,
        ),
    }
)


def difficulty(preset: Preset | Difficulty) -> Difficulty:
    """The difficulty of a preset. Raises `DataError` for a name that there is not."""
    if isinstance(preset, Difficulty):
        return preset
    if preset not in PRESETS:
        raise DataError(
            f"there is no preset {preset!r}",
            where="uav-synth",
            fix=did_you_mean(preset, PRESETS),
        )
    return PRESETS[preset]
