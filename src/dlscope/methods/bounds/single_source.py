"""`single_source`: how much of the sequential bound rests on one implementation alone.

A bound is one over the implementations that were measured. Where a kind of layer has but one, and
that one is slow, a framework can fall below the bound.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import final

from dlscope.methods.bounds.costed import Costed, CostedLayer


@final
@dataclass(frozen=True)
class SingleSource:
    """Layers of one operator whose cost only one independent implementation vouches for.

    `share` is their part of the sequential bound, 0 to 1, and `sources` who vouches for them.
    """

    op_type: str
    share: float
    cost_ns: int
    layers: tuple[int, ...]
    sources: tuple[str, ...]


def single_source(costed: Costed) -> tuple[SingleSource, ...]:
    """The operators that have such layers, the largest share first; views have no cost.

    Nothing where every layer that costs something has two independent implementations.
    """
    alone: dict[str, list[CostedLayer]] = defaultdict(list)
    for layer in costed.layers:
        if layer.best.cost_ns and len(_sources(layer)) == 1:
            alone[layer.op_type].append(layer)
    total_ns = sum(costed.best_ns.values())
    rows = [_row(op_type, layers, total_ns) for op_type, layers in alone.items()]
    return tuple(sorted(rows, key=lambda row: (-row.cost_ns, row.op_type)))


def single_source_share(costed: Costed) -> float:
    """The share of the sequential bound, 0 to 1, that rests on one implementation; 0 of nothing."""
    return sum(row.share for row in single_source(costed))


def _row(op_type: str, layers: list[CostedLayer], total_ns: int) -> SingleSource:
    cost_ns = sum(layer.best.cost_ns for layer in layers)
    sources = sorted({source for layer in layers for source in _sources(layer)})
    ids = tuple(layer.id for layer in layers)
    return SingleSource(op_type, cost_ns / total_ns, cost_ns, ids, tuple(sources))


def _sources(layer: CostedLayer) -> set[str]:
    return {cost.source for cost in layer.costs}
