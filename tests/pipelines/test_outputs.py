from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from dlscope.core.errors import DataError
from dlscope.pipelines.base import Step, StepContext, Value
from dlscope.pipelines.outputs import (
    Argmax,
    DropClass,
    L2Normalize,
    MeanPool,
    Sigmoid,
    Softmax,
    Threshold,
    TopK,
)

CONTEXT = StepContext()


def applied(step: Step, array: Any, axes: str = "K", context: StepContext = CONTEXT) -> Value:
    return step.apply(Value(np.asarray(array, dtype=np.float32), axes=axes), context)


def test_softmax_of_large_scores_does_not_overflow() -> None:
    shares = applied(Softmax(), [1000, 1000, -1000]).data
    assert shares.tolist() == [0.5, 0.5, 0.0]
    assert shares.dtype == np.float32


def test_softmax_leaves_probabilities_alone_when_asked() -> None:
    step = Softmax(when="if_not_normalised")
    assert applied(step, [0.25, 0.75]).data.tolist() == [0.25, 0.75]
    assert applied(step, [1, 1]).data.tolist() == [0.5, 0.5]
    assert applied(step, [-0.5, 1.5]).data.tolist() != [-0.5, 1.5]
    assert applied(Softmax(when="never"), [1, 1]).data.tolist() == [1, 1]


def test_sigmoid_at_its_ends() -> None:
    assert applied(Sigmoid(), [-1e4, 0, 1e4]).data.tolist() == [0.0, 0.5, 1.0]


def test_argmax_takes_the_first_of_equal_entries() -> None:
    value = applied(Argmax(), [[[1, 2]], [[1, 3]], [[1, 3]]], "KHW")
    assert value.data.tolist() == [[0, 1]]
    assert value.axes == "HW"


def test_drops_the_background_class() -> None:
    assert applied(DropClass(), [9, 1, 2]).data.tolist() == [1, 2]


def test_top_k_breaks_ties_by_lower_index_and_keeps_every_probability() -> None:
    context = StepContext(labels=("cat", "dog", "owl"))
    value = applied(TopK(k=3), [0.25, 0.125, 0.25, 0.375], context=context)
    assert value.data == {
        "classes": [[3, None, 0.375], [0, "cat", 0.25], [2, "owl", 0.25]],
        "top": [3, 0, 2],
    }
    probabilities = value.attributes["probabilities"]
    assert probabilities.dtype == np.float32
    assert probabilities.tolist() == [0.25, 0.125, 0.25, 0.375]


def test_top_k_of_fewer_classes_gives_them_all() -> None:
    assert applied(TopK(), [0.5, 0.5]).data["top"] == [0, 1]


def test_threshold_includes_its_value() -> None:
    assert applied(Threshold(), [0.4, 0.5, 0.6]).data.tolist() == [False, True, True]


def masked(*mask: int) -> StepContext:
    return StepContext(inputs={"mask": Value(np.array(mask), axes="T")})


def test_mean_pool_leaves_out_masked_and_padded_tokens() -> None:
    tokens = [[1, 2], [3, 4], [100, 100], [50, 50]]
    value = applied(MeanPool(mask="mask"), tokens, "TD", masked(1, 1, 0))
    assert value.data.tolist() == [2, 3]
    assert value.axes == "D"
    assert applied(MeanPool(), tokens[:2], "TD").data.tolist() == [2, 3]


@pytest.mark.parametrize(
    ("context", "what"),
    [
        (masked(0, 0), "there is no token to pool"),
        (masked(1, 1, 1), "the mask has 3 tokens, the output 2"),
        (CONTEXT, "there is no input 'mask' to pool by"),
    ],
)
def test_mean_pool_refuses_a_mask_that_does_not_fit(context: StepContext, what: str) -> None:
    with pytest.raises(DataError) as caught:
        applied(MeanPool(mask="mask"), [[1], [2]], "TD", context)
    assert caught.value.what == what


def test_l2_normalize_gives_unit_length() -> None:
    assert applied(L2Normalize(), [3, 4], "D").data == {
        "embedding": [float(np.float32(0.6)), float(np.float32(0.8))]
    }
    with pytest.raises(DataError) as caught:
        applied(L2Normalize(), [0, 0], "D")
    assert caught.value.what == "the embedding is all zeros"
