from __future__ import annotations

import numpy as np
import pytest
from square_images import SquareImage, SquareImages, squares

from dlscope.core.errors import DataError, ShapeError
from dlscope.methods.skynet.prepared_images import prepared_images, read_prepared


def image(boxes, pixels=None):
    return SquareImage("one", np.zeros((40, 80, 3), np.uint8) if pixels is None else pixels, boxes)


def test_resizes_every_image_and_says_boxes_relative_to_it():
    (given,) = [SquareImages(1)[0]]
    found = prepared_images([given], (24, 48))
    assert found.pixels_nhwc.shape == (1, 24, 48, 3)
    assert found.size == (24, 48)
    x0, y0, x1, y1 = given.boxes[0]
    wanted = [(x0 + x1) / 2 / 96, (y0 + y1) / 2 / 48, (x1 - x0) / 96, (y1 - y0) / 48]
    assert found.boxes[0][0] == pytest.approx(wanted, rel=1e-6)
    assert (found.names, found.resize, found.warnings) == (("square/000",), "area", ())


def test_leaves_out_and_counts_boxes_that_say_nothing():
    empty, outside, tiny, partly = (9, 5, 9, 8), (90, 5, 99, 9), (1, 1, 1.5, 2), (70, 30, 90, 50)
    found = prepared_images([image((empty, outside, tiny, partly))], (40, 80))
    assert found.boxes[0] == pytest.approx(np.array([[0.9375, 0.875, 0.125, 0.25]]))
    assert found.warnings == ("boxes left out, empty, outside the image, or smaller than 1 px²: 3",)
    assert prepared_images([image((empty,))], (40, 80)).boxes[0].shape == (0, 4)


class Spoiled:
    """Two images, the first of which cannot be read; what it counts is told."""

    def __len__(self):
        return 2

    def __getitem__(self, index):
        if index == 0:
            raise DataError("is cut off", where="car1/000000, image 0", fix="restore it")
        return SquareImages(1)[0]


def test_an_image_that_cannot_be_read_is_left_out_and_told():
    found = prepared_images(Spoiled(), (24, 48), counts={"grey": 2, "alpha": 1, "boxes": 1})
    assert found.names == ("square/000",)
    assert found.unreadable == ("car1/000000, image 0: is cut off",)
    assert found.warnings == (
        "left out, car1/000000, image 0: is cut off",
        "boxes left out, empty, outside the image, or smaller than 1 px²: 1",
        "grey images, repeated for each channel: 2",
        "images with an alpha channel, which is left out: 1",
    )
    with pytest.raises(DataError, match="is cut off"):
        prepared_images(Spoiled(), (24, 48), strict=True)


def test_a_file_gives_them_back(tmp_path):
    kept = prepared_images([image(()), *(SquareImages(2)[i] for i in range(2))], (16, 32))
    kept.write(tmp_path / "images.npz")
    again = read_prepared(tmp_path / "images.npz")
    assert (again.pixels_nhwc == kept.pixels_nhwc).all()
    assert [each.tolist() for each in again.boxes] == [each.tolist() for each in kept.boxes]
    assert (again.names, again.resize, again.warnings) == (kept.names, "area", ())


def test_the_first_are_the_first():
    assert squares(3).first(2).names == ("square/000", "square/001")


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (
            lambda: prepared_images([], (40, 80)),
            DataError,
            "there are no images\n  where  SkyNet, images\n  fix    give at least one",
        ),
        (
            lambda: prepared_images([image((), np.zeros((4, 4), np.uint8))], (40, 80)),
            DataError,
            "an image of uint8 of the shape (4, 4) is not RGB of 0…255\n"
            "  where  SkyNet, image one\n  fix    give uint8, rows × columns × 3",
        ),
        (
            lambda: prepared_images([image(())], (40, 80), resize="lanczos"),
            DataError,
            "there is no filter 'lanczos'\n  where  SkyNet, images",
        ),
        (
            lambda: prepared_images([image(())], (41, 80)),
            ShapeError,
            "height 41 is not a multiple of 8\n  where  SkyNet, height of the image\n"
            "  fix    use height 40 or 48",
        ),
    ],
)
def test_refuses_what_cannot_be_prepared(make, error, message):
    with pytest.raises(error) as caught:
        make()
    assert str(caught.value).startswith(f"{error.__name__}: {message}")


def test_refuses_a_file_of_something_else(tmp_path):
    path = tmp_path / "images.npz"
    path.write_bytes(b"nothing")
    with pytest.raises(DataError, match="prepared images cannot be read"):
        read_prepared(path)
