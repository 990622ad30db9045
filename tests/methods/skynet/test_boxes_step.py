from __future__ import annotations

import numpy as np
import pytest
from pydantic import ValidationError

from dlscope.core.errors import DataError, PlanError
from dlscope.methods.skynet.boxes_step import SkyNetBoxes
from dlscope.methods.skynet.decoding import decode
from dlscope.pipelines.base import Spec, StepContext, Value


def context(size=(640, 360), labels=()):
    pixels = Value(
        np.zeros((3, 160, 320), np.float32),
        axes="CHW",
        original_size=size,
        scale=(size[0] / 320, size[1] / 160),
    )
    return StepContext(inputs={"image": pixels}, labels=labels)


def head():
    return np.random.default_rng(1).normal(size=(10, 20, 40)).astype(np.float32)


def test_gives_the_surest_box_in_pixels_of_the_original():
    (row,) = SkyNetBoxes().apply(Value(head(), axes="CHW"), context()).data["boxes"]
    (expected,) = decode(head()[None], [(640, 360)])
    assert row[0] == 0
    assert row[1] == pytest.approx(float(expected.scores[0]))
    assert row[2:] == pytest.approx(expected.boxes[0].tolist())


def test_names_the_object():
    found = SkyNetBoxes().apply(Value(head(), axes="CHW"), context(labels=("object",)))
    assert found.data["boxes"][0][0] == "object"


def test_gives_all_that_are_sure_enough():
    found = SkyNetBoxes(score=0.9).apply(Value(head(), axes="CHW"), context())
    scores = [row[1] for row in found.data["boxes"]]
    assert len(scores) > 1
    assert min(scores) >= 0.9
    assert scores == sorted(scores, reverse=True)


def test_refuses_a_map_of_other_anchors():
    with pytest.raises(PlanError) as refused:
        SkyNetBoxes().infer(Spec("tensor", "float32", "CHW", (15, 20, 40)))
    assert str(refused.value) == (
        "PlanError: 2 anchors take a map of 10 channels (CHW), got tensor float32[15, 20, 40] CHW\n"
        "  where  step skynet_boxes\n"
        "  fix    use layout NCHW, and name the anchors that the network was trained with"
    )


def test_refuses_anchors_without_a_side():
    with pytest.raises(ValidationError):
        SkyNetBoxes(anchors=((0.0, 1.0),))


def test_makes_no_box_of_a_map_that_is_not_all_numbers():
    spoiled = head()
    spoiled[3, 4, 5] = np.nan
    with pytest.raises(DataError, match="1 of 8000 numbers of the head are NaN or infinite"):
        SkyNetBoxes().apply(Value(spoiled, axes="CHW"), context())
