from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from dlscope.core.errors import DataError
from dlscope.pipelines.base import StepContext, Value
from dlscope.pipelines.detect import DecodeBoxes, Nms, UndoLetterbox
from dlscope.pipelines.image import Resize

# A picture of 40 × 20 pixels, letterboxed into 20 × 20: rows 5 … 14 are the picture.
BLACK = Value(np.zeros((20, 40, 3), np.uint8), axes="HWC", color="RGB", original_size=(40, 20))
SEEN = Resize(size=20, mode="letterbox").apply(BLACK, StepContext())


def context(**outputs: Any) -> StepContext:
    arrays = {name: np.asarray(array, np.float32) for name, array in outputs.items()}
    return StepContext(outputs=arrays, inputs={"image": SEEN}, labels=("cat", "dog"))


def decoded(step: DecodeBoxes, array: Any, axes: str = "LD", **outputs: Any) -> Any:
    value = Value(np.asarray(array, dtype=np.float32), axes=axes)
    return step.apply(value, context(**outputs)).data["boxes"]


def test_maps_relative_boxes_to_the_original_through_the_letterbox() -> None:
    rows = [[0.25, 0.25, 0.5, 0.5, 0.75, 1], [0, 0, 1, 1, 0.5, 7], [0, 0, 1, 1, 0.01, 0]]
    assert decoded(DecodeBoxes(), rows) == [
        ["dog", 0.75, 10.0, 0.0, 20.0, 10.0],
        [7, 0.5, 0.0, 0.0, 40.0, 20.0],
    ]


def test_reads_the_scores_of_each_class_from_another_tensor() -> None:
    step = DecodeBoxes(format="cxcywh", coordinates="pixel", scores="p", score=0.5)
    boxes = decoded(step, [[10, 10, 4, 2], [1, 1, 1, 1]], p=[[0.5, 0.75], [0.25, 0.125]])
    assert boxes == [
        ["cat", 0.5, 16.0, 8.0, 24.0, 12.0],
        ["dog", 0.75, 16.0, 8.0, 24.0, 12.0],
    ]


def test_decodes_centres() -> None:
    step = DecodeBoxes(format="centers", scale="s", offset="o", score=0.5)
    zeros = np.zeros((2, 5, 5))
    heat = np.zeros((1, 5, 5))
    heat[0, 2, 3] = 0.75
    # Centre (14, 10), side 4, in input pixels; twice that in the original, 5 rows higher.
    boxes = decoded(step, heat, "CHW", s=zeros, o=zeros)
    assert boxes == [["cat", 0.75, 24.0, 6.0, 32.0, 14.0]]
    assert decoded(step, heat * 0, "CHW", s=zeros, o=zeros) == []


def test_names_the_tensor_that_is_missing() -> None:
    with pytest.raises(DataError) as caught:
        decoded(DecodeBoxes(scores="p"), [[0, 0, 1, 1]])
    assert str(caught.value) == (
        "DataError: scores names the tensor 'p', which is no output\n"
        "  where  step decode_boxes\n"
        "  fix    list it among the outputs of the model"
    )


def test_names_the_input_that_is_no_picture() -> None:
    with pytest.raises(DataError) as caught:
        decoded(DecodeBoxes(input="sound"), [[0, 0, 1, 1, 1, 0]])
    assert caught.value.what == "there is no picture input 'sound'"


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (
            {"format": "centers"},
            "format centers reads the tensors scale and offset, and no scores",
        ),
        ({"scale": "s"}, "format xyxy reads no tensors scale and offset"),
    ],
)
def test_refuses_parameters_that_contradict(options: dict[str, Any], what: str) -> None:
    with pytest.raises(ValidationError) as caught:
        DecodeBoxes.model_validate(options)
    assert caught.value.errors()[0]["msg"] == what


ROWS = [
    ["cat", 0.6, 0, 0, 10, 10],
    ["cat", 0.9, 0, 0, 10, 9],
    ["dog", 0.8, 0, 0, 10, 10],
    ["dog", 0.02, 50, 50, 60, 60],
]


def suppressed(step: Nms) -> list[Any]:
    value = step.apply(Value({"boxes": ROWS}), StepContext())
    return [row[:2] for row in value.data["boxes"]]


def test_suppresses_within_each_class_best_first() -> None:
    assert suppressed(Nms()) == [["cat", 0.9], ["dog", 0.8]]
    assert suppressed(Nms(per_class=False)) == [["cat", 0.9]]
    assert suppressed(Nms(max=1)) == [["cat", 0.9]]
    assert suppressed(Nms(iou=1, score=0)) == [
        ["cat", 0.9],
        ["dog", 0.8],
        ["cat", 0.6],
        ["dog", 0.02],
    ]


def test_nms_needs_boxes() -> None:
    with pytest.raises(DataError) as caught:
        Nms().apply(Value({"top": [1]}), StepContext())
    assert caught.value.what == "the prediction has no boxes"


def test_cuts_the_letterbox_off_a_coarser_map() -> None:
    mask = np.repeat(np.arange(4), 4).reshape(4, 4)
    value = UndoLetterbox().apply(Value(mask, axes="HW"), context())
    # Rows 5 … 14 of 20 are rows 1 … 2 of 4.
    assert value.data.tolist() == [[1] * 4, [2] * 4]
    assert value.original_size == (40, 20)
    assert value.scale == (10.0, 10.0)
