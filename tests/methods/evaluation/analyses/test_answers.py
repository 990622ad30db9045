from __future__ import annotations

import dataclasses

import pytest

from dlscope.core.run import ItemResult
from dlscope.methods.evaluation.analyses.answers import (
    answer_of,
    is_right,
    label_name_of,
    label_of,
    p_label_of,
    paired,
    paired_right,
)
from dlscope.testing.analyses import example_run


def item(prediction=None, target=None, error=None) -> ItemResult:
    return ItemResult("i", prediction, target, error)


@pytest.mark.parametrize(
    ("target", "label"),
    [({"label": 3}, 3), ({"label": True}, None), ({"label": "cat"}, None), ("a text", None)],
)
def test_the_right_class_is_a_whole_number(target, label) -> None:
    assert label_of(item(target=target)) == label


def test_the_answer_is_the_most_probable_class_the_lower_of_equals() -> None:
    classes = [[4, None, 0.2], [7, None, 0.4], [5, None, 0.4]]
    assert answer_of(item({"classes": classes})) == 5


def test_there_is_no_answer_of_a_failed_item_nor_without_classes() -> None:
    assert answer_of(item(error="empty")) is None
    assert answer_of(item({"text": "hello"})) is None
    assert answer_of(item({"classes": []})) is None


def test_the_probability_of_the_label_is_what_the_run_kept_else_what_is_listed() -> None:
    classes = [[1, None, 0.6], [2, None, 0.3]]
    assert p_label_of(item({"classes": classes, "p_label": 0.25}, {"label": 2})) == 0.25
    assert p_label_of(item({"classes": classes}, {"label": 2})) == 0.3
    assert p_label_of(item({"classes": classes}, {"label": 9})) == 0.0
    assert p_label_of(item(error="empty", target={"label": 2})) == 0.0


@pytest.mark.parametrize(
    ("prediction", "name"),
    [
        ({"classes": [[1, "cat", 0.6]], "label_name": "jeep"}, "jeep"),
        ({"classes": [[1, "cat", 0.6], [2, "jeep", 0.3]]}, "jeep"),
        ({"classes": [[1, "cat", 0.6], [2, None, 0.3]]}, None),
        ({"classes": [[1, "cat", 0.6]]}, None),
        (None, None),
    ],
)
def test_the_name_of_the_label_is_what_the_run_kept_else_what_is_listed(prediction, name) -> None:
    assert label_name_of(item(prediction, {"label": 2})) == name
    assert label_name_of(item(prediction)) is None


def test_a_failed_item_is_not_right() -> None:
    run = example_run("r-1", answers=(0, 0, None))
    assert [is_right(each) for each in run.items] == [True, False, False]


def test_pairs_labelled_items_in_the_order_of_the_first() -> None:
    first = example_run("r-1", answers=(0, 1, 2)).items
    other = tuple(reversed(example_run("r-2", answers=(0, 1)).items))
    unlabelled = (dataclasses.replace(first[0], target=None), *first[1:])
    assert [(a.item, b.item) for a, b in paired(first, other)] == [("item-0",) * 2, ("item-1",) * 2]
    assert [a.item for a, _ in paired(unlabelled, other)] == ["item-1"]


def test_counts_what_only_one_side_has_right() -> None:
    first = example_run("r-1", answers=(0, 1, 0, None, 4)).items
    second = example_run("r-2", answers=(0, 0, 2, 3, 4)).items
    assert paired_right(first, second) == (5, 1, 2)
    assert paired_right(first, ()) == (0, 0, 0)
