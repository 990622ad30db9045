"""Top-1, top-5 and the probability given to the truth.

prediction  {"classes": [[index, label or None, probability], …], "p_label": float (optional)}
target      {"label": index}
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from dlscope.core.run import ItemResult, Metric
from dlscope.metrics.estimate import average, share
from dlscope.metrics.reading import malformed, prediction_field, target_field

Ranking = list[tuple[int, float]]


def classification(items: Sequence[ItemResult]) -> tuple[Metric, ...]:
    """`top_1`, `top_5` and, where every answer tells it, `mean_p_label`.

    A list of fewer than five classes is taken whole. `mean_p_label` is left out when the true
    class of an answered item is neither listed nor given as `p_label`; failed items give it 0.
    """
    n = len(items)
    labels = [_label(item) for item in items]
    rankings = [ranking(item) for item in items]
    metrics = [share(f"top_{k}", sum(map(_is_among, labels, rankings, [k] * n)), n) for k in (1, 5)]
    truths = [_p_label(*each) for each in zip(items, labels, rankings, strict=True)]
    known = [p for p in truths if p is not None]
    if len(known) == n:
        metrics.append(average("mean_p_label", known))
    return tuple(metrics)


def ranking(item: ItemResult) -> Ranking:
    """Class index and probability, best first; nothing for a failed item.

    Ties are broken by the lower index; NaN comes last.
    """
    classes = prediction_field(item, "classes") or []
    try:
        pairs = [(int(index), float(probability)) for index, _, probability in classes]
    except (TypeError, ValueError):
        raise malformed(item, "classes are not [index, label, probability]") from None
    return sorted(pairs, key=lambda pair: (math.isnan(pair[1]), -pair[1], pair[0]))


def _label(item: ItemResult) -> int:
    label = target_field(item, "label")
    if isinstance(label, bool) or not isinstance(label, int):
        raise malformed(item, f"label {label!r} is not a class index")
    return label


def _is_among(label: int, ranked: Ranking, k: int) -> bool:
    return any(index == label for index, _ in ranked[:k])


def _p_label(item: ItemResult, label: int, ranked: Ranking) -> float | None:
    if item.prediction is None:
        return 0.0
    if "p_label" in item.prediction:
        return float(item.prediction["p_label"])
    return dict(ranked).get(label)
