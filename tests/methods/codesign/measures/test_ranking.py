from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import kendalltau

from dlscope.methods.codesign.measures.ranking import kendall_tau


def test_order_and_reverse() -> None:
    assert kendall_tau([1, 2, 3], [4, 5, 9]) == 1.0
    assert kendall_tau([1, 2, 3], [9, 5, 4]) == -1.0
    assert math.isnan(kendall_tau([1, 1, 1], [1, 2, 3]))


@pytest.mark.parametrize("levels", [3, 1000])
def test_equal_values_count_as_in_the_usual_definition(levels) -> None:
    rng = np.random.default_rng(0)
    left, right = rng.integers(levels, size=(2, 40))
    assert kendall_tau(left, right) == pytest.approx(kendalltau(left, right).statistic)
