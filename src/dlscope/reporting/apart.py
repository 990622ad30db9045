"""`apart`: which points of a figure have room beside them for a label that lies on no other."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

_SHARES = {"x": 0.3, "y": 0.05}
"""How much of a figure a label takes, across and upwards."""


def apart(points: Sequence[Mapping[str, Any]], wanted: Collection[int]) -> set[int]:
    """Those of the indices `wanted` whose labels meet none of a point further left.

    A label stands to the right of its point, at `x` and `y`; all `points` tell how wide it all is.
    """
    spans = {axis: _span([float(each[axis]) for each in points]) for axis in _SHARES}
    kept: list[int] = []
    for index in sorted(wanted, key=lambda each: points[each]["x"]):
        if not any(_meets(points[index], points[other], spans) for other in kept):
            kept.append(index)
    return set(kept)


def _span(values: Sequence[float]) -> float:
    return max(values) - min(values) if values else 0.0


def _meets(one: Mapping[str, Any], other: Mapping[str, Any], spans: Mapping[str, float]) -> bool:
    return all(
        abs(one[axis] - other[axis]) <= share * spans[axis] for axis, share in _SHARES.items()
    )
