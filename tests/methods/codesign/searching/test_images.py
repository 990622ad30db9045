from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dlscope.core.errors import DataError
from dlscope.data.records import Records
from dlscope.methods.codesign.searching.images import LabelledImages, Splits, read_images


def of(*labels: Any, size: int = 4) -> Records:
    return Records(
        None,
        {
            "items": [
                {
                    "id": str(place),
                    "input": {"array": np.full((size, size, 1), 51), "dtype": "uint8"},
                    "target": {"label": label},
                }
                for place, label in enumerate(labels)
            ]
        },
    )


def test_pixels_lie_between_0_and_1() -> None:
    images = read_images(of(1, 0), (1, 4, 4), 2, name="x")
    assert images.images_nchw.shape == (2, 1, 4, 4)
    assert images.images_nchw.dtype == np.float32
    assert images.images_nchw.max() == pytest.approx(0.2)
    assert images.labels.tolist() == [1, 0]


def test_pictures_are_scaled_to_the_input_of_the_space() -> None:
    assert read_images(of(0, size=8), (3, 4, 6), 2, name="x").images_nchw.shape == (1, 3, 4, 6)


def test_encoded_pictures_are_decoded() -> None:
    file = io.BytesIO()
    Image.new("L", (4, 4), 255).save(file, "png")
    record = {"id": "a", "input": {"bytes_hex": file.getvalue().hex()}, "target": {"label": 0}}
    images = read_images(Records(None, {"items": [record]}), (1, 4, 4), 2, name="x")
    assert images.images_nchw.min() == 1.0


@pytest.mark.parametrize("label", [2, -1, "one", None])
def test_a_label_outside_of_the_classes_is_refused(label: Any) -> None:
    with pytest.raises(DataError) as refused:
        read_images(of(0, label), (1, 4, 4), 2, name="digits")
    assert refused.value.what == f"item '1' has label {label!r}, the space has classes 0 … 1"
    assert refused.value.where == "data set digits"


def test_what_is_no_picture_is_refused() -> None:
    text = {"id": "a", "input": {"text": "hello"}, "target": {"label": 0}}
    with pytest.raises(DataError, match="item 'a' is no picture"):
        read_images(Records(None, {"items": [text]}), (1, 4, 4), 2, name="x")


def images(*labels: int) -> LabelledImages:
    return LabelledImages(np.zeros((len(labels), 1, 2, 2), np.float32), np.array(labels))


def test_the_parts_are_disjoint_and_have_every_class() -> None:
    whole = images(*[0] * 50, *[1] * 50)
    whole = LabelledImages(np.arange(100, dtype=np.float32).reshape(100, 1, 1, 1), whole.labels)
    splits = Splits.of(whole, name="x")
    assert [len(part) for part in (splits.train, splits.validation, splits.test)] == [64, 16, 20]
    parts = (splits.train, splits.validation, splits.test)
    assert sorted(np.concatenate([p.images_nchw.ravel() for p in parts]).tolist()) == list(
        range(100)
    )
    assert len(splits.seen) == 80


@pytest.mark.parametrize(
    ("labels", "what"),
    [
        ([1] * 9, "all images are of one class"),
        ([0] * 9 + [1] * 2 + [2], "class 1, 2 has fewer than 3 images"),
    ],
)
def test_too_few_images_are_refused(labels: list[int], what: str) -> None:
    with pytest.raises(DataError) as refused:
        Splits.of(images(*labels), name="x")
    assert refused.value.what == what
