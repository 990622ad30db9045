from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from dlscope.core.errors import DataError
from dlscope.pipelines.base import Spec, StepContext, Value
from dlscope.pipelines.image import Crop, Decode, Resize

CONTEXT = StepContext()
UNKNOWN = Spec("image", "uint8", "HWC", (None, None, 3), color="RGB")


def picture(height: int, width: int) -> Value:
    """Each pixel holds its row and its column."""
    rows, columns = np.mgrid[0:height, 0:width]
    pixels = np.stack([rows, columns, rows * 0], axis=2).astype(np.uint8)
    return Value(pixels, axes="HWC", color="RGB", original_size=(width, height))


def original(value: Value, x: float, y: float) -> tuple[float, float]:
    """Where (x, y) of the current picture lies in the original one."""
    (sx, sy), (ox, oy) = value.scale, value.offset
    return x * sx + ox, y * sy + oy


@pytest.mark.parametrize(("channels", "color"), [(1, "GRAY"), (3, "RGB"), (1, "RGB"), (3, "GRAY")])
def test_decode_takes_pixels_that_are_no_file_as_they_are(channels: int, color: Any) -> None:
    pixels = np.arange(4 * 5 * channels, dtype=np.uint8).reshape(4, 5, channels)
    value = Decode(color=color).apply(Value(pixels), CONTEXT)
    assert (value.data.shape, value.axes, value.color) == (
        (4, 5, 1 if color == "GRAY" else 3),
        "HWC",
        color,
    )
    if (channels == 1) == (color == "GRAY"):
        assert np.array_equal(value.data, pixels)


@pytest.mark.parametrize("pixels", [np.zeros((4, 5, 2), np.uint8), np.zeros((4, 5, 3))])
def test_decode_refuses_arrays_that_are_no_pixels(pixels: Any) -> None:
    with pytest.raises(DataError, match="decode takes encoded bytes, the item is ndarray"):
        Decode().apply(Value(pixels), CONTEXT)


@pytest.mark.parametrize(
    ("method", "first"),
    [
        ("center", (3, 5)),
        ("top_left", (0, 0)),
        ("top_right", (0, 10)),
        ("bottom_left", (6, 0)),
        ("bottom_right", (6, 10)),
    ],
)
def test_crop_cuts_at_its_corner(method: Any, first: tuple[int, int]) -> None:
    value = Crop(method=method, size=(4, 10)).apply(picture(10, 20), CONTEXT)
    assert value.data.shape == (4, 10, 3)
    assert tuple(value.data[0, 0, :2]) == first
    assert original(value, 0, 0) == (first[1], first[0])


@pytest.mark.parametrize(("rounding", "first"), [("floor", 2), ("round", 3)])
def test_crop_rounds_half_an_offset(rounding: Any, first: int) -> None:
    value = Crop(size=4, offset_rounding=rounding).apply(picture(9, 9), CONTEXT)
    assert tuple(value.data[0, 0, :2]) == (first, first)


def test_crop_by_ratio_keeps_a_centred_square_or_the_aspect() -> None:
    assert Crop(ratio=0.5).apply(picture(10, 20), CONTEXT).data.shape == (5, 5, 3)
    same = Crop(ratio=0.5, region="same_aspect").apply(picture(10, 20), CONTEXT)
    assert same.data.shape == (5, 10, 3)


def test_crop_without_rounding_keeps_the_picture_and_its_fractional_box() -> None:
    value = Crop(ratio=0.875, offset_rounding="none").apply(picture(11, 20), CONTEXT)
    assert value.data.shape == (11, 20, 3)
    assert value.region == (5.1875, 0.6875, 14.8125, 10.3125)


def test_crop_refuses_a_smaller_picture() -> None:
    with pytest.raises(DataError) as caught:
        Crop(size=(8, 8)).apply(picture(4, 6), CONTEXT)
    assert str(caught.value) == (
        "DataError: the picture of 6 × 4 pixels is smaller than the crop of 8 × 8\n"
        "  where  step crop\n"
        "  fix    resize before the crop, or set pad_if_smaller: true"
    )


def test_crop_pads_a_smaller_picture_with_zeros() -> None:
    value = Crop(size=(8, 4), pad_if_smaller=True).apply(picture(4, 6), CONTEXT)
    assert value.data.shape == (8, 4, 3)
    assert not value.data[:2].any()
    assert not value.data[6:].any()
    assert np.array_equal(value.data[2:6], picture(4, 6).data[:, 1:5])
    assert original(value, 0, 2) == (1, 0)


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"size": 8}, (8, 8)),
        ({"size": [8, 5]}, (8, 5)),
        ({"size": 8, "mode": "short_side"}, (8, 18)),
        ({"size": 8, "mode": "short_side", "rounding": "ceil"}, (8, 19)),
        ({"size": 7, "mode": "long_side"}, (3, 7)),
        ({"size": 7, "mode": "max_dimension"}, (3, 7)),
        ({"size": 99, "mode": "max_dimension"}, (9, 21)),
        ({"size": 4, "mode": "height"}, (4, 9)),
        ({"size": 4, "mode": "height", "rounding": "ceil"}, (4, 10)),
        ({"size": 18, "mode": "height"}, (18, 42)),
        ({"size": 30, "mode": "letterbox"}, (30, 30)),
        ({"mode": "multiple", "multiple": 8}, (16, 24)),
    ],
)
def test_resize_gives_the_size_it_declares(options: dict[str, Any], size: tuple[int, int]) -> None:
    step = Resize.model_validate(options)
    known = Spec("image", "uint8", "HWC", (9, 21, 3), color="RGB")
    assert step.apply(picture(9, 21), CONTEXT).data.shape == (*size, 3)
    assert step.infer(known).shape == (*size, 3)


def test_resize_of_unknown_sizes_knows_only_fixed_ones() -> None:
    assert Resize(size=8).infer(UNKNOWN).shape == (8, 8, 3)
    assert Resize(size=8, mode="short_side").infer(UNKNOWN).shape == (None, None, 3)


def test_the_short_side_is_exact_in_fractions() -> None:
    # In floats 512 · (341 / 512) could come out just below 341 and lose a pixel to the floor.
    value = Resize(size=341, mode="short_side").apply(picture(512, 512), CONTEXT)
    assert value.data.shape == (341, 341, 3)


def test_letterbox_keeps_the_aspect_and_fills_the_rest() -> None:
    value = Resize(size=20, mode="letterbox").apply(picture(10, 40), CONTEXT)
    assert (value.data[:7] == 114).all()
    assert (value.data[12:] == 114).all()
    assert not (value.data[7:12] == 114).all()
    assert original(value, 0, 7) == (0, 0)
    assert original(value, 20, 12) == (40, 10)


def test_placement_maps_corners_back_through_crop_and_resize() -> None:
    cropped = Crop(ratio=0.5, offset_rounding="none").apply(picture(10, 20), CONTEXT)
    value = Resize(size=(8, 4)).apply(cropped, CONTEXT)
    assert value.region is None
    assert original(value, 0, 0) == (7.5, 2.5)
    assert original(value, 4, 8) == (12.5, 7.5)


def test_gray_pictures_keep_their_channel() -> None:
    gray = Value(picture(6, 6).data[:, :, :1], axes="HWC", color="GRAY")
    for antialias in (True, False):
        assert Resize(size=3, antialias=antialias).apply(gray, CONTEXT).data.shape == (3, 3, 1)


@pytest.mark.parametrize("method", ["bilinear", "bicubic", "lanczos3"])
def test_enlarging_needs_no_antialiasing(method: Any, photograph: Image.Image) -> None:
    value = Value(np.asarray(photograph), axes="HWC", color="RGB")
    plain = Resize(size=(142, 194), method=method, antialias=False).apply(value, CONTEXT).data
    smooth = Resize(size=(142, 194), method=method).apply(value, CONTEXT).data
    inner = (slice(8, -8), slice(8, -8))
    difference = np.abs(plain[inner].astype(int) - smooth[inner])
    assert difference.max() <= 2


def test_without_antialiasing_single_pixels_are_looked_up() -> None:
    # 2 × 2 centres of a 6 × 6 picture lie on pixels 1 and 4 exactly.
    value = Resize(size=2, antialias=False).apply(picture(6, 6), CONTEXT)
    assert value.data[:, :, 0].tolist() == [[1, 1], [4, 4]]
    assert value.data[:, :, 1].tolist() == [[1, 4], [1, 4]]


@pytest.mark.parametrize(
    ("step", "options", "what"),
    [
        (Crop, {"size": 3, "ratio": 0.5}, "crop takes either size or ratio"),
        (
            Crop,
            {"ratio": 0.5, "pad_if_smaller": True},
            "pad_if_smaller needs size and whole offsets",
        ),
        (Resize, {}, "resize with mode exact takes size, not multiple"),
        (
            Resize,
            {"mode": "multiple", "multiple": 8, "size": 8},
            "resize with mode multiple takes multiple, not size",
        ),
        (
            Resize,
            {"mode": "short_side", "size": [8, 9]},
            "mode short_side takes one number as size",
        ),
        (
            Resize,
            {"size": 8, "method": "area", "antialias": False},
            "method area always averages, so antialias cannot be false",
        ),
    ],
)
def test_refuses_parameters_that_contradict(step: Any, options: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError) as caught:
        step.model_validate(options)
    assert caught.value.errors()[0]["msg"] == what
