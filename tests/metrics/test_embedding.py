from __future__ import annotations

import math

import pytest

from dlscope.core.errors import DataError
from dlscope.core.run import ItemResult
from dlscope.metrics.embedding import embedding


def item(name: str, vector, **pairs: float) -> ItemResult:
    prediction = None if vector is None else {"embedding": vector}
    return ItemResult(name, prediction, {"pairs": pairs})


def by_name(*items: ItemResult):
    return {metric.name: metric for metric in embedding(items)}


def test_compares_cosines_with_the_expected() -> None:
    metrics = by_name(
        item("a", [2.0, 0.0], b=0.0, c=math.sqrt(0.5) + 0.0005),
        item("b", [0.0, 3.0], c=0.7),
        item("c", [1.0, 1.0]),
    )
    assert metrics["cosine_max_error"].value == pytest.approx(math.sqrt(0.5) - 0.7)
    assert metrics["cosine_max_error"].n == 3
    assert (metrics["pairs_within"].count, metrics["pairs_within"].n) == (2, 3)
    assert metrics["pairs_within"].lo > 0


def test_a_pair_named_from_both_sides_counts_once() -> None:
    metrics = by_name(item("a", [1.0, 0.0], b=0.0), item("b", [0.0, 1.0], a=0.0))
    assert metrics["pairs_within"].n == 1


def test_a_failed_item_puts_its_pairs_outside() -> None:
    metrics = by_name(item("a", [1.0, 0.0], b=0.0, c=1.0), item("b", None), item("c", [1.0, 0.0]))
    assert (metrics["pairs_within"].count, metrics["pairs_within"].n) == (1, 2)
    assert metrics["cosine_max_error"].n == 1


@pytest.mark.parametrize("vector", [[0.0, 0.0], [math.nan, 1.0], [1.0, 2.0, 3.0]])
def test_an_embedding_without_a_cosine_is_outside(vector) -> None:
    metrics = by_name(item("a", [1.0, 0.0], b=1.0), item("b", vector))
    assert list(metrics) == ["pairs_within"]
    assert metrics["pairs_within"].count == 0


def test_a_pair_with_an_item_not_evaluated_does_not_count() -> None:
    assert by_name(item("a", [1.0], z=1.0)) == {}


def test_no_pairs_have_no_metrics() -> None:
    assert by_name(item("a", [1.0])) == {}


@pytest.mark.parametrize(
    ("vector", "what"),
    [
        ([[1.0]], "the embedding has 2 axes, not 1"),
        (["x"], "the embedding is not an array of numbers"),
        ([[1.0], [1.0, 2.0]], "the embedding is not an array of numbers"),
    ],
)
def test_refuses_what_is_not_a_vector(vector, what: str) -> None:
    with pytest.raises(DataError) as refusal:
        by_name(item("a", vector, b=1.0))
    assert refusal.value.what == what
    assert refusal.value.where == "item a"
