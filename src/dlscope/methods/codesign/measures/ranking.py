"""`kendall_tau`: how well one order of the same things agrees with another."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def kendall_tau(left: ArrayLike, right: ArrayLike) -> float:
    """Kendall's τ_b: pairs in the same order less pairs in the other, as a share of all.

    Equal values are no pair on their side. 1 for the same order, −1 for the reverse, NaN where
    one side is all the same.

    >>> kendall_tau([1, 2, 3, 4], [1, 2, 4, 3])
    0.6666666666666666
    """
    signs = [np.sign(each[:, None] - each[None, :]) for each in map(np.asarray, (left, right))]
    first, second = (sign[np.triu_indices(len(sign), 1)] for sign in signs)
    pairs = np.sqrt(float((first != 0).sum()) * float((second != 0).sum()))
    return float((first * second).sum() / pairs) if pairs else float("nan")
