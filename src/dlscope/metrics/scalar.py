"""Numbers against expected numbers, for models that answer with a value.

prediction  {"values": number or nested list}
target      {"value": number or nested list of as many numbers, "tolerance": number}
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlscope.core.run import ItemResult, Metric
from dlscope.metrics.estimate import exact, share
from dlscope.metrics.reading import malformed, numbers, prediction_field, target_field


def scalar(items: Sequence[ItemResult]) -> tuple[Metric, ...]:
    """`value_max_error` over the answered items and `within_tolerance` over all.

    NaN in place of a number is an infinite error.
    """
    errors = [_max_error(item) for item in items]
    answered = [error for error in errors if error is not None]
    bounds = [float(target_field(item, "tolerance")) for item in items]
    within = sum(e is not None and e <= b for e, b in zip(errors, bounds, strict=True))
    worst = (exact("value_max_error", max(answered), len(answered)),) if answered else ()
    return (share("within_tolerance", within, len(items)), *worst)


def _max_error(item: ItemResult) -> float | None:
    wanted = numbers(item, target_field(item, "value"), "the target").ravel()
    values = prediction_field(item, "values")
    if values is None:
        return None
    got = numbers(item, values, "the prediction").ravel()
    if got.size != wanted.size:
        raise malformed(item, f"predicted {got.size} values for {wanted.size} expected")
    error = np.abs(got - wanted).max(initial=0.0)
    return float(error) if np.isfinite(error) else float("inf")
