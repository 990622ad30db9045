from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("torch")

from dlscope.core.errors import DataError
from dlscope.methods.adaptation.checking import check_scenes
from dlscope.methods.adaptation.pictures import DomainFolder

LAYOUT = ("leftImg8bit/train/a/{}_leftImg8bit.png", "gtFine/train/a/{}_gtFine_labelIds.png")


def write(root, name: str, image, labels=None):
    """A pair of files; None leaves the labels out."""
    for pattern, pixels in zip(LAYOUT, (image, labels), strict=True):
        path = root / pattern.format(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        if pixels is not None:
            Image.fromarray(np.asarray(pixels, dtype=np.uint8)).save(path)
    return root / LAYOUT[0].format(name), root / LAYOUT[1].format(name)


GOOD_IMAGE = np.full((4, 6, 3), 90)
GOOD_LABELS = np.full((4, 6), 7)


@pytest.fixture
def root(tmp_path):
    write(tmp_path, "good", GOOD_IMAGE, GOOD_LABELS)
    return tmp_path


def faults(root, **options):
    table = check_scenes(DomainFolder(root, **options)).table("faults")
    return [tuple(row.values()) for row in table]


def test_a_good_data_set_has_no_fault(root):
    report = check_scenes(DomainFolder(root))
    assert report.table("faults").rows == ()
    assert report.answer.startswith("1 images of format cityscapes: no fault. Fingerprint ")
    road = next(iter(report.table("classes")))
    assert (road["class"], road["pixels"], road["share"], road["images"]) == ("road", 24, 1.0, 1)
    assert [tuple(row.values()) for row in report.table("sizes")] == [(6, 4, 1)]


def test_every_planted_fault_is_found_in_one_scan(root):
    _, missing = write(root, "missing", GOOD_IMAGE)
    _, unknown = write(root, "unknown", GOOD_IMAGE, np.full((4, 6), 77))
    _, colors = write(root, "colors", GOOD_IMAGE, GOOD_IMAGE)
    _, other_size = write(root, "size", GOOD_IMAGE, np.full((4, 5), 7))
    broken, _ = write(root, "broken", GOOD_IMAGE, GOOD_LABELS)
    broken.write_bytes(broken.read_bytes()[:50])
    found = faults(root)
    assert [file for file, _, _ in found] == [
        str(each) for each in (broken, colors, missing, other_size, unknown)
    ]
    told = {file: fault for file, fault, _ in found}
    assert told[str(missing)] == "the image has no labels"
    assert told[str(unknown)] == "id 77 is no label: 24 pixels, the first at x 0, y 0"
    assert told[str(colors)] == "colour map given, index map expected"
    assert told[str(other_size)] == "the image is 6x4, its labels 5x4"
    assert told[str(broken)].startswith("the file cannot be decoded")
    assert all(fix for _, _, fix in found)


def test_ids_of_training_in_place_of_label_ids_are_recognised(tmp_path):
    write(tmp_path, "one", GOOD_IMAGE, np.array([[0, 1, 18, 255]]).repeat(6, 1).reshape(4, 6))
    assert faults(tmp_path)[-1] == (
        str(tmp_path),
        "all ids are those of training",
        "these look like ids of training: use --labels train_id",
    )
    assert faults(tmp_path, labels="train_id") == []


def test_odd_images_are_counted(root):
    write(root, "grey", np.full((4, 6), 3), GOOD_LABELS)
    write(root, "alpha", np.full((4, 6, 4), 3), np.full((4, 6), 255))
    assert check_scenes(DomainFolder(root)).warnings == (
        "1 images are grey, and will be read as three colors",
        "1 images are with alpha, and will be read as three colors",
        "in 1 of 3 images all labels are ignored",
    )


def test_labels_of_a_target_are_not_opened(root):
    (root / LAYOUT[1].format("good")).unlink()
    report = check_scenes(DomainFolder(root), is_labelled=False)
    assert report.table("faults").rows == ()


def test_the_fingerprint_knows_the_files(root):
    first = check_scenes(DomainFolder(root)).answer
    assert check_scenes(DomainFolder(root)).answer == first
    write(root, "good", GOOD_IMAGE + 1, GOOD_LABELS)
    assert check_scenes(DomainFolder(root)).answer != first


def test_no_images_are_an_error(tmp_path):
    with pytest.raises(DataError, match="there are no images of format cityscapes"):
        check_scenes(DomainFolder(tmp_path))
