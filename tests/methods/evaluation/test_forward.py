from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from dlscope.methods.evaluation.forward import Answer, Ready

ANSWER = Answer({"classes": [2]}, {"probabilities": np.array([0.1, 0.2, 0.7], np.float32)})


def test_a_classification_keeps_the_probability_of_the_right_class() -> None:
    result = Ready(0, "a", {"label": 1}).answered(ANSWER, keep_outputs=False)
    assert result.prediction == {"classes": [2], "p_label": pytest.approx(0.2)}


@pytest.mark.parametrize(("label", "told"), [(1, {"label_name": "dog"}), (2, {})])
def test_and_what_that_class_is_called(label: int, told: dict[str, str]) -> None:
    named = replace(ANSWER, attributes={**ANSWER.attributes, "labels": ("cat", "dog")})
    result = Ready(0, "a", {"label": label}).answered(named, keep_outputs=False)
    assert result.prediction is not None
    rest = {key: each for key, each in result.prediction.items() if key == "label_name"}
    assert rest == told


@pytest.mark.parametrize("label", [3, -1])
def test_an_item_of_a_class_that_the_model_does_not_have_fails(label: int) -> None:
    result = Ready(0, "a", {"label": label}).answered(ANSWER, keep_outputs=False)
    assert result.prediction is None
    assert result.error == (
        f"the label {label} is none of the 3 classes of the model (data set, label)"
    )
