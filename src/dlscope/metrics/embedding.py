"""Cosines between embeddings against the cosines the data set expects.

prediction  {"embedding": [D numbers]}
target      {"pairs": {id of another item: expected cosine}}, possibly empty
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dlscope.core.run import ItemResult, Metric
from dlscope.metrics.estimate import exact, share
from dlscope.metrics.reading import Array, malformed, numbers, prediction_field, target_field

TOLERANCE = 1e-3


def embedding(items: Sequence[ItemResult]) -> tuple[Metric, ...]:
    """`cosine_max_error` over the pairs that have a cosine, and `pairs_within` 1e-3 of all pairs.

    A pair named from both of its sides counts once; a pair whose other item was not evaluated
    is not counted. A failed item or an embedding of length 0 puts its pairs outside.
    """
    vectors = {item.item: _vector(item) for item in items}
    expected = _expected(items)
    if not expected:
        return ()
    errors = [
        abs(cosine - wanted)
        for (a, b), wanted in expected.items()
        if (cosine := _cosine(vectors[a], vectors[b])) is not None
    ]
    within = share("pairs_within", sum(e <= TOLERANCE for e in errors), len(expected))
    worst = (exact("cosine_max_error", max(errors), len(errors)),) if errors else ()
    return (within, *worst)


def _expected(items: Sequence[ItemResult]) -> dict[tuple[str, str], float]:
    evaluated = {item.item for item in items}
    pairs: dict[tuple[str, str], float] = {}
    for item in items:
        for other, cosine in target_field(item, "pairs").items():
            if other in evaluated:
                first, second = sorted((item.item, other))
                pairs[first, second] = float(cosine)
    return pairs


def _vector(item: ItemResult) -> Array | None:
    values = prediction_field(item, "embedding")
    if values is None:
        return None
    vector = numbers(item, values, "the embedding")
    if vector.ndim != 1:
        raise malformed(item, f"the embedding has {vector.ndim} axes, not 1")
    return vector


def _cosine(a: Array | None, b: Array | None) -> float | None:
    if a is None or b is None or a.shape != b.shape:
        return None
    norm = float(np.linalg.norm(a) * np.linalg.norm(b))
    cosine = float(a @ b) / norm if norm else np.nan
    return cosine if np.isfinite(cosine) else None
