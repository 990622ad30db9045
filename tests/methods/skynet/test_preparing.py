from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from dlscope.core.errors import DataError, ShapeError
from dlscope.methods.skynet.preparing import FILTERS, prepare


def rgb(height=36, width=64):
    return np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)


def test_normalises_to_two_either_way():
    pixels = np.zeros((8, 8, 3), np.uint8)
    pixels[..., 1], pixels[..., 2] = 255, 51
    prepared = prepare(pixels, resize="nearest", size=(8, 8))
    assert prepared.values_chw.shape == (3, 8, 8)
    assert prepared.values_chw.dtype == np.float32
    np.testing.assert_allclose(prepared.values_chw[:, 0, 0], [-2, 2, -1.2], atol=1e-6)
    assert prepared.warnings == ()


def test_takes_the_size_of_the_contest_without_keeping_the_aspect():
    assert prepare(rgb(50, 60), resize="nearest").values_chw.shape == (3, 160, 320)


def test_filters_differ():
    found = [prepare(rgb(), resize=each, size=(16, 32)).values_chw for each in FILTERS]
    for index, one in enumerate(found):
        assert all(not np.array_equal(one, other) for other in found[index + 1 :])


@pytest.mark.parametrize("resize", list(FILTERS))
def test_bytes_are_resized_as_bytes_and_then_normalised(resize):
    """(x / 255 − 0.5) / 0.25 of what Pillow makes of each channel by itself, bit for bit."""
    pixels = rgb()
    channels = [
        np.asarray(Image.fromarray(pixels[..., c].copy()).resize((32, 16), FILTERS[resize]))
        for c in range(3)
    ]
    expected = ((np.stack(channels) / 255 - 0.5) / 0.25).astype(np.float32)
    found = prepare(pixels, resize=resize, size=(16, 32)).values_chw
    np.testing.assert_array_equal(found, expected)


def test_floats_give_what_bytes_give():
    pixels = rgb()
    floats = prepare(pixels / 255, resize="nearest", size=(16, 32)).values_chw
    np.testing.assert_allclose(
        floats, prepare(pixels, resize="nearest", size=(16, 32)).values_chw, atol=1e-5
    )


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 1)])
def test_repeats_a_grey_image_and_says_so(shape):
    prepared = prepare(np.full(shape, 255, np.uint8), resize="area", size=(8, 8))
    assert (prepared.values_chw == 2).all()
    assert prepared.warnings == ("a grey image is repeated for each channel",)


def test_leaves_alpha_out_and_says_so():
    pixels = np.dstack([rgb(8, 8), np.zeros((8, 8), np.uint8)])
    prepared = prepare(pixels, resize="nearest", size=(8, 8))
    expected = prepare(pixels[..., :3], resize="nearest", size=(8, 8))
    np.testing.assert_array_equal(prepared.values_chw, expected.values_chw)
    assert prepared.warnings == ("the alpha channel of an image is left out",)


@pytest.mark.parametrize(
    ("pixels", "what", "fix"),
    [
        (
            np.zeros((8, 8, 2), np.uint8),
            "an image of the shape (8, 8, 2) is neither RGB, RGBA nor grey",
            "give rows × columns × 3",
        ),
        (
            np.full((8, 8, 3), 1.5),
            "an image of floats leaves 0…1",
            "divide by 255, or give uint8",
        ),
        (
            np.full((8, 8, 3), np.nan),
            "an image of floats leaves 0…1",
            "divide by 255, or give uint8",
        ),
        (
            np.zeros((8, 8, 3), np.int64),
            "an image is of int64",
            "give uint8, or floats from 0 to 1",
        ),
        (
            np.zeros((0, 8, 3), np.uint8),
            "an image of the shape (0, 8, 3) has no pixel",
            "give an image",
        ),
    ],
)
def test_refuses_what_is_no_image(pixels, what, fix):
    with pytest.raises(DataError) as refused:
        prepare(pixels, resize="nearest", size=(8, 8))
    assert str(refused.value) == f"DataError: {what}\n  where  SkyNet, image\n  fix    {fix}"


def test_refuses_a_filter_it_does_not_know():
    with pytest.raises(DataError, match="there is no filter 'linear'"):
        prepare(rgb(), resize="linear")


def test_refuses_a_size_that_the_pools_do_not_divide():
    with pytest.raises(ShapeError, match="height 150 is not a multiple of 8"):
        prepare(rgb(), resize="nearest", size=(150, 320))
