from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dlscope.core.errors import DataError, PlanError
from dlscope.core.manifest import ModelManifest, parse_manifest
from dlscope.pipelines.preparation import Preparation

IMAGE = {
    "name": "image",
    "tensor": "x",
    "type": "image",
    "element_type": "float32",
    "layout": "NCHW",
    "shape": ["N", 3, 8, 8],
    "color_mode": "RGB",
    "preprocess": [
        "decode",
        {"resize": {"size": 8}},
        {"cast": {"to": "float32"}},
        {"transpose": {"to": "NCHW"}},
    ],
}
STATE = {
    "name": "state",
    "tensor": "s",
    "type": "tensor",
    "element_type": "float32",
    "layout": "LND",
    "shape": [2, "N", 4],
    "preprocess": [{"constant": {"shape": [2, 4], "axes": "LD"}}],
}
ROW = {
    "name": "row",
    "tensor": "r",
    "type": "tensor",
    "element_type": "float32",
    "layout": "NS",
    "shape": ["N", 3],
}
CLASSES = {
    "name": "y",
    "tensor": "y",
    "type": "classification",
    "element_type": "float32",
    "layout": "NK",
    "shape": ["N", 2],
    "labels": "labels",
    "postprocess": ["softmax", {"top_k": {"k": 1}}],
}
RAW = {**CLASSES, "type": "raw", "labels": None, "postprocess": []}


def model(inputs: list[Any], output: dict[str, Any] = RAW) -> ModelManifest:
    data = {
        "kind": "model",
        "schema_version": 1,
        "name": "m",
        "version": "1.0.0",
        "task": "raw",
        "license": "MIT",
        "assets": {"graph": {"source": "file:m.onnx"}},
        "inputs": inputs,
        "outputs": [output],
    }
    return parse_manifest(ModelManifest, data, str)


def labels(folder: Path, *names: str) -> dict[str, Path]:
    path = folder / "labels.txt"
    path.write_text("\n".join(names), encoding="utf-8")
    return {"labels": path}


def test_gives_one_item_to_every_input(png: bytes) -> None:
    prepared = Preparation(model([IMAGE, STATE]), {}).prepare(png)
    assert prepared["image"].data.shape == (3, 8, 8)
    assert prepared["image"].original_size == (97, 71)
    assert prepared["state"].data.shape == (2, 4)


def test_gives_each_input_its_part_of_the_item(png: bytes) -> None:
    row = np.arange(3, dtype=np.float32)
    item = {"image": png, "row": row}
    prepared = Preparation(model([IMAGE, STATE, ROW]), {}).prepare(item)
    assert prepared["row"].data.tolist() == [0, 1, 2]


def test_finishes_a_classification_with_labels(tmp_path: Path) -> None:
    preparation = Preparation(model([ROW], CLASSES), labels(tmp_path, "cat", "dog"))
    prediction, attributes = preparation.finish({"y": np.float32([0, 0])}, {})
    assert prediction == {"classes": [[0, "cat", 0.5]], "top": [0]}
    assert attributes["probabilities"].tolist() == [0.5, 0.5]


def test_an_answer_that_stays_an_array_becomes_values() -> None:
    prediction, attributes = Preparation(model([ROW]), {}).finish({"y": np.float32([1, 2])}, {})
    assert prediction == {"values": [1.0, 2.0]}
    assert attributes == {}


REFUSED = [
    (
        np.zeros(4, np.float32),
        "the item has shape [4], the input takes [3]",
        "add steps that give the declared shape",
    ),
    (np.zeros(3), "the item has float64, the input takes float32", "add cast: {to: float32}"),
    ({}, "the item has nothing for this input", "name it in the item's data"),
]


@pytest.mark.parametrize(("item", "what", "fix"), REFUSED)
def test_refuses_an_item_that_does_not_fit(item: Any, what: str, fix: str) -> None:
    with pytest.raises(DataError) as caught:
        Preparation(model([ROW]), {}).prepare(item)
    assert str(caught.value) == f"DataError: {what}\n  where  input 'row'\n  fix    {fix}"


def test_refuses_an_output_that_is_not_finite() -> None:
    with pytest.raises(DataError) as caught:
        Preparation(model([ROW]), {}).finish({"y": np.float32([np.nan, 1])}, {})
    assert str(caught.value) == (
        "DataError: 1 of 2 entries are NaN or infinite\n"
        "  where  output 'y'\n"
        "  fix    check the model's weights and the range of its inputs"
    )


def test_refuses_another_number_of_labels_than_classes(tmp_path: Path) -> None:
    with pytest.raises(PlanError) as caught:
        Preparation(model([ROW], CLASSES), labels(tmp_path, "cat", "dog", "owl"))
    assert str(caught.value) == (
        "PlanError: the output has 2 classes, its labels file 3 names\n"
        "  where  outputs[0].labels\n"
        "  fix    use the labels of this network, or drop_class for a background class"
    )


def test_refuses_labels_that_are_no_asset() -> None:
    with pytest.raises(DataError) as caught:
        Preparation(model([ROW], CLASSES), {})
    assert caught.value.what == "the model has no asset 'labels' with its labels"
