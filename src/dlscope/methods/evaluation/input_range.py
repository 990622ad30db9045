"""`InputRange`: what number a pixel becomes before it enters a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from dlscope.core.manifest import StepSpec
from dlscope.methods.evaluation.step_changes import Steps, step

_STEPS = ("rescale", "normalize")
_BRIGHTEST = 255.0
_SAME_WITHIN = 0.01
Channels = tuple[float, ...]


@dataclass(frozen=True)
class Affine:
    """What black and white become, for each channel (one entry where all are alike)."""

    black: Channels
    white: Channels

    def is_close(self, other: Affine) -> bool:
        """Whether no end differs by more than 1 % of the range of `self`."""
        count = max(len(self.black), len(other.black))
        span = max(abs(w - b) for w, b in zip(self.white, self.black, strict=True)) or 1.0
        ends = zip(
            _spread((*self.black,), count) + _spread((*self.white,), count),
            _spread((*other.black,), count) + _spread((*other.white,), count),
            strict=True,
        )
        return all(abs(a - b) <= _SAME_WITHIN * span for a, b in ends)


@dataclass(frozen=True)
class InputRange:
    """(x − mean) / scale under a name people use; `mean` and `scale` in the order of channels."""

    name: str
    mean: Channels = (0.0,)
    scale: Channels = (1.0,)

    @property
    def affine(self) -> Affine:
        """What black and white become."""
        return _affine((step("normalize", mean=list(self.mean), scale=list(self.scale)),))

    @property
    def step(self) -> StepSpec | None:
        """The step that gives this range; None where pixels stay as they are."""
        if self.mean == (0.0,) and self.scale == (1.0,):
            return None
        return step("normalize", mean=_plain(self.mean), scale=_plain(self.scale))

    @property
    def mean_text(self) -> str:
        """`mean` as a manifest writes it."""
        return _text(self.mean)

    @property
    def scale_text(self) -> str:
        """`scale` as a manifest writes it."""
        return _text(self.scale)

    def reversed(self) -> Self:
        """The same for channels in the opposite order."""
        return type(self)(self.name, self.mean[::-1], self.scale[::-1])


@dataclass(frozen=True)
class DeclaredRange:
    """The range that the steps of a manifest give, and words for it."""

    name: str
    affine: Affine


RANGES = (
    InputRange("raw 0–255"),
    InputRange("x/255", (0.0,), (255.0,)),
    InputRange("(x − 127.5)/127.5", (127.5,), (127.5,)),
    InputRange("ImageNet mean and deviation", (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)),
)
"""The ranges in common use, for channels in the order RGB."""


def declared_range(steps: Steps) -> DeclaredRange | None:
    """What `steps` make of a pixel; None where that is no float, or made by other steps."""
    if not any(_is_float_cast(each) for each in steps):
        return None
    told = [each for each in steps if each.name in _STEPS]
    if any(each.parameters.get("arithmetic") == "uint8" for each in told):
        return None
    return DeclaredRange(" then ".join(map(_words, told)) or RANGES[0].name, _affine(told))


def with_range(steps: Steps, wanted: InputRange) -> Steps | None:
    """`steps` giving the range `wanted`; None where no step makes floats of pixels."""
    casts = [index for index, each in enumerate(steps) if _is_float_cast(each)]
    if not casts:
        return None
    told = [index for index, each in enumerate(steps) if each.name in _STEPS]
    place = told[0] if told else casts[-1] + 1
    new = () if wanted.step is None else (wanted.step,)
    rest = tuple(each for each in steps[place:] if each.name not in _STEPS)
    return (*steps[:place], *new, *rest)


def _is_float_cast(each: StepSpec) -> bool:
    return each.name == "cast" and str(each.parameters.get("to", "")).startswith("float")


def _affine(steps: Sequence[StepSpec]) -> Affine:
    black: Channels = (0.0,)
    white: Channels = (_BRIGHTEST,)
    for each in steps:
        black, white = _applied(each, black), _applied(each, white)
    return Affine(black, white)


def _applied(each: StepSpec, values: Channels) -> Channels:
    told: Mapping[str, Any] = each.parameters
    if each.name == "rescale":
        return tuple(value * float(told["factor"]) for value in values)
    mean, scale = (
        _channels(told.get(name, start)) for name, start in (("mean", 0.0), ("scale", 1.0))
    )
    count = max(len(values), len(mean), len(scale))
    triples = zip(*(_spread(part, count) for part in (values, mean, scale)), strict=True)
    if told.get("order") == "divide_then_subtract":
        return tuple(x / s - m for x, m, s in triples)
    return tuple((x - m) / s for x, m, s in triples)


def _channels(value: Any) -> Channels:
    return tuple(map(float, value)) if isinstance(value, (list, tuple)) else (float(value),)


def _spread(values: Channels, count: int) -> Channels:
    return values * count if len(values) == 1 else values


def _plain(values: Channels) -> float | list[float]:
    return values[0] if len(values) == 1 else list(values)


def _text(values: Channels) -> str:
    numbers = ", ".join(f"{value:g}" for value in values)
    return numbers if len(values) == 1 else f"[{numbers}]"


def _words(each: StepSpec) -> str:
    if each.name == "rescale":
        return f"x · {float(each.parameters['factor']):.4g}"
    mean, scale = (_channels(each.parameters.get(name, 0.0)) for name in ("mean", "scale"))
    mean, scale = (part[:1] if len(set(part)) == 1 else part for part in (mean, scale))
    if mean == (0.0,):
        return f"x/{_text(scale)}"
    return f"(x − {_text(mean)})/{_text(scale)}"
