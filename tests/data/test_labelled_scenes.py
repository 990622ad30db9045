from __future__ import annotations

import pytest
import scene_files_made as made

from dlscope.core.errors import DataError
from dlscope.data.labelled_scenes import label_form, require_labels, scene_images

FILES = {
    "cityscapes": (
        "leftImg8bit/val/bonn/b_leftImg8bit.png",
        "gtFine/val/bonn/b_gtFine_labelIds.png",
        "bonn/b_leftImg8bit.png",
    ),
    "gta5": ("images/00001.png", "labels/00001.png", "00001.png"),
    "synthia": ("RGB/0000000.png", "GT/LABELS/0000000.png", "0000000.png"),
    "folder": ("images/a/b.jpg", "labels/a/b.png", "a/b.jpg"),
}


@pytest.mark.parametrize("format", FILES)
def test_finds_images_and_labels_where_the_format_has_them(tmp_path, format):
    image, labels, name = FILES[format]
    made.grey_png(tmp_path / image, [[1]])
    made.grey_png(tmp_path / labels, [[1]])
    split = "val" if format == "cityscapes" else ""
    (found,) = require_labels(scene_images(tmp_path, format, split))
    assert (found.name, found.image, found.labels) == (name, tmp_path / image, tmp_path / labels)


def test_derived_labels_stand_for_published_ones(tmp_path):
    made.grey_png(tmp_path / "RGB/0000000.png", [[1]])
    derived = made.grey_png(tmp_path / "synthia_mapped_to_cityscapes/0000000.png", [[1]])
    (found,) = scene_images(tmp_path, "synthia")
    assert found.labels == derived


def test_labels_of_training_are_found_where_there_are_no_others(tmp_path):
    made.grey_png(tmp_path / "leftImg8bit/val/bonn/b_leftImg8bit.png", [[1]])
    path = made.grey_png(tmp_path / "gtFine/val/bonn/b_gtFine_labelTrainIds.png", [[1]])
    (found,) = scene_images(tmp_path, "cityscapes", "val")
    assert found.labels == path
    assert label_form("cityscapes") == "label_id"
    assert label_form("cityscapes", "train_id") == "train_id"


def test_a_list_says_which_images_and_in_which_order(tmp_path):
    for number in (1, 2, 3):
        made.grey_png(tmp_path / f"images/{number}.png", [[1]])
    listed = tmp_path / "train.txt"
    listed.write_text("3.png\n\n1.png\n")
    found = scene_images(tmp_path, "folder", listed=listed)
    assert [each.name for each in found] == ["3.png", "1.png"]
    listed.write_text("4.png\n")
    with pytest.raises(DataError) as refused:
        scene_images(tmp_path, "folder", listed=listed)
    assert str(refused.value) == (
        "DataError: 1 listed images are missing: 4.png\n"
        f"  where  {listed}\n"
        f"  fix    list paths below {tmp_path / 'images'}"
    )


def test_a_folder_without_images_is_told_what_is_expected(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(DataError) as refused:
        scene_images(tmp_path, "gta5")
    assert str(refused.value) == (
        "DataError: there are no images of format gta5\n"
        f"  where  {tmp_path}\n"
        "  fix    expected images/00001.png and labels/00001.png; found photos"
    )


def test_missing_labels_are_counted_and_named_or_left_out(tmp_path):
    for number in range(8):
        made.grey_png(tmp_path / f"images/{number}.png", [[1]])
    made.grey_png(tmp_path / "labels/7.png", [[1]])
    images = scene_images(tmp_path, "folder")
    with pytest.raises(DataError) as refused:
        require_labels(images)
    names = ", ".join(str(tmp_path / f"labels/{number}.png") for number in range(5))
    assert str(refused.value) == (
        f"DataError: 7 of 8 images have no labels: {names}\n"
        "  where  labelled scenes\n"
        "  fix    restore the files, or leave these images out with --on-bad skip"
    )
    assert [each.name for each in require_labels(images, "skip")] == ["7.png"]


def test_an_unknown_format_is_refused(tmp_path):
    with pytest.raises(DataError, match="there is no format 'gta'"):
        scene_images(tmp_path, "gta")
