from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import average_precision_score

from dlscope.metrics.average_precision import (
    ClassDetections,
    all_point,
    hundred_and_one_point,
    mean_over_classes,
)

ONE = np.ones((1, 1), dtype=np.int64)


def one_item(hits, truths: int) -> ClassDetections:
    found_td = np.array([hits], dtype=np.bool_).reshape(1, -1)
    return ClassDetections(
        found_td,
        np.zeros_like(found_td),
        np.zeros(len(hits), dtype=np.int64),
        np.array([truths]),
    )


def curve(hits, truths: int):
    """Recall and precision after each detection, as exact fractions."""
    return [
        (Fraction(sum(hits[: i + 1]), truths), Fraction(sum(hits[: i + 1]), i + 1))
        for i in range(len(hits))
    ]


def slow_all_point(hits, truths: int) -> float:
    points, area, before = curve(hits, truths), Fraction(0), Fraction(0)
    for i, (recall, _) in enumerate(points):
        area += (recall - before) * max(precision for _, precision in points[i:])
        before = recall
    return float(area)


def slow_101_point(hits, truths: int) -> float:
    points = curve(hits, truths)
    best = [
        max((p for recall, p in points if recall >= Fraction(k, 100)), default=Fraction(0))
        for k in range(101)
    ]
    return float(sum(best) / 101)


detections = st.lists(st.booleans(), max_size=12).flatmap(
    lambda hits: st.tuples(st.just(hits), st.integers(max(1, sum(hits)), sum(hits) + 5))
)


@given(detections)
def test_agrees_with_the_definitions(case) -> None:
    hits, truths = case
    found = one_item(hits, truths)
    assert all_point(found, ONE).item() == pytest.approx(slow_all_point(hits, truths))
    assert hundred_and_one_point(found, ONE).item() == pytest.approx(slow_101_point(hits, truths))


def test_known_values() -> None:
    found = one_item([True, False, True], 2)
    assert all_point(found, ONE).item() == pytest.approx(0.5 * 1 + 0.5 * 2 / 3)
    assert hundred_and_one_point(found, ONE).item() == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_perfect_and_hopeless() -> None:
    for rule in (all_point, hundred_and_one_point):
        assert rule(one_item([True, True], 2), ONE).item() == 1.0
        assert rule(one_item([False, False], 2), ONE).item() == 0.0
        assert rule(one_item([], 2), ONE).item() == 0.0
        assert np.isnan(rule(one_item([False], 0), ONE).item())


def test_agrees_with_scikit_learn_where_precision_only_falls() -> None:
    # Without the envelope scikit-learn's sum is the same only for a falling curve.
    hits = [True, True, True, False, False, False]
    scores = np.linspace(1, 0, len(hits))
    expected = average_precision_score(hits, scores)
    assert all_point(one_item(hits, 3), ONE).item() == pytest.approx(expected)


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=10), st.data())
def test_a_weight_is_as_good_as_a_copy(rows, data) -> None:
    weights = data.draw(st.lists(st.integers(0, 3), min_size=4, max_size=4))
    items = np.array([item for item, _ in rows], dtype=np.int64)
    hits = np.array([hit for _, hit in rows], dtype=np.bool_)
    truths = np.array([hits[items == i].sum() + 1 for i in range(4)], dtype=np.int64)
    weighted = ClassDetections(hits[None], np.zeros_like(hits[None]), items, truths)
    copied = [hit for item, hit in rows for _ in range(weights[item])]
    total = int(sum(w * t for w, t in zip(weights, truths, strict=True)))
    for rule in (all_point, hundred_and_one_point):
        got = rule(weighted, np.array([weights])).item()
        if total == 0:
            assert np.isnan(got)
        else:
            assert got == pytest.approx(rule(one_item(copied, total), ONE).item())


def test_the_mean_passes_over_classes_without_a_truth() -> None:
    first = np.array([[0.2, 0.4], [np.nan, np.nan]])
    second = np.array([[0.8, 0.6], [0.5, 0.5]])
    assert mean_over_classes([first, second]) == pytest.approx([0.5, 0.5])


@given(st.lists(st.sampled_from(["right", "wrong", "ignored"]), max_size=10))
def test_an_ignored_detection_is_as_good_as_none(marks) -> None:
    truths = marks.count("right") + 1
    found_td = np.array([[mark == "right" for mark in marks]], dtype=np.bool_).reshape(1, -1)
    ignored_td = np.array([[mark == "ignored" for mark in marks]], dtype=np.bool_).reshape(1, -1)
    item_d = np.zeros(len(marks), dtype=np.int64)
    with_it = ClassDetections(found_td, ignored_td, item_d, np.array([truths]))
    without = one_item([mark == "right" for mark in marks if mark != "ignored"], truths)
    for rule in (all_point, hundred_and_one_point):
        assert rule(with_it, ONE).item() == pytest.approx(rule(without, ONE).item())
