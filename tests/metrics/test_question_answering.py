from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import DataError
from dlscope.core.run import ItemResult
from dlscope.metrics.question_answering import normalised, question_answering, token_f1


def item(got, answers) -> ItemResult:
    return ItemResult("a", None if got is None else {"text": got}, {"answers": answers})


def by_name(*items: ItemResult):
    return {metric.name: metric for metric in question_answering(items)}


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("The Denver Broncos!", "denver broncos"),
        ("  a  U.S.\tArmy ", "us army"),
        ("theatre", "theatre"),
        ("an-a", "ana"),
        ("THE", ""),
    ],
)
def test_normalises_as_squad_does(answer: str, expected: str) -> None:
    assert normalised(answer) == expected


def test_case_articles_and_punctuation_do_not_count() -> None:
    metrics = by_name(item("the Eiffel tower.", ["Eiffel Tower"]))
    assert (metrics["exact_match"].count, metrics["f1"].value) == (1, 1.0)


def test_f1_counts_words_as_often_as_they_occur() -> None:
    # Common: new, york (once each); precision 2/3, recall 2/4.
    assert token_f1("new york new city", "new york york") == pytest.approx(4 / 7)


def test_the_best_accepted_answer_counts() -> None:
    metrics = by_name(item("in 1889", ["March 1889", "1889"]))
    assert metrics["exact_match"].count == 0
    assert metrics["f1"].value == pytest.approx(2 / 3)


def test_a_question_without_an_answer_wants_silence() -> None:
    assert by_name(item("", []))["f1"].value == 1.0
    assert by_name(item("the", []))["exact_match"].count == 1
    assert by_name(item("Paris", []))["f1"].value == 0.0


def test_a_failed_item_is_wrong_even_where_silence_is_right() -> None:
    metrics = by_name(item(None, []), item("x", ["x"]))
    assert (metrics["exact_match"].count, metrics["f1"].value) == (1, 0.5)


@given(st.text(max_size=30), st.text(max_size=30))
def test_f1_is_symmetric_and_1_for_the_same(a: str, b: str) -> None:
    assert token_f1(a, b) == token_f1(b, a)
    assert token_f1(a, a) == 1.0
    assert 0.0 <= token_f1(a, b) <= 1.0
    assert normalised(normalised(a)).split() == normalised(a).split() or "İ" in a


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (item("x", "x"), "the answers of the target are not a list"),
        (item("x", [3]), "an answer of the target is int, not text"),
        (item(["x"], ["x"]), "the text of the prediction is list, not text"),
        (ItemResult("a", {"text": "x"}, {"text": "x"}), "the target has no field 'answers'"),
    ],
)
def test_refuses_a_malformed_item(bad: ItemResult, what: str) -> None:
    with pytest.raises(DataError) as refusal:
        question_answering([bad])
    assert (refusal.value.what, refusal.value.where) == (what, "item a")
