"""`layer_work` and `graph_work`: one rule for each operator, and sums."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import final

from dlscope.core.errors import UnsupportedOp
from dlscope.graph.ir import Graph, Layer
from dlscope.graph.work.attention import RULES as _ATTENTION
from dlscope.graph.work.elementwise import RULES as _ELEMENTWISE
from dlscope.graph.work.movement import RULES as _MOVEMENT
from dlscope.graph.work.parameters import parameters
from dlscope.graph.work.products import RULES as _PRODUCTS
from dlscope.graph.work.quantity import Rule, Work
from dlscope.graph.work.recurrent import RULES as _RECURRENT
from dlscope.graph.work.recurrent import with_weights_read_again
from dlscope.graph.work.reductions import RULES as _REDUCTIONS

RULES: Mapping[str, Rule] = MappingProxyType(
    {**_ATTENTION, **_ELEMENTWISE, **_MOVEMENT, **_PRODUCTS, **_RECURRENT, **_REDUCTIONS}
)


@final
@dataclass(frozen=True)
class GraphWork:
    """The work of a graph: of every layer by its id, None where no rule tells, and in all.

    In `total`, a parameter that several layers share counts once. `unknown_ops` are operators
    without a rule and how many layers have them; then the total is not `complete`.
    """

    layers: tuple[Work | None, ...]
    total: Work
    unknown_ops: Mapping[str, int]

    @property
    def complete(self) -> bool:
        """Whether every layer is counted."""
        return not self.unknown_ops


def layer_work(
    layer: Layer, *, cache_bytes: int | None = None, rules: Mapping[str, Rule] = RULES
) -> Work:
    """The work of one layer; `cache_bytes` is the size of the last-level cache, if known.

    The weights of a recurrent layer are read in every step where they are larger than that.
    Raises `UnsupportedOp` for an operator without a rule.
    """
    work = _work(layer, cache_bytes, rules)
    if work is None:
        raise UnsupportedOp(
            f"no rule counts the work of {layer.operator}",
            where=f"layer {layer.name}",
            fix="pass rules with one for it, or count the graph and see its unknown_ops",
        )
    return work


def graph_work(
    graph: Graph, *, cache_bytes: int | None = None, rules: Mapping[str, Rule] = RULES
) -> GraphWork:
    """The work of every layer of `graph` and of all together; see `layer_work`."""
    works = tuple(_work(layer, cache_bytes, rules) for layer in graph.layers)
    total = sum((work for work in works if work), Work())
    pairs = zip(graph.layers, works, strict=True)
    unknown = Counter(layer.operator for layer, work in pairs if work is None)
    trained = {tensor for layer in graph.layers for tensor in parameters(layer)}
    total = replace(total, params=sum(tensor.elements for tensor in trained))
    return GraphWork(works, total, dict(sorted(unknown.items())))


def _work(layer: Layer, cache_bytes: int | None, rules: Mapping[str, Rule]) -> Work | None:
    rule = rules.get(layer.operator)
    work = rule(layer) if rule else None
    if work is None:
        return None
    params = sum(tensor.elements for tensor in parameters(layer))
    return replace(with_weights_read_again(layer, work, cache_bytes), params=params)
