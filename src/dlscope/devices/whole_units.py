"""`whole_units`: what an estimate takes of a device, in units that can be had."""

from __future__ import annotations

import math

_NOISE = 6  # decimals; sums of shares of a unit are off by less


def whole_units(amount: float) -> int:
    """The least whole number of units that hold `amount`.

    Device models count shares of a block so that a search has a slope to follow; of a block of
    memory, or of a DSP, there is no part.

    >>> whole_units(0.355), whole_units(0.1 + 0.2 + 0.7), whole_units(810.0000000001)
    (1, 1, 810)
    """
    return math.ceil(round(amount, _NOISE))
