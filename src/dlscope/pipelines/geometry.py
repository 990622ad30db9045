"""Where a picture is cut and how large it becomes: pure arithmetic on sizes and boxes.

A size is (height, width); a box is (left, top, right, bottom) in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Literal

from dlscope.pipelines.base import Box, Value

Size = tuple[int, int]
Extent = tuple[float, float]
Corner = Literal["center", "top_left", "top_right", "bottom_left", "bottom_right"]
ResizeMode = Literal[
    "exact", "short_side", "long_side", "max_dimension", "height", "letterbox", "multiple"
]
Rounding = Literal["floor", "round", "ceil"]

ROUNDINGS: dict[str, Callable[[Fraction], int]] = {
    "floor": math.floor,
    "round": lambda value: math.floor(value + Fraction(1, 2)),
    "ceil": math.ceil,
}
"""How a side becomes whole; halves round up."""


def target_size(
    extent: Extent, mode: ResizeMode, size: Size | None, multiple: int | None, rounding: Rounding
) -> Size:
    """Size of the picture after `mode` is applied to one of (height, width) `extent`.

    For `letterbox` it is the size of the picture within the box, for `multiple` each side rounded
    up to a multiple. Computed in fractions, so that 341 · 512 / 341 is 512 exactly.
    """
    height, width = (Fraction(side) for side in extent)
    if mode == "multiple":
        step = multiple or 1
        return math.ceil(height / step) * step, math.ceil(width / step) * step
    if size is None or mode == "exact":
        return size or (int(height), int(width))
    match mode:
        case "short_side":
            factor = size[0] / min(height, width)
        case "long_side":
            factor = size[0] / max(height, width)
        case "max_dimension":
            factor = min(Fraction(1), size[0] / max(height, width))
        case "height":
            factor = size[0] / height
        case _:
            factor = min(size[0] / height, size[1] / width)
    whole = ROUNDINGS[rounding]
    return max(1, whole(height * factor)), max(1, whole(width * factor))


def crop_extent(extent: Extent, ratio: float, *, square: bool) -> Extent:
    """(height, width) of the part of `extent` that a crop by `ratio` keeps."""
    height, width = extent
    if square:
        side = ratio * min(height, width)
        return side, side
    return ratio * height, ratio * width


def crop_box(extent: Extent, part: Extent, corner: Corner) -> Box:
    """The box of (height, width) `part` within `extent`; its ends are fractions where they are.

    Centred, the box is ((w−p)/2, (h−q)/2, (w+p)/2, (h+q)/2) for a part of width p and height q.
    """
    (height, width), (tall, wide) = extent, part
    if corner == "center":
        return (
            (width - wide) / 2,
            (height - tall) / 2,
            (width + wide) / 2,
            (height + tall) / 2,
        )
    left = width - wide if corner.endswith("right") else 0.0
    top = height - tall if corner.startswith("bottom") else 0.0
    return left, top, left + wide, top + tall


def cut(value: Value, left: float, top: float) -> Value:
    """`value` with the placement of a picture whose corner moved to (`left`, `top`)."""
    (scale_x, scale_y), (offset_x, offset_y) = value.scale, value.offset
    return value.with_data(value.data, offset=(offset_x + left * scale_x, offset_y + top * scale_y))


def scaled(value: Value, box: Box, size: Size) -> Value:
    """`value` with the placement of a picture whose `box` was resized to `size`."""
    left, top, right, bottom = box
    height, width = size
    moved = cut(value, left, top)
    scale_x, scale_y = value.scale
    return moved.with_data(
        value.data,
        region=None,
        scale=(scale_x * (right - left) / width, scale_y * (bottom - top) / height),
    )
