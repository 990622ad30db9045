from __future__ import annotations

import numpy as np
import pytest

from dlscope.methods.bricks import lent_weights
from dlscope.methods.bricks.lent_weights import LentWeights


@pytest.mark.parametrize("shape", [(512, 512), (1000, 513), (300, 300, 3, 3), (2, 3)])
def test_weights_keep_the_magnitude_of_sums(shape) -> None:
    (found,) = LentWeights().of({"w": shape}).values()
    assert (found.shape, found.dtype) == (shape, np.float32)
    assert found.flags.c_contiguous
    assert 0 < np.abs(found).max() < 10 / np.sqrt(np.prod(shape[1:]))
    if found.size > 1000:
        assert found.std() * np.sqrt(np.prod(shape[1:])) == pytest.approx(1.0, abs=0.03)


def test_weights_of_one_session_are_beside_each_other() -> None:
    found = LentWeights().of({"a": (300, 100), "b": (7, 5), "c": (200, 200)})
    assert list(found) == ["a", "b", "c"]
    for first, second in (("a", "b"), ("b", "c"), ("a", "c")):
        assert not np.shares_memory(found[first], found[second])


def test_memory_grows_only_where_it_has_to() -> None:
    lent = LentWeights()
    (large,) = lent.of({"w": (400, 400)}).values()
    (small,) = lent.of({"w": (100, 100)}).values()
    assert np.shares_memory(large, small)
    assert lent._memory.size == -(-400 * 400 // lent_weights._TILE) * lent_weights._TILE


def test_nothing_is_lent_where_nothing_is_asked_for() -> None:
    assert LentWeights().of({}) == {}
