"""Fields of targets and predictions, refused by name where they are malformed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import DataError
from dlscope.core.run import ItemResult

Array = NDArray[np.float64]


def target_field(item: ItemResult, name: str) -> Any:
    """The field `name` of the item's target. Raises `DataError` when there is none."""
    return _field(item, item.target, "target", name)


def prediction_field(item: ItemResult, name: str) -> Any:
    """The field `name` of what was predicted, None for a failed item.

    Raises `DataError` when there is a prediction without that field.
    """
    return None if item.prediction is None else _field(item, item.prediction, "prediction", name)


def numbers(item: ItemResult, value: Any, what: str) -> Array:
    """`value` as a float64 array. Raises `DataError` for ragged lists and for text."""
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise malformed(item, f"{what} is not an array of numbers") from None


def text(item: ItemResult, value: Any, what: str) -> str:
    """`value`, which must be text. Raises `DataError` for anything else."""
    if not isinstance(value, str):
        raise malformed(item, f"{what} is {type(value).__name__}, not text")
    return value


def malformed(item: ItemResult, what: str) -> DataError:
    """The refusal of one item."""
    return DataError(
        what,
        where=f"item {item.item}",
        fix="correct the data set's reader, or the model's post-processing",
    )


def _field(item: ItemResult, holder: Any, what: str, name: str) -> Any:
    if not isinstance(holder, Mapping) or name not in holder:
        raise malformed(item, f"the {what} has no field {name!r}")
    return holder[name]
