"""`ModelBounds`: all bounds of a model over the costs that were measured of its layers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, final

from dlscope.graph.brick import Brick
from dlscope.graph.ir import Layer, Tensor
from dlscope.methods.bounds.bound import Bound, ParallelBound
from dlscope.methods.bounds.costed import PLAIN_LAYOUT, Cost, Costed, cheapest
from dlscope.methods.bounds.costing import costed_graph
from dlscope.methods.bounds.fast_algorithms import FastAlgorithm
from dlscope.methods.bounds.fused_bounds import fused_parallel_bound, fused_sequential_bound
from dlscope.methods.bounds.generating import (
    ModelBenches,
    costs_nothing,
    declared_dtypes,
    reordering_of,
)
from dlscope.methods.bounds.implementation import ONEDNN
from dlscope.methods.bounds.layouts import (
    IMPOSSIBLE_NS,
    LayoutBound,
    LayoutPolicy,
    layout_bound,
    layout_policies,
)
from dlscope.methods.bounds.lower_bounds import parallel_bound, sequential_bound
from dlscope.methods.bounds.measured_costs import MeasuredCosts, Refusal
from dlscope.methods.bounds.reorders import LAYOUTS
from dlscope.methods.bounds.roofline_floor import (
    Demand,
    Peaks,
    RooflineFloor,
    demands,
    raised,
    roofline_floor,
)
from dlscope.methods.bounds.single_source import SingleSource, single_source, single_source_share
from dlscope.methods.bounds.wires import Wire, wires_of

Selected = Literal["best", "heuristic", "used"]
"""Of each layer the fastest way; what libraries choose by themselves; what the backend uses."""
SELECTED: tuple[Selected, ...] = ("best", "heuristic", "used")
_FAST: Set[FastAlgorithm] = frozenset({"winograd"})
_IMPOSSIBLE = Cost(IMPOSSIBLE_NS, "none")
_NOTHING_MOVES = Cost(0, "none")


@final
@dataclass(frozen=True)
class MissingLayer:
    """A layer without any cost, and why each implementation gave none."""

    layer: Layer
    brick_id: str
    refusals: tuple[Refusal, ...]


@final
@dataclass(frozen=True, eq=False)
class ModelBounds:
    """The bounds of one model; each is computed when it is asked for.

    `everything` has the costs in all types that were measured, `costed` only the admissible ones.
    `wires` is None where no changes of layout were measured, `peaks` where they are not known.
    `threaded` are the same by what was measured with so many threads of a layer.
    """

    benches: ModelBenches
    costs: MeasuredCosts
    everything: Costed
    costed: Costed
    wires: tuple[Wire, ...] | None = None
    peaks: Peaks | None = None
    threaded: Mapping[int, ModelBounds] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the model."""
        return self.benches.name

    @cached_property
    def sequential(self) -> Bound:
        """S."""
        return sequential_bound(self.costed)

    @cached_property
    def parallel(self) -> ParallelBound:
        """P."""
        return parallel_bound(self.costed)

    @cached_property
    def fused(self) -> Bound:
        """S_f."""
        return fused_sequential_bound(self.costed)

    @cached_property
    def fused_parallel(self) -> ParallelBound:
        """P_f."""
        return fused_parallel_bound(self.costed)

    @cached_property
    def layout(self) -> LayoutBound | None:
        """S_l, over the layouts that tensors can be put into."""
        if self.wires is None:
            return None
        return layout_bound(laid_out(self.costed), self.wires)

    @cached_property
    def policies(self) -> tuple[LayoutPolicy, ...]:
        """What each layout for all layers costs, where all can be put into it."""
        if self.wires is None:
            return ()
        found = layout_policies(laid_out(self.costed), self.wires)
        return tuple(each for each in found if each.bound.is_possible)

    @cached_property
    def floor(self) -> RooflineFloor | None:
        """F; None where peaks are not known, or not for a type that is multiplied in."""
        peaks = self.reached_peaks
        if peaks is None:
            return None
        known = {each.dtype for each in self._demands if each.work and each.work.macs}
        if not known <= set(peaks.flops_per_s):
            return None
        return roofline_floor(self._demands, peaks)

    @cached_property
    def reached_peaks(self) -> Peaks | None:
        """The peaks of the machine, or what a layer reached beyond them."""
        if self.peaks is None:
            return None
        return raised(self.peaks, self._demands, self.costed.best_ns)

    @cached_property
    def _demands(self) -> tuple[Demand, ...]:
        return demands(self.benches.graph, _FAST)

    @cached_property
    def single_sources(self) -> tuple[SingleSource, ...]:
        """Operators that rest on one implementation."""
        return single_source(self.costed)

    @cached_property
    def single_source_share(self) -> float:
        """Their share of S."""
        return single_source_share(self.costed)


def model_bounds(
    benches: ModelBenches,
    costs: MeasuredCosts,
    *,
    admissible: Callable[[Cost], bool] | None = None,
    dtypes: Iterable[str] = (),
    peaks: Peaks | None = None,
    paper_costs: bool = False,
    selected: Selected = "best",
) -> ModelBounds:
    """The bounds of a model from what was measured of its bricks.

    Admissible are the types that the model is written in and `dtypes`, and of these what
    `admissible` accepts. Raises `BoundError` naming every layer without an admissible cost.
    """
    everything = _costed(benches, costs, paper_costs)
    types = {*declared_dtypes(benches.layers.values()), *dtypes}

    def is_admissible(cost: Cost) -> bool:
        is_chosen = selected == "best" or cost.is_heuristic
        return cost.dtype in types and is_chosen and (admissible is None or admissible(cost))

    costed = everything.admitting(is_admissible)
    wires = _wires(benches, costs) if benches.reorders else None
    return ModelBounds(benches, costs, everything, costed, wires, peaks)


def missing_layers(benches: ModelBenches, costs: MeasuredCosts) -> Iterator[MissingLayer]:
    """The layers that nothing was measured of, in the order of the graph."""
    for layer in benches.graph.layers:
        brick = benches.layers[layer.id]
        if not costs_nothing(benches, layer.id) and not costs.of(brick):
            yield MissingLayer(layer, brick.id, costs.refusals(brick))


def laid_out(costed: Costed) -> Costed:
    """Without what computes in a layout that no tensor can be put into or taken out of."""
    return costed.admitting(lambda cost: ONEDNN not in (cost.layout_in, cost.layout_out))


def _costed(benches: ModelBenches, costs: MeasuredCosts, paper_costs: bool) -> Costed:
    return costed_graph(
        benches.graph,
        lambda layer: costs.of(benches.layers[layer.id]),
        [(group, costs.of(brick)) for group, brick in benches.groups],
        paper_costs=paper_costs,
    )


def _wires(benches: ModelBenches, costs: MeasuredCosts) -> tuple[Wire, ...] | None:
    """None where a change of layout that can be made was not measured."""
    known = {wanted: _reorder(costs, brick) for wanted, brick in benches.reorders.items()}
    if None in known.values():
        return None

    def reorders(tensor: Tensor) -> Iterator[Cost]:
        for before, after in itertools.permutations(LAYOUTS, 2):
            cost = known.get(reordering_of(tensor, before, after)) or _IMPOSSIBLE
            yield replace(cost, layout_in=before, layout_out=after)

    return wires_of(benches.graph, reorders)


def _reorder(costs: MeasuredCosts, brick: Brick | None) -> Cost | None:
    """What a change of layout costs between plain shapes; None where it was not measured."""
    if brick is None:
        return _NOTHING_MOVES
    return cheapest(each for each in costs.of(brick) if each.is_in(PLAIN_LAYOUT))
