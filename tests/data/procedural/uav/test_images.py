from __future__ import annotations

import hashlib

import numpy as np
import pytest

cv2 = pytest.importorskip("cv2")

from dlscope.core.errors import DataError  # noqa: E402 - after the check for OpenCV
from dlscope.data.procedural.uav import UavImages  # noqa: E402 - after the check
from dlscope.data.procedural.uav.ground import tile  # noqa: E402 - after the check
from dlscope.data.procedural.uav.images import told_apart  # noqa: E402 - after the check
from dlscope.data.procedural.uav.looks import look  # noqa: E402 - after the check

MAJORS = (4, 5)
GOLDEN = {
    ("train", 0): ("person11/000000", "21cbb30e5c5bdcac", (362, 106, 391, 175)),
    ("train", 41): ("boat1/000041", "e9fcf0e32a8dd1ad", (165, 1, 220, 47)),
    ("val", 0): ("group2/000000", "ddd9076394868538", (384, 128, 399, 169)),
    ("val", 41): ("building2/000041", "94a6cd6912bd8c8f", (304, 133, 329, 163)),
    ("test", 0): ("group2/000000", "1a2a1000e419416e", (276, 228, 288, 268)),
    ("test", 41): ("person3/000041", "75eef4042d81a7d1", (354, 147, 389, 226)),
    ("unseen", 0): ("person24/000000", "a61a2f459dfb9c11", (315, 76, 338, 136)),
    ("unseen", 41): ("riding14/000041", "2d3c58daaa33ffd1", (303, 71, 343, 128)),
}


def pixels(image):
    return hashlib.sha256(image.image_hwc.tobytes()).hexdigest()[:16]


@pytest.mark.skipif(
    int(cv2.__version__.split(".")[0]) not in MAJORS,
    reason="other versions of OpenCV fill otherwise",
)
@pytest.mark.parametrize(("split", "index"), GOLDEN)
def test_draws_the_same_to_the_bit_everywhere(split, index):
    image = UavImages(split, 100, seed=3)[index]
    assert (image.name, pixels(image), image.boxes[0]) == GOLDEN[split, index]


def test_an_image_depends_on_seed_split_and_index_alone():
    first = UavImages("train", 9, seed=1)
    in_order = [pixels(image) for image in first]
    again = UavImages("train", 5, seed=1)
    assert [pixels(again[index]) for index in (4, 0, 2)] == [in_order[i] for i in (4, 0, 2)]
    assert len(set(in_order)) == 9
    others = [UavImages("train", 9, seed=2)[0], UavImages("val", 9, seed=1)[0]]
    assert not {pixels(other) for other in others} & set(in_order)


def test_names_an_image_by_its_sub_category_without_drawing_it():
    images = UavImages("val", 12)
    assert [images.name(index) for index in range(12)] == [image.name for image in images]
    assert images[3].sub_category == images[3].name.split("/")[0]
    assert images[3].class_name == images[3].sub_category.rstrip("0123456789")


def test_an_index_shows_the_same_at_another_size():
    large, small = UavImages("val", 3)[1], UavImages("val", 3, size=(90, 160))[1]
    assert small.image_hwc.shape == (90, 160, 3)
    assert [4 * side for side in small.boxes[0]] == list(large.boxes[0])
    averaged = large.image_hwc.reshape(90, 4, 160, 4, 3).mean(axis=(1, 3))
    assert np.abs(averaged - small.image_hwc).max() <= 1
    assert UavImages("val", 3, size=(720, 1280))[1].image_hwc.shape == (720, 1280, 3)


def test_boxes_are_of_whole_pixels_inside_the_image():
    for image in UavImages("train", 30, seed=8):
        ((x_min, y_min, x_max, y_max),) = image.boxes
        assert 0 <= x_min < x_max <= 640
        assert 0 <= y_min < y_max <= 360
        assert all(float(side).is_integer() for side in image.boxes[0])


def test_something_is_in_the_box_that_is_not_around_it():
    """Contrast of the contents with a ring about it, in most images."""
    told = 0
    for image in UavImages("test", 20, seed=2):
        x_min, y_min, x_max, y_max = (int(side) for side in image.boxes[0])
        outer = np.zeros(image.image_hwc.shape[:2], dtype=bool)
        outer[max(0, y_min - 12) : y_max + 12, max(0, x_min - 12) : x_max + 12] = True
        outer[max(0, y_min - 8) : y_max + 8, max(0, x_min - 8) : x_max + 8] = False
        inside = image.image_hwc[y_min:y_max, x_min:x_max].reshape(-1, 3).astype(float)
        ground = np.median(image.image_hwc[outer], axis=0)
        told += np.quantile(np.abs(inside - ground).max(axis=1), 0.8) > 25
    assert told >= 18


def test_tells_an_object_from_a_ground_of_its_color():
    figure = look("car", 1)
    ground = np.round(np.mean(figure.colors, axis=0)).astype(np.int64)
    moved = np.mean(told_apart(figure, ground, 60).colors, axis=0)
    assert np.abs(moved - ground).max() > 40
    assert told_apart(figure, ground + 100, 60) is figure


def test_draws_a_ground_once_and_lets_nobody_change_it():
    assert tile(3, "train", 0) is tile(3, "train", 0)
    assert not tile(3, "train", 0).flags.writeable
    assert tile(3, "unseen", 1) is tile(3, "test", 1)
    grounds = [tile(3, split, 0).tobytes() for split in ("train", "val", "test")]
    assert len(set(grounds)) == 3


def test_leaves_the_threads_of_opencv_as_they_were():
    threads = cv2.getNumThreads()
    cv2.setNumThreads(2)
    try:
        UavImages("val", 1)[0]
        assert cv2.getNumThreads() == 2
    finally:
        cv2.setNumThreads(threads)


@pytest.mark.parametrize("index", [-1, 2])
def test_refuses_an_index_outside(index):
    with pytest.raises(IndexError):
        UavImages("val", 2)[index]


@pytest.mark.parametrize(
    ("arguments", "what", "fix"),
    [
        ({"split": "vla"}, "there is no split 'vla'", "did you mean val?"),
        (
            {"count": 0},
            "the count of images is 0, not a whole number from 1 on",
            "give the count of images as 1 or more",
        ),
        (
            {"seed": -1},
            "the seed is -1, not a whole number from 0 on",
            "give the seed as 0 or more",
        ),
        (
            {"size": (8, 640)},
            "the size (8, 640) is not (height, width) from 16 px on",
            "give two whole numbers, such as (360, 640)",
        ),
    ],
)
def test_refuses_what_cannot_be_drawn(arguments, what, fix):
    chosen = {"split": "val", "count": 3, **arguments}
    with pytest.raises(DataError) as refused:
        UavImages(chosen.pop("split"), chosen.pop("count"), **chosen)
    assert (refused.value.what, refused.value.where, refused.value.fix) == (what, "uav-synth", fix)
