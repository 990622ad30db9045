from __future__ import annotations

import pytest

from dlscope.core.errors import DataError
from dlscope.core.run import ItemResult
from dlscope.metrics.transcription import speech_recognition, text_recognition


def item(got, truth, name: str = "a") -> ItemResult:
    return ItemResult(name, None if got is None else {"text": got}, {"text": truth})


def speech(*items: ItemResult):
    return {metric.name: metric for metric in speech_recognition(items)}


def written(*items: ItemResult):
    return {metric.name: metric for metric in text_recognition(items)}


def test_counts_each_kind_of_error() -> None:
    # the quick brown fox / the fast brown red fox: one word replaced, one put in.
    metrics = speech(item("the fast brown red fox", "the quick brown fox"))
    assert metrics["wer"].value == 0.5
    assert [metrics[kind].value for kind in ("substitutions", "deletions", "insertions")] == [
        1,
        0,
        1,
    ]
    assert {metrics[kind].n for kind in ("wer", "substitutions", "insertions")} == {4}


def test_sums_over_the_corpus_before_it_divides() -> None:
    metrics = speech(item("x", "a"), item("b c d e f g h i j", "b c d e f g h i j"))
    assert metrics["wer"].value == 0.1
    assert metrics["cer"].value == pytest.approx(1 / 18)
    assert metrics["wer"].lo < 0.1 < metrics["wer"].hi


def test_a_failed_item_has_all_its_words_deleted() -> None:
    metrics = speech(item("one two", "one two"), item(None, "three four five", "b"))
    assert metrics["wer"].value == 0.6
    assert metrics["deletions"].value == 3
    assert metrics["cer"].value == pytest.approx(15 / 22)


def test_can_be_worse_than_nothing() -> None:
    assert speech(item("a b c", "x"))["wer"].value == 3.0


def test_silence_has_no_rate_but_what_is_heard_in_it_counts() -> None:
    assert speech(item("noise", "")) == {}
    metrics = speech(item("noise", ""), item("a", "a"))
    assert (metrics["wer"].value, metrics["insertions"].value) == (1.0, 1)


def test_white_space_is_made_even_and_nothing_else() -> None:
    assert speech(item(" one\ttwo\n", "one two"))["wer"].value == 0.0
    assert speech(item("One, two", "one two"))["wer"].value == 0.5


def test_a_line_is_read_right_or_not() -> None:
    metrics = written(item("Hello 12345", "Hello 12345"), item("Hallo", "Hello"))
    assert (metrics["exact_match"].count, metrics["exact_match"].n) == (1, 2)
    assert metrics["cer"].value == pytest.approx(1 / 16)
    assert metrics["cer"].n == 16


def test_a_failed_item_is_no_exact_match_of_an_empty_line() -> None:
    assert written(item(None, ""))["exact_match"].count == 0
    assert written(item("", ""))["exact_match"].count == 1


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        (item(7, "a"), "the text of the prediction is int, not text"),
        (item("a", None), "the text of the target is NoneType, not text"),
        (
            ItemResult("a", {"text": None}, {"text": "a"}),
            "the text of the prediction is NoneType, not text",
        ),
        (ItemResult("a", {"words": "a"}, {"text": "a"}), "the prediction has no field 'text'"),
        (ItemResult("a", {"text": "a"}, {"label": 1}), "the target has no field 'text'"),
    ],
)
def test_refuses_a_malformed_item(bad: ItemResult, what: str) -> None:
    for metrics in (speech_recognition, text_recognition):
        with pytest.raises(DataError) as refusal:
            metrics([bad])
        assert str(refusal.value) == (
            f"DataError: {what}\n"
            "  where  item a\n"
            "  fix    correct the data set's reader, or the model's post-processing"
        )
