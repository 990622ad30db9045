from __future__ import annotations

import pytest
from square_images import SquareImages

from dlscope.core.errors import DataError
from dlscope.data.coco_detections import write_coco_images
from dlscope.data.contest_images import write_contest_images
from dlscope.data.uav_image import UavImage
from dlscope.methods.skynet.detector_training.named_images import images_named

SQUARES = [
    UavImage(f"square1/{i:03}", "square", "square1", each.image_hwc, each.boxes)
    for i, each in enumerate(SquareImages(6)[i] for i in range(6))
]


def write_coco(folder, images):
    write_coco_images(folder, images, ["square"])


@pytest.mark.parametrize("write", [write_contest_images, write_coco])
def test_a_folder_is_read_whole_or_at_even_steps(tmp_path, write):
    write(tmp_path, SQUARES)
    every = images_named(str(tmp_path), "val", 100)
    assert len(every) == 6
    assert every[2].boxes == SQUARES[2].boxes
    three = images_named(str(tmp_path), "val", 3)
    assert [three[i].name for i in range(3)] == [every[i].name for i in (0, 2, 5)]
    with pytest.raises(IndexError):
        three[3]


def test_images_of_changed_files_are_made_from_something_else(tmp_path):
    write_contest_images(tmp_path, SQUARES)
    before = images_named(str(tmp_path), "val", 100).made_from()
    assert images_named(str(tmp_path), "val", 100).made_from() == before
    next(tmp_path.rglob("*.xml")).unlink()
    assert images_named(str(tmp_path), "val", 100).made_from() != before
    assert images_named("uav-synth", "val", 3).made_from() == {"count": 3}


def test_a_split_has_a_folder_of_its_own_where_there_is_one(tmp_path):
    write_contest_images(tmp_path / "train", SQUARES[:4])
    write_contest_images(tmp_path / "val", SQUARES[4:])
    assert len(images_named(str(tmp_path), "train", 100)) == 4
    assert len(images_named(str(tmp_path), "val", 100, is_split=True)) == 2


def test_what_was_learnt_from_is_not_evaluated_with(tmp_path):
    write_contest_images(tmp_path / "train", SQUARES[:2])
    with pytest.raises(DataError) as caught:
        images_named(str(tmp_path), "val", 100, is_split=True)
    assert str(caught.value) == (
        "DataError: there is no folder 'val' in the set of images\n"
        f"  where  {tmp_path}\n"
        "  fix    put images to train with into train, and others to evaluate with into val"
    )


def test_drawn_images_have_seed_and_split():
    seeds = [images_named("uav-synth", "val", 3, seed=seed) for seed in (0, 1)]
    assert (seeds[0][1].image_hwc != seeds[1][1].image_hwc).any()


def test_refuses_what_is_neither():
    with pytest.raises(DataError) as caught:
        images_named("uav-sinth", "val", 3)
    assert str(caught.value) == (
        "DataError: there are no images 'uav-sinth'\n"
        "  where  --data\n"
        "  fix    give uav-synth, or a folder of images and annotations"
    )
