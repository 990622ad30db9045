from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import top_k_accuracy_score

from dlscope.core.errors import DataError
from dlscope.core.run import ItemResult
from dlscope.core.stats import wilson_interval
from dlscope.metrics.classification import classification, ranking


def answer(probabilities, k: int = 5):
    order = sorted(range(len(probabilities)), key=lambda i: (-probabilities[i], i))
    return {"classes": [[i, None, probabilities[i]] for i in order[:k]]}


def by_name(items):
    return {metric.name: metric for metric in classification(items)}


def test_counts_the_true_class_among_the_first() -> None:
    scores = [0.05, 0.3, 0.2, 0.15, 0.12, 0.1, 0.08]
    items = [ItemResult(str(label), answer(scores), {"label": label}) for label in (1, 2, 5, 6)]
    metrics = by_name(items)
    assert (metrics["top_1"].count, metrics["top_1"].n) == (1, 4)
    assert metrics["top_5"].count == 3
    assert (metrics["top_1"].lo, metrics["top_1"].hi) == wilson_interval(1, 4)


def test_a_failed_item_is_wrong() -> None:
    items = [
        ItemResult("a", answer([0.9, 0.1]), {"label": 0}),
        ItemResult("b", None, {"label": 0}, error="cannot decode"),
    ]
    metrics = by_name(items)
    assert metrics["top_1"].value == 0.5
    assert metrics["top_5"].value == 0.5
    assert metrics["mean_p_label"].value == pytest.approx(0.45)


def test_ties_go_to_the_lower_index() -> None:
    tied = {"classes": [[7, None, 0.5], [2, None, 0.5]]}
    assert ranking(ItemResult("a", tied, None)) == [(2, 0.5), (7, 0.5)]
    assert by_name([ItemResult("a", tied, {"label": 2})])["top_1"].value == 1.0
    assert by_name([ItemResult("a", tied, {"label": 7})])["top_1"].value == 0.0


def test_a_nan_never_comes_first() -> None:
    broken = {"classes": [[0, None, math.nan], [1, None, 0.1]]}
    assert [index for index, _ in ranking(ItemResult("a", broken, None))] == [1, 0]


def test_fewer_than_five_classes_are_all_taken() -> None:
    items = [ItemResult("a", answer([0.5, 0.3, 0.2]), {"label": 2})]
    assert by_name(items)["top_5"].value == 1.0


def test_the_given_probability_of_the_label_wins() -> None:
    prediction = {**answer([0.6, 0.1, 0.1, 0.1, 0.05, 0.05]), "p_label": 0.05}
    assert by_name([ItemResult("a", prediction, {"label": 5})])["mean_p_label"].value == 0.05


def test_an_unknown_probability_is_left_out_not_zero() -> None:
    items = [
        ItemResult("a", answer([0.6, 0.1, 0.1, 0.1, 0.06, 0.04]), {"label": 0}),
        ItemResult("b", answer([0.6, 0.1, 0.1, 0.1, 0.06, 0.04]), {"label": 5}),
    ]
    assert "mean_p_label" not in by_name(items)
    assert by_name(items[:1])["mean_p_label"].value == 0.6


def test_agrees_with_scikit_learn() -> None:
    generator = np.random.default_rng(0)
    scores = generator.dirichlet(np.ones(8), size=300)
    labels = generator.integers(0, 8, size=300)
    items = [
        ItemResult(str(i), answer(row.tolist(), k=8), {"label": int(label)})
        for i, (row, label) in enumerate(zip(scores, labels, strict=True))
    ]
    metrics = by_name(items)
    for k in (1, 5):
        assert metrics[f"top_{k}"].value == top_k_accuracy_score(labels, scores, k=k)
    assert metrics["mean_p_label"].value == pytest.approx(scores[np.arange(300), labels].mean())
    assert metrics["mean_p_label"].lo < metrics["mean_p_label"].value < metrics["mean_p_label"].hi


@given(st.lists(st.tuples(st.integers(0, 9), st.permutations(range(10))), min_size=1, max_size=8))
def test_top_5_is_never_below_top_1(cases) -> None:
    items = [
        ItemResult(str(i), answer([(p + 1) / 55 for p in order]), {"label": label})
        for i, (label, order) in enumerate(cases)
    ]
    metrics = by_name(items)
    assert metrics["top_1"].count <= metrics["top_5"].count <= len(items)


@pytest.mark.parametrize(
    ("prediction", "target", "what"),
    [
        ({"classes": []}, {"label": "cat"}, "label 'cat' is not a class index"),
        ({"classes": []}, {"label": True}, "label True is not a class index"),
        ({"classes": []}, {"class": 3}, "the target has no field 'label'"),
        ({"classes": []}, 3, "the target has no field 'label'"),
        ({"boxes": []}, {"label": 3}, "the prediction has no field 'classes'"),
        ({"classes": [[1, 0.5]]}, {"label": 3}, "classes are not [index, label, probability]"),
    ],
)
def test_refuses_a_malformed_item(prediction, target, what: str) -> None:
    with pytest.raises(DataError) as refusal:
        classification([ItemResult("7", prediction, target)])
    assert str(refusal.value) == (
        f"DataError: {what}\n"
        "  where  item 7\n"
        "  fix    correct the data set's reader, or the model's post-processing"
    )
