from __future__ import annotations

import numpy as np
import pytest
import scene_files_made as made
from PIL import Image

from dlscope.core.errors import DataError
from dlscope.data.scene_classes import CLASSES, IGNORED
from dlscope.data.scene_files import (
    looks_like_training_ids,
    read_ids,
    read_image,
    read_labels,
)


@pytest.mark.parametrize(
    ("write", "form", "ids"),
    [
        (made.grey_png, "label_id", [each.label_id for each in CLASSES]),
        (made.palette_png, "label_id", [each.label_id for each in CLASSES]),
        (made.synthia_png, "synthia", [each.synthia_id for each in CLASSES]),
        (made.grey_png, "synthia", [each.synthia_id for each in CLASSES]),
        (made.grey_png, "train_id", list(range(19))),
    ],
    ids=["cityscapes", "palette of gta5", "16-bit synthia", "mapped synthia", "training"],
)
def test_every_class_of_every_format_comes_through(tmp_path, write, form, ids):
    path = write(tmp_path / "labels.png", [ids, ids])
    assert read_labels(path, form).tolist() == [list(range(19))] * 2


def test_instances_of_synthia_do_not_matter(tmp_path):
    path = made.synthia_png(tmp_path / "labels.png", [[3, 8]], instances=[[700, 4000]])
    assert read_labels(path, "synthia").tolist() == [[0, 13]]


def test_an_unknown_id_is_named_with_its_place_or_ignored(tmp_path):
    path = made.grey_png(tmp_path / "labels.png", [[7, 7, 7], [7, 77, 77]])
    with pytest.raises(DataError) as refused:
        read_labels(path, "label_id")
    assert str(refused.value) == (
        "DataError: id 77 is no label: 2 pixels, the first at x 1, y 1\n"
        f"  where  {path}\n"
        "  fix    give the format that the labels have, or map the id to ignored "
        "with --unknown-ids ignore"
    )
    assert read_labels(path, "label_id", "ignore").tolist() == [[0, 0, 0], [0, IGNORED, IGNORED]]


def test_label_ids_in_place_of_training_ids_are_recognised(tmp_path):
    path = made.grey_png(tmp_path / "labels.png", [[7, 26, 33]])
    with pytest.raises(DataError) as refused:
        read_labels(path, "train_id")
    assert str(refused.value) == (
        "DataError: ids up to 33, where training has 0 to 18\n"
        f"  where  {path}\n"
        "  fix    these look like label ids: use --labels label_id"
    )


@pytest.mark.parametrize(
    ("ids", "looks"), [({0, 18, 255}, True), ({0, 18}, False), ({0, 26, 255}, False)]
)
def test_training_ids_are_recognised_by_what_is_ignored(ids, looks):
    assert looks_like_training_ids(ids) is looks


def test_colors_are_no_ids(tmp_path):
    path = made.color_png(tmp_path / "labels.png", np.zeros((2, 2, 3)))
    with pytest.raises(DataError) as refused:
        read_ids(path, "label_id")
    assert str(refused.value) == (
        "DataError: colour map given, index map expected\n"
        f"  where  {path}\n"
        "  fix    use the files of label ids, such as …_gtFine_labelIds.png"
    )


def test_a_16_bit_file_without_classes_is_refused(tmp_path):
    path = made.synthia_png(tmp_path / "labels.png", [[0, 0]], instances=[[1, 2]])
    with pytest.raises(DataError) as refused:
        read_ids(path, "synthia")
    assert str(refused.value) == (
        "DataError: the channel of classes holds zeros alone\n"
        f"  where  {path}\n"
        "  fix    use the 16-bit files of GT/LABELS as they were published"
    )


@pytest.mark.parametrize(
    ("mode", "was"), [("RGB", "rgb"), ("L", "grey"), ("RGBA", "alpha")], ids=str
)
def test_images_become_three_channels(tmp_path, mode, was):
    from PIL import Image

    path = made.saved(tmp_path / "image.png", Image.new(mode, (4, 3), 90 if mode == "L" else 0))
    image = read_image(path)
    assert (image.pixels.shape, image.was) == ((3, 4, 3), was)


def test_a_truncated_file_is_named(tmp_path):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3))
    path = made.color_png(tmp_path / "image.png", noise)
    path.write_bytes(path.read_bytes()[:400])
    with pytest.raises(DataError, match="the file cannot be decoded") as refused:
        read_image(path)
    assert str(path) in str(refused.value)
    assert "--on-bad skip" in str(refused.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError) as refused:
        read_image(tmp_path / "image.png")
    assert str(refused.value) == (
        "DataError: the file cannot be decoded: there is no such file\n"
        f"  where  {tmp_path / 'image.png'}\n"
        "  fix    restore the file, or leave bad ones out with --on-bad skip"
    )


def test_an_image_that_would_fill_the_memory_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    Image.new("RGB", (64, 64)).save(tmp_path / "large.png")
    with pytest.raises(DataError, match=r"the file cannot be decoded: Image size \(4096 pixels\)"):
        read_image(tmp_path / "large.png")
