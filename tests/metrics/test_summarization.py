from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import DataError
from dlscope.core.run import ItemResult
from dlscope.metrics.summarization import rouge_l_f, summarization


def item(got, **target) -> ItemResult:
    return ItemResult("a", None if got is None else {"text": got}, target)


@pytest.mark.parametrize(
    ("summary", "expected"),
    [
        # Lin 2004, section 3.1, with beta = 1.
        ("police kill the gunman", 0.75),
        ("the gunman kill police", 0.5),
        ("the gunman police killed", 0.5),
        ("police killed the gunman", 1.0),
        ("nothing of it", 0.0),
        ("", 0.0),
    ],
)
def test_the_example_of_the_paper(summary: str, expected: float) -> None:
    assert rouge_l_f("police killed the gunman", summary) == expected


def test_precision_and_recall_differ_by_length() -> None:
    # LCS "a b c": P = 3/4, R = 3/6.
    assert rouge_l_f("a b x y c z", "a b q c") == pytest.approx(0.6)


def test_case_and_punctuation_part_words_and_do_not_count() -> None:
    assert rouge_l_f("Well-known, indeed.", "well known indeed") == 1.0


def test_takes_the_best_reference_and_0_for_a_failed_item() -> None:
    items = [item("one two", texts=["three four", "one two"]), item(None, text="one")]
    (metric,) = summarization(items)
    assert (metric.name, metric.value, metric.n) == ("rouge_l", 0.5, 2)


@given(st.text(alphabet="ab ", max_size=12), st.text(alphabet="ab ", max_size=12))
def test_is_symmetric_and_a_share(a: str, b: str) -> None:
    assert rouge_l_f(a, b) == rouge_l_f(b, a)
    assert 0.0 <= rouge_l_f(a, b) <= 1.0


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (item("x", texts=[]), "the texts of the target are not a list of references"),
        (item("x", texts="x"), "the texts of the target are not a list of references"),
        (item("x", texts=[1]), "a text of the target is int, not text"),
        (item("x", text=1), "the text of the target is int, not text"),
        (item(2.5, text="x"), "the text of the prediction is float, not text"),
        (item("x", label=1), "the target has no field 'text'"),
    ],
)
def test_refuses_a_malformed_item(bad: ItemResult, what: str) -> None:
    with pytest.raises(DataError) as refusal:
        summarization([bad])
    assert (refusal.value.what, refusal.value.where) == (what, "item a")
