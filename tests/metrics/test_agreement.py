from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import MeasurementError
from dlscope.core.run import ItemResult
from dlscope.metrics import agreement
from dlscope.metrics.agreement import total_variation


def item(name: str, probabilities=None, output=None) -> ItemResult:
    prediction = None
    if probabilities is not None:
        order = np.argsort(-np.array(probabilities), kind="stable")
        prediction = {"classes": [[int(i), None, probabilities[i]] for i in order]}
    outputs = {} if output is None else {"logits": np.array(output, dtype=np.float32)}
    return ItemResult(name, prediction, None, outputs=outputs)


def test_equal_runs_agree_wholly() -> None:
    run = [item("a", [0.7, 0.3], [1.0, -4.0]), item("b", [0.2, 0.8], [0.0, 2.0])]
    result = agreement(run, run)
    assert result.top_1.value == 1.0
    assert result.differing == ()
    assert result.total_variation.value == 0.0
    assert (result.max_abs_difference, result.max_abs_reference) == (0.0, 4.0)
    assert (result.items, result.outputs) == (2, 2)


def test_differences_are_measured_and_named() -> None:
    reference = [item("a", [0.7, 0.3], [1.0, -4.0]), item("b", [0.4, 0.6], [0.0, 2.0])]
    other = [item("b", [0.6, 0.4], [0.5, 2.0]), item("a", [0.6, 0.4], [1.0, -4.25])]
    result = agreement(reference, other)
    assert (result.top_1.count, result.top_1.n) == (1, 2)
    assert result.differing == ("b",)
    assert result.total_variation.value == pytest.approx(0.15)
    assert (result.max_abs_difference, result.max_abs_reference) == (0.5, 4.0)


def test_a_failed_item_differs() -> None:
    result = agreement([item("a", [1.0]), item("b")], [item("a", [1.0]), item("b")])
    assert result.differing == ("b",)
    assert result.total_variation.n == 1


def test_only_items_of_both_runs_are_compared() -> None:
    result = agreement([item("a", [1.0]), item("b", [1.0])], [item("b", [1.0]), item("c", [1.0])])
    assert (result.items, result.top_1.n) == (1, 1)


def test_what_the_items_do_not_tell_is_absent() -> None:
    result = agreement([item("a", None, [1.0])], [item("a", None, [2.0])])
    assert result.top_1 is None
    assert result.total_variation is None
    assert result.max_abs_difference == 1.0
    result = agreement([item("a", [1.0])], [item("a", [1.0])])
    assert (result.outputs, result.max_abs_difference, result.max_abs_reference) == (0, None, None)


@pytest.mark.parametrize(
    ("a", "b", "difference"),
    [
        ([np.nan], [np.nan], 0.0),
        ([np.inf], [np.inf], 0.0),
        ([np.nan], [1.0], np.inf),
        ([np.inf], [-np.inf], np.inf),
        ([], [], 0.0),
    ],
)
def test_outputs_that_are_no_numbers(a, b, difference: float) -> None:
    assert agreement([item("a", None, a)], [item("a", None, b)]).max_abs_difference == difference


def test_refuses_runs_without_a_common_item() -> None:
    with pytest.raises(MeasurementError) as refusal:
        agreement([item("a", [1.0])], [item("b", [1.0])])
    assert str(refusal.value) == (
        "MeasurementError: the two runs have no item in common\n"
        "  where  agreement\n"
        "  fix    compare runs over the same data set"
    )


def test_refuses_outputs_of_another_shape() -> None:
    with pytest.raises(MeasurementError) as refusal:
        agreement([item("a", None, [1.0])], [item("a", None, [1.0, 2.0])])
    assert str(refusal.value) == (
        "MeasurementError: output 'logits' is [1] in one run and [2] in the other\n"
        "  where  item a\n"
        "  fix    compare runs of the same model"
    )


masses = st.lists(st.integers(1, 20), min_size=6, max_size=6).map(
    lambda weights: {k: w / sum(weights) for k, w in enumerate(weights)}
)


@given(masses, masses)
def test_total_variation_of_complete_lists_is_exact(p, q) -> None:
    expected = sum(abs(p[k] - q[k]) for k in p) / 2
    assert total_variation(p, q) == pytest.approx(expected)
    assert total_variation(q, p) == pytest.approx(expected)


@given(masses, masses, st.integers(1, 6))
def test_total_variation_of_cut_lists_is_never_too_large(p, q, k: int) -> None:
    def cut(masses):
        return dict(sorted(masses.items(), key=lambda pair: -pair[1])[:k])

    assert -1e-12 <= total_variation(cut(p), cut(q)) <= total_variation(p, q) + 1e-12


def test_disjoint_lists_tell_nothing() -> None:
    assert total_variation({0: 0.5}, {1: 0.5}) == 0.0
