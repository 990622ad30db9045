"""The layout-consistent bound S_l: a tensor given in one layout and needed in another is moved.

Layers alone may each be fastest in a layout of its own. S_l adds the measured cost of each change
of layout to the costs of the layers, and chooses so that the sum is least:

    S ≤ S_l ≤ the sum in any single layout, with its changes at graph inputs and outputs
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from dlscope.methods.bounds.bound import Bound, Method, Step
from dlscope.methods.bounds.costed import Cost, Costed
from dlscope.methods.bounds.layout_problem import LayoutProblem
from dlscope.methods.bounds.pairwise_minimum import minimum
from dlscope.methods.bounds.wires import Chosen, Wire

IMPOSSIBLE_NS = 10**15
"""Of laying a tensor out as it cannot be: never in the least sum."""


@final
@dataclass(frozen=True)
class Reorder:
    """A tensor that is laid out anew, and what that costs."""

    tensor: str
    cost: Cost


@final
@dataclass(frozen=True)
class LayoutBound:
    """A latency whose layers and reorders fit together: the total of `bound` holds both."""

    bound: Bound
    reorders: tuple[Reorder, ...]

    @property
    def reorder_ns(self) -> int:
        """The part of the total that only changes layouts."""
        return sum(each.cost.cost_ns for each in self.reorders)

    @property
    def is_possible(self) -> bool:
        """Whether every change of layout in it can be made."""
        return all(each.cost.cost_ns < IMPOSSIBLE_NS for each in self.reorders)


@final
@dataclass(frozen=True)
class LayoutPolicy:
    """What one layout for all layers costs; `strays` are layers that do not know it."""

    layout: str
    bound: LayoutBound
    strays: tuple[int, ...]


def layout_bound(costed: Costed, wires: Sequence[Wire]) -> LayoutBound:
    """S_l, exact on chains and series-parallel parts, by a beam elsewhere (method `beam`).

    Graph inputs come, and outputs are wanted, in the plain layout. Where it is exact, one more
    implementation never raises it. Raises `BoundError` naming changes of layout without a cost,
    and wires to layers that there are not.
    """
    problem = LayoutProblem(costed, wires)
    seeds = [problem.choices(problem.policy(layout)) for layout in problem.layouts]
    found = minimum(problem.costs, seeds)
    chosen = problem.chosen(found.choices)
    return _bound(costed, wires, chosen, "exact" if found.is_exact else "beam")


def layout_policies(costed: Costed, wires: Sequence[Wire]) -> tuple[LayoutPolicy, ...]:
    """Each layout that an implementation knows, used by every layer that can; cheapest first.

    A layer that cannot is carried out as it is cheapest. Raises `BoundError` as `layout_bound`.
    """
    problem = LayoutProblem(costed, wires)
    policies = [_policy(problem, layout) for layout in problem.layouts]
    return tuple(sorted(policies, key=lambda each: (each.bound.bound.total_ns, each.layout)))


def _policy(problem: LayoutProblem, layout: str) -> LayoutPolicy:
    chosen = problem.policy(layout)
    strays = tuple(layer for layer, cost in chosen.items() if not cost.is_in(layout))
    return LayoutPolicy(layout, _bound(problem.costed, problem.wires, chosen), strays)


def _bound(
    costed: Costed, wires: Sequence[Wire], chosen: Chosen, method: Method = "exact"
) -> LayoutBound:
    steps = tuple(Step((layer,), chosen[layer]) for layer in costed.dag.nodes)
    moved = tuple(
        Reorder(wire.tensor, cost) for wire in wires for cost in wire.moves(*wire.ends(chosen))
    )
    costs = [step.cost.cost_ns for step in steps] + [each.cost.cost_ns for each in moved]
    return LayoutBound(Bound(sum(costs), steps, method), moved)
