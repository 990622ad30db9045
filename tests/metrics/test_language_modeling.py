from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import DataError
from dlscope.core.run import ItemResult
from dlscope.metrics.language_modeling import language_modeling


def logs(values, tokens=None) -> ItemResult:
    tokens = list(range(len(values))) if tokens is None else tokens
    return ItemResult("a", {"log_probabilities": values}, {"tokens": tokens})


def logits(rows, tokens) -> ItemResult:
    return ItemResult("a", {"logits": rows}, {"tokens": tokens})


def failed(tokens) -> ItemResult:
    return ItemResult("b", None, {"tokens": tokens}, "broken")


def by_name(*items: ItemResult):
    return {metric.name: metric for metric in language_modeling(items)}


def test_a_fair_choice_among_k_has_perplexity_k() -> None:
    metrics = by_name(logits([[0.0] * 8] * 3, [1, 0, 7]))
    assert metrics["perplexity"].value == pytest.approx(8.0)
    assert metrics["perplexity"].n == 3
    assert metrics["token_accuracy"].count == 1  # the first of equal logits is the answer


def test_is_the_inverse_geometric_mean_of_the_probabilities() -> None:
    probabilities = [0.5, 0.25, 0.125]
    metrics = by_name(logs([math.log(p) for p in probabilities]))
    assert metrics["perplexity"].value == pytest.approx(4.0)
    assert "token_accuracy" not in metrics


def test_averages_over_tokens_not_over_items() -> None:
    metrics = by_name(logs([math.log(0.5)] * 3), logs([math.log(0.125)]))
    assert metrics["perplexity"].value == pytest.approx(2 ** (6 / 4))
    assert metrics["perplexity"].lo == pytest.approx(2.0)
    assert metrics["perplexity"].hi == pytest.approx(8.0)


def test_logits_and_their_log_probabilities_agree() -> None:
    rows = np.random.default_rng(3).normal(0, 3, size=(5, 6))
    tokens = [0, 5, 2, 2, 1]
    table = rows - np.log(np.exp(rows).sum(axis=1, keepdims=True))
    given_logs = by_name(logs(table[np.arange(5), tokens].tolist(), tokens))
    given_logits = by_name(logits((rows + 1000).tolist(), tokens))
    assert given_logits["perplexity"].value == pytest.approx(given_logs["perplexity"].value)


def test_a_failed_item_leaves_perplexity_undetermined() -> None:
    metrics = by_name(logits([[0.0, 2.0]] * 3, [1, 1, 0]), failed([1]))
    assert "perplexity" not in metrics
    assert (metrics["scored_tokens"].count, metrics["scored_tokens"].n) == (3, 4)
    assert (metrics["token_accuracy"].count, metrics["token_accuracy"].n) == (2, 4)


def test_nothing_answered_scores_no_token() -> None:
    metrics = by_name(failed([1, 2]))
    assert {name: metric.value for name, metric in metrics.items()} == {"scored_tokens": 0.0}


def test_an_impossible_token_makes_it_infinite() -> None:
    metric = by_name(logs([0.0, -math.inf]))["perplexity"]
    assert (metric.value, metric.lo, metric.hi, metric.n) == (math.inf, None, None, 2)
    assert by_name(logits([[0.0, -math.inf]], [1]))["perplexity"].value == math.inf
    assert by_name(logs([-1e6]))["perplexity"].value == math.inf


def test_no_tokens_have_no_perplexity() -> None:
    assert by_name(logs([])) == {}
    assert by_name(logs([]), logs([0.0]))["perplexity"].value == 1.0


@given(st.lists(st.floats(-20, 0), min_size=1, max_size=8))
def test_is_at_least_1(values) -> None:
    assert by_name(logs(values))["perplexity"].value >= 1.0


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (logs([-1.0], [1, 2]), "predicted 1 log-probabilities for 2 tokens"),
        (logs([0.5]), "a log-probability is above 0, or no number"),
        (logs([math.nan]), "a log-probability is above 0, or no number"),
        (logs(["x"]), "log_probabilities is not an array of numbers"),
        (logs([0.0], [1.5]), "the tokens of the target are not a list of indices"),
        (logs([0.0], [-1]), "the tokens of the target are not a list of indices"),
        (logs([0.0], [[1], [1, 2]]), "the tokens of the target are not a list of indices"),
        (logits([[0.0, 1.0]], [1, 0]), "the logits are 1×2 for 2 tokens"),
        (logits([[0.0, 1.0]], [2]), "token 2 is outside a vocabulary of 2"),
        (
            logits([[0.0, math.nan]], [0]),
            "a row of the logits holds NaN or infinity, or nothing above it",
        ),
        (
            logits([[-math.inf] * 2], [0]),
            "a row of the logits holds NaN or infinity, or nothing above it",
        ),
        (
            ItemResult("a", {"text": ""}, {"tokens": [1]}),
            "the prediction has no field 'log_probabilities'",
        ),
    ],
)
def test_refuses_a_malformed_item(bad: ItemResult, what: str) -> None:
    with pytest.raises(DataError) as refusal:
        language_modeling([bad])
    assert (refusal.value.what, refusal.value.where) == (what, "item a")
