from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import TrainingError
from dlscope.training.batches import Batches, split


def test_an_epoch_has_every_item_at_most_once() -> None:
    seen = np.concatenate(list(Batches(10, 3).of_epoch(0)))
    assert len(seen) == 9
    assert len(set(seen.tolist())) == 9


def test_the_same_epoch_is_always_the_same() -> None:
    first, again = Batches(20, 4, seed=3), Batches(20, 4, seed=3)
    assert np.array_equal(list(first.of_epoch(7)), list(again.of_epoch(7)))
    assert not np.array_equal(list(first.of_epoch(7)), list(first.of_epoch(8)))


def test_fewer_items_than_a_batch_are_one_batch() -> None:
    batches = Batches(3, 8)
    assert len(batches) == 1
    assert [sorted(each.tolist()) for each in batches.of_epoch(0)] == [[0, 1, 2]]


def test_nothing_to_train_on_is_refused() -> None:
    with pytest.raises(TrainingError, match="0 items in batches of 4 are nothing to train on"):
        Batches(0, 4)


def test_a_split_keeps_the_share_of_every_label() -> None:
    labels = np.repeat(np.arange(3), 10)
    train, rest = split(labels, 0.8, seed=1)
    assert np.bincount(labels[train]).tolist() == [8, 8, 8]
    assert np.bincount(labels[rest]).tolist() == [2, 2, 2]
    assert sorted([*train.tolist(), *rest.tolist()]) == list(range(30))


def test_a_split_leaves_some_of_each_label_on_either_side() -> None:
    train, rest = split(np.array([0, 0, 1, 1]), 0.99)
    assert (len(train), len(rest)) == (2, 2)
