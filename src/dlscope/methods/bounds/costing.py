"""`costed_graph`: a `Graph` and what was measured of its layers, as input of the bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from dlscope.graph.dag import Dag
from dlscope.graph.ir import Graph, Layer
from dlscope.graph.work import RULES, Work
from dlscope.methods.bounds.costed import (
    PLAIN_LAYOUT,
    Cost,
    Costed,
    CostedLayer,
    FusedGroup,
    view,
)
from dlscope.methods.bounds.fusion_patterns import Fusible

# What the paper's tool takes for free, though most of it moves data.
_FREE_IN_THE_PAPER = {
    *("Concat", "Flatten", "Identity", "Reshape", "Transpose", "Unsqueeze"),
    *("GlobalAveragePool", "GlobalLpPool", "GlobalMaxPool", "LRN", "Scale"),
}


def costed_graph(
    graph: Graph,
    costs: Callable[[Layer], Iterable[Cost]],
    fused: Iterable[tuple[Fusible, Iterable[Cost]]] = (),
    *,
    paper_costs: bool = False,
) -> Costed:
    """The layers of `graph` with the `costs` of each, and `fused` groups with theirs.

    Views are free and not asked for; so is all that the paper's tool skips, with `paper_costs`.
    Raises `BoundError` naming every layer without a measurement.
    """
    layers = tuple(
        CostedLayer(layer.id, layer.name, layer.operator, _costs(layer, costs, paper_costs))
        for layer in graph.layers
    )
    groups = tuple(
        FusedGroup(group.pattern, group.ids, tuple(measured)) for group, measured in fused
    )
    return Costed(graph.name, layers, Dag.of_graph(graph).predecessors, groups)


def is_view(layer: Layer) -> bool:
    """Whether it computes and moves nothing."""
    rule = RULES.get(layer.operator)
    return rule is not None and rule(layer) == Work()


def _costs(
    layer: Layer, costs: Callable[[Layer], Iterable[Cost]], paper_costs: bool
) -> tuple[Cost, ...]:
    if paper_costs and layer.operator in _FREE_IN_THE_PAPER:
        return (view(),)
    return (_view(layer),) if is_view(layer) else tuple(costs(layer))


def _view(layer: Layer) -> Cost:
    """One that keeps the axes keeps any layout; another one counts on the plain one."""
    shapes = {each.shape for each in (*layer.sources[:1], *layer.results[:1])}
    return view() if len(shapes) == 1 else view(PLAIN_LAYOUT, PLAIN_LAYOUT)
