"""Networks whose layers know two layouts, with what a change of layout costs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

from costed_networks import Before, chain, network
from hypothesis import strategies as st

from dlscope.methods.bounds.costed import Cost, Costed, CostedLayer
from dlscope.methods.bounds.wires import Chosen, Wire

LAYOUTS = ("plain", "blocked")


def way(cost_ns: int, layout_in: str, layout_out: str | None = None) -> Cost:
    return Cost(cost_ns, layout_in, layout_in=layout_in, layout_out=layout_out or layout_in)


def changes(there_ns: int, back_ns: int) -> tuple[Cost, ...]:
    return way(there_ns, "plain", "blocked"), way(back_ns, "blocked", "plain")


def wires(before: Before, length: int, there_ns: int = 2, back_ns: int = 2) -> list[Wire]:
    """One tensor for each layer; sources share the input x, sinks give graph outputs."""
    moves = changes(there_ns, back_ns)
    sources = tuple(node for node in range(length) if not before.get(node))
    found = [Wire("x", None, sources, reorders=moves)] if sources else []
    for node in range(length):
        takers = tuple(each for each in range(length) if node in before.get(each, ()))
        found.append(Wire(f"t{node}", node, takers, is_output=not takers, reorders=moves))
    return found


def two_layouts(costs: Sequence[tuple[int, int]], before: Before | None = None) -> Costed:
    """Layers with a cost in the plain and one in the blocked layout."""
    return network([[way(p, "plain"), way(b, "blocked")] for p, b in costs], before)


_CHANGES = st.builds(changes, st.integers(0, 6), st.integers(0, 6))
_ENDS = st.sampled_from([*itertools.product(LAYOUTS, LAYOUTS), ("any", "any")])
_WAYS = st.lists(
    st.builds(lambda cost_ns, ends: way(cost_ns, *ends), st.integers(0, 9), _ENDS),
    min_size=1,
    max_size=2,
)


@st.composite
def laid_out(draw: st.DrawFn, *, is_chain: bool = False) -> tuple[Costed, list[Wire]]:
    """Up to five layers, each with any ways between two layouts; each tensor its own costs.

    Any tensor may be a graph output, of a chain the last one only.
    """
    costs = draw(st.lists(_WAYS, max_size=5))
    length = len(costs)
    masks = draw(st.lists(st.integers(0, 31), min_size=length, max_size=length))
    links = {i: [j for j in range(i) if mask >> j & 1] for i, mask in enumerate(masks)}
    before = chain(length) if is_chain else links
    taken_too = st.just(False) if is_chain else st.booleans()
    tensors = [
        replace(each, reorders=draw(_CHANGES), is_output=each.is_output or draw(taken_too))
        for each in wires(before, length)
    ]
    return network(costs, before), tensors


def all_choices(costed: Costed) -> Iterator[Chosen]:
    """Every way to carry out all layers, `any` spelled out."""
    for choice in itertools.product(*map(spelled_out, costed.layers)):
        yield dict(enumerate(choice))


def spelled_out(layer: CostedLayer) -> list[Cost]:
    """The ways of a layer, one that takes any layout as one for each."""
    return [
        replace(cost, layout_in=layout_in, layout_out=layout_out)
        for cost in layer.costs
        for layout_in, layout_out in (
            zip(LAYOUTS, LAYOUTS, strict=True)
            if cost.layout_in == "any"
            else [(cost.layout_in, cost.layout_out)]
        )
    ]


def total_ns(chosen: Chosen, tensors: Sequence[Wire]) -> int:
    """Layers, and each tensor once into each layout in which it is wanted but not given."""
    sum_ns = sum(cost.cost_ns for cost in chosen.values())
    for wire in tensors:
        given = "plain" if wire.producer is None else chosen[wire.producer].layout_out
        wanted = {chosen[each].layout_in for each in wire.consumers}
        wanted |= {"plain"} if wire.is_output else set()
        there, back = wire.reorders
        cost = there if given == "plain" else back
        sum_ns += cost.cost_ns * len(wanted - {given})
    return sum_ns
