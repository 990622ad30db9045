from __future__ import annotations

from dlscope.methods.bounds.advice.batches import knee


def test_the_knee_is_the_smallest_batch_near_the_best_throughput() -> None:
    assert knee({1: 10.0, 2: 12.0, 4: 20.0, 8: 39.0}) == 4


def test_where_larger_batches_gain_nothing_it_is_the_first() -> None:
    assert knee({1: 10.0, 2: 21.0}) == 1


def test_nothing_measured_has_no_knee() -> None:
    assert knee({}) is None
    assert knee({1: 0.0}) is None
