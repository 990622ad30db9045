"""Steps on pictures: from encoded bytes to pixels of the right colour and size.

Pixels are uint8, axes HWC (H height, W width, C channels: 3, or 1 for GRAY).
"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Any, ClassVar, Literal, Self, final

import numpy as np
from numpy.typing import NDArray
from pydantic import BeforeValidator, Field, model_validator

from dlscope.core.manifest.base import refuse as refuse_field
from dlscope.pipelines.base import Box, Spec, Step, StepContext, Value, as_array
from dlscope.pipelines.color import ColorMode, convert_color
from dlscope.pipelines.decoding import LARGEST_PIXELS, decode_picture
from dlscope.pipelines.geometry import (
    ROUNDINGS,
    Corner,
    Extent,
    ResizeMode,
    Rounding,
    Size,
    crop_box,
    crop_extent,
    cut,
    scaled,
    target_size,
)
from dlscope.pipelines.requirements import (
    encoded_bytes,
    require_kind,
    require_pixels,
)
from dlscope.pipelines.resampling import KERNELS, Method, interpolate, resize_with_pillow


def _both_sides(value: Any) -> Any:
    return (value, value) if isinstance(value, int) else value


Side = Annotated[int, Field(gt=0)]
Sides = Annotated[tuple[Side, Side], BeforeValidator(_both_sides)]
"""(height, width) in pixels; one number stands for both."""


@final
class Decode(Step):
    """Encoded bytes, or pixels that a data set holds as they are, → pixels.

    `idct`, `upsample` and `on_truncated` have the one value that Pillow offers per picture.
    """

    step: ClassVar[str] = "decode"
    backend: Literal["pillow"] = "pillow"
    color: Literal["RGB", "BGR", "GRAY"] = "RGB"
    idct: Literal["islow"] = "islow"
    upsample: Literal["fancy"] = "fancy"
    exif: Literal["apply", "ignore"] = "apply"
    alpha: Literal["drop", "composite_white"] = "drop"
    max_pixels: Annotated[int, Field(gt=0, le=LARGEST_PIXELS)] = 178956970
    on_truncated: Literal["error"] = "error"

    def _infer(self, spec: Spec) -> Spec:
        require_kind(self, spec, "encoded")
        channels = 1 if self.color == "GRAY" else 3
        shape = (None, None, channels)
        return Spec("image", "uint8", "HWC", shape, color=self.color, lo=0.0, hi=255.0)

    def _apply(self, value: Value, _context: StepContext) -> Value:
        pixels = self._as_it_is(value.data)
        if pixels is None:
            pixels = decode_picture(
                encoded_bytes(self, value.data),
                gray=self.color == "GRAY",
                upright=self.exif == "apply",
                on_white=self.alpha == "composite_white",
                max_pixels=self.max_pixels,
            )
        if self.color == "BGR":
            pixels = np.ascontiguousarray(pixels[:, :, ::-1])
        height, width = pixels.shape[:2]
        return value.with_data(pixels, axes="HWC", color=self.color, original_size=(width, height))

    def _as_it_is(self, data: Any) -> NDArray[np.uint8] | None:
        """The pixels of an item that is no file but an array of them; None for anything else."""
        if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.ndim != 3:
            return None
        modes: dict[int, ColorMode] = {1: "GRAY", 3: "RGB"}
        held = modes.get(data.shape[2])
        wanted: ColorMode = "GRAY" if self.color == "GRAY" else "RGB"
        return None if held is None else convert_color(data, held, wanted, full=True)


@final
class Color(Step):
    """The same picture in another colour mode; YCBCR is BT.601."""

    step: ClassVar[str] = "color"
    to: ColorMode
    range: Literal["full", "studio"] = "full"

    def _infer(self, spec: Spec) -> Spec:
        require_pixels(self, spec)
        shape = (*spec.shape[:2], 1 if self.to == "GRAY" else 3)
        return replace(spec, color=self.to, shape=shape)

    def _apply(self, value: Value, _context: StepContext) -> Value:
        pixels = convert_color(
            as_array(value), value.color or "RGB", self.to, full=self.range == "full"
        )
        return value.with_data(pixels, color=self.to)


@final
class Crop(Step):
    """A part of the picture: `size` pixels, or a `ratio` of it.

    With `ratio`, `region: square` keeps a square of side ratio · min(height, width), and
    `region: same_aspect` the ratio of each side. `offset_rounding: none` keeps the fractional
    ends of the box, cuts nothing yet, and leaves the box to the resize that must follow.
    """

    step: ClassVar[str] = "crop"
    method: Corner = "center"
    size: Sides | None = None
    ratio: Annotated[float, Field(gt=0, le=1)] | None = None
    region: Literal["square", "same_aspect"] = "square"
    offset_rounding: Literal["floor", "round", "none"] = "floor"
    pad_if_smaller: bool = False

    @model_validator(mode="after")
    def _one_extent(self) -> Self:
        if (self.size is None) == (self.ratio is None):
            raise refuse_field("crop takes either size or ratio", "write crop: {size: 224}")
        if self.pad_if_smaller and (self.size is None or self.offset_rounding == "none"):
            raise refuse_field(
                "pad_if_smaller needs size and whole offsets",
                "give size, and offset_rounding floor or round",
            )
        return self

    def _infer(self, spec: Spec) -> Spec:
        require_pixels(self, spec)
        height, width, channels = spec.shape
        if self.offset_rounding == "none":
            return replace(spec, shape=(None, None, channels), region=True)
        sides: tuple[int | None, int | None] = self.size or (None, None)
        if self.size is None and height is not None and width is not None:
            sides = self._whole_part((height, width))
        return replace(spec, shape=(*sides, channels))

    def _apply(self, value: Value, _context: StepContext) -> Value:
        pixels = as_array(value)
        extent = pixels.shape[:2]
        if self.offset_rounding == "none":
            box = crop_box(extent, self._part(extent), self.method)
            self._check_inside(box, extent)
            return value.with_data(pixels, region=box)
        height, width = self._whole_part(extent)
        left, top = self._whole_corner(crop_box(extent, (height, width), self.method))
        if not self.pad_if_smaller:
            self._check_inside((left, top, left + width, top + height), extent)
        part = _cut_out(pixels, left, top, (height, width))
        return cut(value, left, top).with_data(part)

    def _part(self, extent: Extent) -> Extent:
        if self.size is not None:
            return self.size
        return crop_extent(extent, self.ratio or 1.0, square=self.region == "square")

    def _whole_part(self, extent: Size) -> Size:
        height, width = self._part(extent)
        return max(1, self._whole(height)), max(1, self._whole(width))

    def _whole_corner(self, box: Box) -> tuple[int, int]:
        return self._whole(box[0]), self._whole(box[1])

    def _whole(self, number: float) -> int:
        return ROUNDINGS[self.offset_rounding](Fraction(number))

    def _check_inside(self, box: Box, extent: Size) -> None:
        left, top, right, bottom = box
        if left < 0 or top < 0 or right > extent[1] or bottom > extent[0]:
            raise self._spoiled(
                f"the picture of {extent[1]} × {extent[0]} pixels is smaller than the crop of "
                f"{right - left:g} × {bottom - top:g}",
                "resize before the crop, or set pad_if_smaller: true",
            )


@final
class Resize(Step):
    """The picture at another size.

    exact          to `size`
    short_side     so that the shorter side is `size`
    long_side      so that the longer side is `size`
    max_dimension  as long_side, but never larger than it is
    height         so that the height is `size`, however wide it becomes (lines of text)
    letterbox      into `size` with its aspect kept, centred, the rest filled with `fill`
    multiple       each side up to the next multiple of `multiple`

    `rounding` makes the other side whole. Without `antialias` each pixel is interpolated between
    its nearest neighbours only; nearest never antialiases. `area` is Pillow's box filter.
    """

    step: ClassVar[str] = "resize"
    size: Sides | None = None
    mode: ResizeMode = "exact"
    method: Method = "bilinear"
    antialias: bool = True
    rounding: Rounding = "floor"
    coordinates: Literal["half_pixel"] = "half_pixel"
    backend: Literal["pillow"] = "pillow"
    multiple: Side | None = None
    fill: Annotated[int, Field(ge=0, le=255)] = 114

    @model_validator(mode="after")
    def _complete(self) -> Self:
        wanted, other = ("multiple", "size") if self.mode == "multiple" else ("size", "multiple")
        if getattr(self, wanted) is None or getattr(self, other) is not None:
            raise refuse_field(
                f"resize with mode {self.mode} takes {wanted}, not {other}", f"give {wanted} only"
            )
        one_side = self.mode in ("short_side", "long_side", "max_dimension", "height")
        if one_side and self.size is not None and self.size[0] != self.size[1]:
            raise refuse_field(f"mode {self.mode} takes one number as size", "write size: 256")
        if not self.antialias and self.method == "area":
            raise refuse_field(
                "method area always averages, so antialias cannot be false",
                "use bilinear, nearest, bicubic or lanczos3",
            )
        return self

    def _infer(self, spec: Spec) -> Spec:
        require_pixels(self, spec)
        height, width, channels = spec.shape
        sides: tuple[int | None, int | None] = (None, None)
        if self.mode in ("exact", "letterbox"):
            sides = self.size or sides
        elif height is not None and width is not None:
            sides = self._target((height, width))
        elif self.mode == "height" and self.size is not None:
            sides = (self.size[0], None)
        return replace(spec, shape=(*sides, channels), region=False)

    def _apply(self, value: Value, _context: StepContext) -> Value:
        pixels = as_array(value)
        height, width = pixels.shape[:2]
        box = value.region or (0.0, 0.0, float(width), float(height))
        size = self._target((box[3] - box[1], box[2] - box[0]))
        resized = scaled(value, box, size).with_data(self._resized(pixels, size, box))
        return self._boxed(resized) if self.mode == "letterbox" else resized

    def _target(self, extent: Extent) -> Size:
        return target_size(extent, self.mode, self.size, self.multiple, self.rounding)

    def _resized(self, pixels: NDArray[np.uint8], size: Size, box: Box) -> NDArray[np.uint8]:
        if self.antialias or self.method not in KERNELS:
            return resize_with_pillow(pixels, size, self.method, box)
        return interpolate(pixels, size, self.method, box)

    def _boxed(self, value: Value) -> Value:
        pixels = as_array(value)
        height, width = self.size or pixels.shape[:2]
        left, top = (width - pixels.shape[1]) // 2, (height - pixels.shape[0]) // 2
        framed = np.full((height, width, pixels.shape[2]), self.fill, np.uint8)
        framed[top : top + pixels.shape[0], left : left + pixels.shape[1]] = pixels
        return cut(value, -left, -top).with_data(framed)


def _cut_out(pixels: NDArray[Any], left: int, top: int, size: Size) -> NDArray[Any]:
    """`size` pixels from (`left`, `top`), zeros where that lies outside the picture."""
    height, width = size
    above, before = max(0, -top), max(0, -left)
    part = pixels[max(0, top) : top + height, max(0, left) : left + width]
    if part.shape[:2] == size:
        return np.ascontiguousarray(part)
    framed = np.zeros((height, width, pixels.shape[2]), pixels.dtype)
    framed[above : above + part.shape[0], before : before + part.shape[1]] = part
    return framed
