"""How far two runs over the same items give the same answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.errors import MeasurementError
from dlscope.core.run import ItemResult, Metric
from dlscope.metrics.classification import ranking
from dlscope.metrics.estimate import average, share

Pair = tuple[ItemResult, ItemResult]


@final
@dataclass(frozen=True)
class Agreement:
    """What two runs have in common, item by item; None where the items do not tell.

    `items` is the number of items in both; `top_1` the share with the same best class;
    `differing` the ids of the others; `total_variation` the mean distance of the predicted
    distributions; `max_abs_difference` the largest difference of raw outputs and
    `max_abs_reference` their largest magnitude in the reference, over `outputs` items.
    """

    items: int
    top_1: Metric | None
    differing: tuple[str, ...]
    total_variation: Metric | None
    outputs: int
    max_abs_difference: float | None
    max_abs_reference: float | None


def agreement(reference: Sequence[ItemResult], other: Sequence[ItemResult]) -> Agreement:
    """`other` against `reference` on the items that both have.

    An item that failed in either run differs. Raises `MeasurementError` when the runs share no
    item, or when an output has another shape.
    """
    pairs = _common(reference, other)
    outputs = [pair for pair in pairs if pair[0].outputs.keys() & pair[1].outputs.keys()]
    top_1, differing = _top_1(pairs)
    return Agreement(
        items=len(pairs),
        top_1=top_1,
        differing=differing,
        total_variation=_mean_total_variation(pairs),
        outputs=len(outputs),
        max_abs_difference=max(map(_difference, outputs), default=None),
        max_abs_reference=max(map(_magnitude, outputs), default=None),
    )


def total_variation(p: Mapping[int, float], q: Mapping[int, float]) -> float:
    """Total-variation distance of two distributions of which only some classes are listed.

    ½ Σ |p_k − q_k| over the classes in both lists, all others taken together as one class: exact
    when both lists are complete, a lower bound otherwise. 0 for equal, 1 for disjoint answers.
    """
    both = p.keys() & q.keys()
    rest = sum(q[k] for k in both) - sum(p[k] for k in both)
    return (sum(abs(p[k] - q[k]) for k in both) + abs(rest)) / 2


def _common(reference: Sequence[ItemResult], other: Sequence[ItemResult]) -> list[Pair]:
    by_id = {item.item: item for item in other}
    pairs = [(item, by_id[item.item]) for item in reference if item.item in by_id]
    if not pairs:
        raise MeasurementError(
            "the two runs have no item in common",
            where="agreement",
            fix="compare runs over the same data set",
        )
    return pairs


def _top_1(pairs: Sequence[Pair]) -> tuple[Metric | None, tuple[str, ...]]:
    if not any(_has_classes(item) for pair in pairs for item in pair):
        return None, ()
    differing = tuple(a.item for a, b in pairs if not _same_best(a, b))
    return share("top_1_agreement", len(pairs) - len(differing), len(pairs)), differing


def _has_classes(item: ItemResult) -> bool:
    return item.prediction is not None and "classes" in item.prediction


def _same_best(a: ItemResult, b: ItemResult) -> bool:
    best_a, best_b = ranking(a)[:1], ranking(b)[:1]
    return bool(best_a and best_b) and best_a[0][0] == best_b[0][0]


def _mean_total_variation(pairs: Sequence[Pair]) -> Metric | None:
    answered = [(a, b) for a, b in pairs if _has_classes(a) and _has_classes(b)]
    distances = [total_variation(dict(ranking(a)), dict(ranking(b))) for a, b in answered]
    return average("total_variation", distances) if distances else None


def _difference(pair: Pair) -> float:
    a, b = pair
    return max(
        _array_difference(a.item, name, a.outputs[name], b.outputs[name])
        for name in a.outputs.keys() & b.outputs.keys()
    )


def _array_difference(item: str, name: str, a: NDArray[Any], b: NDArray[Any]) -> float:
    if a.shape != b.shape:
        raise MeasurementError(
            f"output {name!r} is {list(a.shape)} in one run and {list(b.shape)} in the other",
            where=f"item {item}",
            fix="compare runs of the same model",
        )
    x, y = a.astype(np.float64), b.astype(np.float64)
    is_same = (x == y) | (np.isnan(x) & np.isnan(y))
    with np.errstate(invalid="ignore"):
        difference = np.where(is_same, 0.0, np.abs(x - y))
    return float(np.where(np.isnan(difference), np.inf, difference).max(initial=0.0))


def _magnitude(pair: Pair) -> float:
    a, b = pair
    values = [a.outputs[name].ravel() for name in a.outputs.keys() & b.outputs.keys()]
    # fmax passes over NaN, which has no magnitude.
    return float(np.fmax.reduce(np.abs(np.concatenate(values).astype(np.float64)), initial=0.0))
