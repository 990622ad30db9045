from __future__ import annotations

from typing import Any

import pytest

from dlscope.catalog.mlmodelscope.answers import outputs_of, task_of
from dlscope.catalog.mlmodelscope.original import OriginalTensor


def made(kind: str, **parameters: Any) -> tuple[list[dict[str, Any]], list[str]]:
    notes: list[str] = []
    tensor = OriginalTensor(type=kind, parameters=parameters)
    return outputs_of(tensor, "output", notes.append), notes


@pytest.mark.parametrize("kind", ["classification", "feature"])
def test_probabilities_have_their_five_best(kind: str) -> None:
    (spec,), notes = made(kind, probabilities_layer="prob", element_type="float32")
    assert (spec["tensor"], spec["type"]) == ("prob", "classification")
    assert spec["postprocess"] == [{"top_k": {"k": 5}}]
    assert notes == []


def test_scores_that_are_no_probabilities_become_some() -> None:
    (spec,), _ = made("classification", probabilities_layer="x", probabilities_transform="softmax")
    assert spec["postprocess"] == ["softmax", {"top_k": {"k": 5}}]


def test_the_misspelt_parameter_is_read() -> None:
    (spec,), notes = made("classification", probailities_layer=0)
    assert spec["tensor"] == "0"
    assert notes == ["output: probabilities_layer 0 is a position; correct tensor"]


@pytest.mark.parametrize(
    ("indexes", "order", "said"),
    [
        ({}, "yxyx", "y before x"),
        (
            {"xmin_index": 0, "ymin_index": 1, "xmax_index": 2, "ymax_index": 3},
            "xyxy",
            "x before y",
        ),
    ],
)
def test_boxes_come_with_their_scores_and_classes(indexes, order: str, said: str) -> None:
    layers = {"boxes_layer": "b", "probabilities_layer": "s", "classes_layer": "c"}
    specs, notes = made("boundingbox", **layers, **indexes)
    assert [spec["tensor"] for spec in specs] == ["b", "s", "c"]
    assert specs[0]["postprocess"] == [{"decode_boxes": {"format": order, "scores": "s"}}]
    assert notes == [f"output: boxes are read as {said}; check decoding"]


def test_masks_of_a_segmentation_are_brought_to_the_size_of_the_picture() -> None:
    (spec,), _ = made("semanticsegment", masks_layer="m", element_type="int64")
    assert (spec["type"], spec["element_type"]) == ("semantic_segment", "int64")
    assert spec["postprocess"] == ["resize_mask"]


def test_single_objects_have_boxes_and_masks() -> None:
    layers = {"boxes_layer": "b", "probabilities_layer": "s", "classes_layer": "c"}
    specs, notes = made("instancesegment", masks_layer="m", **layers)
    assert [spec["name"] for spec in specs] == ["boxes", "scores", "classes", "masks"]
    assert "output: masks of single objects are given out as they are" in notes


def test_a_picture_is_a_picture() -> None:
    (spec,), _ = made("image", masks_layer="out", element_type="float32s")
    assert (spec["type"], spec["tensor"], spec["element_type"]) == ("image", "out", "float32")


def test_what_has_no_place_is_told() -> None:
    _, notes = made("classification", probabilities_layer="p", background_index=0)
    assert notes == ["output: parameter background_index has no place: 0"]
    _, notes = made("text")
    assert notes == [
        "output: output_layer is not given; correct tensor",
        "output: its shape is not recorded; correct layout and shape",
    ]


@pytest.mark.parametrize(
    ("kind", "task"),
    [
        ("classification", "image_classification"),
        ("boundingbox", "object_detection"),
        ("bounding_box", "object_detection"),
        ("semanticsegment", "semantic_segmentation"),
        ("image", "image_enhancement"),
        ("text", "raw"),
    ],
)
def test_the_type_of_the_output_is_the_task(kind: str, task: str) -> None:
    assert task_of(OriginalTensor(type=kind)) == task
