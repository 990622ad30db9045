from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

torch = pytest.importorskip("torch")

from dlscope.core.errors import DataError  # noqa: E402 - after the check for torch
from dlscope.methods.adaptation.pictures import (  # noqa: E402 - after the check for torch
    DomainFolder,
    Pictures,
    label_input,
    network_input,
)
from dlscope.zoo.segmenter.named import segmenter  # noqa: E402 - after the check for torch


@pytest.fixture
def folder(tmp_path):
    """Three images of 8×6, with labels of training."""
    draw = np.random.default_rng(0)
    for number in range(3):
        for name, pixels in (
            ("images", draw.integers(0, 255, (6, 8, 3), dtype=np.uint8)),
            ("labels", draw.integers(0, 19, (6, 8), dtype=np.uint8)),
        ):
            path = tmp_path / name / f"{number}.png"
            path.parent.mkdir(exist_ok=True)
            Image.fromarray(pixels).save(path)
    return tmp_path


def read(folder, **options):
    asked = DomainFolder(folder, "folder", "", **options)
    return Pictures(asked, (8, 6), is_labelled=True)


def test_gives_images_and_labels_at_the_size_of_training(folder):
    small = Pictures(DomainFolder(folder, "folder", ""), (4, 2), is_labelled=True)
    assert (len(small), small.names) == (3, ("0.png", "1.png", "2.png"))
    assert (small.image(1).shape, small.labels(1).shape) == ((2, 4, 3), (2, 4))
    assert small.original_labels(1).shape == (6, 8)


def test_does_not_open_labels_that_are_not_asked_for(folder):
    for path in (folder / "labels").iterdir():
        path.unlink()
    pictures = Pictures(DomainFolder(folder, "folder", ""), (8, 6), is_labelled=False)
    assert pictures.image(0).shape == (6, 8, 3)
    with pytest.raises(DataError, match="labels are asked for of a domain without them"):
        pictures.labels(0)


def test_a_pair_of_different_sizes_is_refused_with_both(folder):
    Image.new("L", (8, 5)).save(folder / "labels/1.png")
    with pytest.raises(DataError) as refused:
        read(folder).image(1)
    assert str(refused.value) == (
        "DataError: the image is 8x6, its labels 8x5\n"
        f"  where  {folder / 'labels/1.png'}\n"
        "  fix    restore the pair, or leave bad ones out with --on-bad skip"
    )


def test_bad_images_are_left_out_and_counted_where_asked(folder):
    (folder / "images/1.png").write_bytes(b"no picture")
    Image.new("L", (8, 5)).save(folder / "labels/2.png")
    pictures = read(folder, on_bad="skip")
    assert pictures.names == ("0.png",)
    assert pictures.warnings() == ("2 images: left out, since they cannot be read",)


def test_images_without_labels_are_left_out_and_counted_where_asked(folder):
    (folder / "labels/1.png").unlink()
    with pytest.raises(DataError) as refused:
        read(folder)
    assert str(refused.value) == (
        f"DataError: 1 of 3 images have no labels: {folder / 'labels/1.png'}\n"
        "  where  labelled scenes\n"
        "  fix    restore the files, or leave these images out with --on-bad skip"
    )
    pictures = read(folder, on_bad="skip")
    assert pictures.names == ("0.png", "2.png")
    assert pictures.warnings() == ("1 images: left out, since they have no labels",)


def test_unknown_ids_are_ignored_and_counted_where_asked(folder):
    Image.fromarray(np.full((6, 8), 77, dtype=np.uint8)).save(folder / "labels/1.png")
    with pytest.raises(DataError, match="id 77 is no label: 48 pixels, the first at x 0, y 0"):
        read(folder).image(1)
    pictures = read(folder, unknown_ids="ignore")
    assert set(pictures.labels(1).ravel()) == {255}
    assert "1 images: labels with unknown ids, which are ignored" in pictures.warnings()


def test_ids_of_training_in_place_of_label_ids_are_refused(folder):
    holed = np.where(np.arange(48) % 7 == 0, 255, np.arange(48) % 19).reshape(6, 8)
    for number in range(3):
        Image.fromarray(holed.astype(np.uint8)).save(folder / f"labels/{number}.png")
    with pytest.raises(DataError) as refused:
        read(folder, labels="label_id")
    assert str(refused.value) == (
        "DataError: all ids are those of training\n"
        f"  where  {folder}\n"
        "  fix    these look like ids of training: use --labels train_id"
    )


def test_images_may_be_restyled_by_their_place(folder):
    pictures = read(folder)
    pictures.restyle(lambda index, image: np.full_like(image, index))
    assert [pictures.image(i).max() for i in range(3)] == [0, 1, 2]


def test_what_had_to_be_done_to_images_is_counted(folder):
    Image.new("L", (8, 6)).save(folder / "images/0.png")
    Image.new("RGBA", (8, 6)).save(folder / "images/1.png")
    Image.new("L", (8, 6), 255).save(folder / "labels/2.png")
    pictures = read(folder)
    for index in range(3):
        pictures.image(index)
    assert pictures.warnings() == (
        "1 images: all of the labels are ignored",
        "1 images: alpha, read as three colors",
        "1 images: grey, read as three colors",
        "more than one image in twenty has no labels at all: 1",
    )


def test_translated_images_take_the_place_of_the_source(folder, tmp_path):
    translated = tmp_path / "translated"
    translated.mkdir()
    for number in range(3):
        Image.new("RGB", (8, 6), (9, 9, 9)).save(translated / f"{number}.png")
    pictures = read(folder, images_dir=translated)
    assert pictures.image(2).max() == 9
    assert pictures.labels(2).max() > 9


def test_images_are_scaled_and_ordered_as_the_network_wants():
    red = np.zeros((2, 2, 3), dtype=np.uint8)
    red[..., 0] = 170
    light = network_input([red], segmenter("sceneseg_lite"))
    assert light[0, :, 0, 0].tolist() == pytest.approx([1.0, -110 / 60, -110 / 60])
    with torch.device("meta"):
        deep = segmenter("deeplabv2_resnet101")
    paper = network_input([red], deep.to_empty(device="cpu"))
    assert paper[0, :, 0, 0].tolist() == pytest.approx(
        [-104.00698793, -116.66876762, 170 - 122.67891434]
    )
    assert label_input([red[..., 0]]).dtype == torch.int64
