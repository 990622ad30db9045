"""`Costed`: a network whose layers, and groups of layers, have measured costs; input of all bounds.

A layer that only gives a new name to what lies in memory (a view) is free: its one cost is 0 ns.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import final

from dlscope.core.errors import BoundError, DlscopeError, raise_all
from dlscope.graph.dag import Dag

ANY_LAYOUT = "any"
"""A layer that takes its inputs however they lie, or gives its outputs as it took the inputs."""
PLAIN_LAYOUT = "plain"
"""As ONNX has them; graph inputs and outputs are."""
VIEW = "view"


@final
@dataclass(frozen=True)
class Cost:
    """One measured way to carry something out, and where that is written down.

    Two implementations of one `family` share code underneath; without a family, an implementation
    is one of its own. `evidence` is the id of the result that the cost is from. Of several
    algorithms a library chooses by itself what `is_heuristic`. `overhead_ns` is what a call takes
    beside, which is not in the cost. A cost is `contended` where other work held the core nearly
    all the time that it was measured. Of `kernels` so many run one by one; None is not told.
    """

    cost_ns: int
    implementation: str
    algorithm: str = ""
    dtype: str = "float32"
    math: str = ""
    layout_in: str = PLAIN_LAYOUT
    layout_out: str = PLAIN_LAYOUT
    family: str = ""
    evidence: str = ""
    is_heuristic: bool = True
    overhead_ns: int = 0
    is_contended: bool = False
    kernels: int | None = None

    @property
    def source(self) -> str:
        """The family, or the implementation where it has none."""
        return self.family or self.implementation

    def is_in(self, layout: str) -> bool:
        """Whether it takes and gives tensors in `layout`."""
        return self.layout_in == self.layout_out == layout

    @property
    def order(self) -> tuple[int, str, str, str, str, str, str]:
        """Cheapest first; equal ones always in the same order."""
        ways = (self.implementation, self.algorithm, self.math, self.layout_in, self.layout_out)
        return (self.cost_ns, *ways, self.evidence)


def view(layout_in: str = ANY_LAYOUT, layout_out: str = ANY_LAYOUT) -> Cost:
    """The cost of a layer that moves nothing and computes nothing."""
    return Cost(0, VIEW, layout_in=layout_in, layout_out=layout_out)


def cheapest(costs: Iterable[Cost]) -> Cost | None:
    """The least of `costs`, always the same one of equal ones; None of none."""
    return min(costs, key=lambda cost: cost.order, default=None)


@final
@dataclass(frozen=True)
class CostedLayer:
    """A layer and every admissible way to carry it out."""

    id: int
    name: str
    op_type: str
    costs: tuple[Cost, ...]

    @property
    def best(self) -> Cost:
        """The cheapest cost. Raises `BoundError` where nothing was measured."""
        found = cheapest(self.costs)
        if found is None:
            raise _unmeasured([self], self.name)
        return found


@final
@dataclass(frozen=True)
class FusedGroup:
    """Layers that can be carried out at once, from the first to the last, and what that costs.

    Without costs it was not measured, and no bound takes it.
    """

    pattern: str
    layers: tuple[int, ...]
    costs: tuple[Cost, ...] = ()


@final
@dataclass(frozen=True, eq=False)
class Costed:
    """Layers, the ids of the layers that each waits for, and groups that can be fused.

    Of a group, only the last layer may be taken by layers outside; then any disjoint groups leave
    the graph without a circle: a circle through groups would pass through their last layers, and
    so be one of layers. Groups may overlap; which are used is for a bound to choose.

    Raises `BoundError` naming every layer without any measurement, for costs below 0, and for
    groups that cannot be fused; `GraphError` for a circle.
    """

    name: str
    layers: tuple[CostedLayer, ...]
    predecessors: Mapping[int, tuple[int, ...]]
    groups: tuple[FusedGroup, ...] = ()

    def __post_init__(self) -> None:
        raise_all(list(self._problems()))

    @cached_property
    def dag(self) -> Dag[int]:
        """The ids of layers in topological order."""
        return Dag.of([layer.id for layer in self.layers], self.predecessors)

    @cached_property
    def by_id(self) -> Mapping[int, CostedLayer]:
        """The layers by their ids."""
        return {layer.id: layer for layer in self.layers}

    @cached_property
    def best_ns(self) -> Mapping[int, int]:
        """The cost of the cheapest way of each layer."""
        return {layer.id: layer.best.cost_ns for layer in self.layers}

    def admitting(self, is_admissible: Callable[[Cost], bool]) -> Costed:
        """The same network with only the admissible costs; views always are.

        Raises `BoundError` naming every layer that has none left.
        """
        layers = tuple(
            replace(each, costs=_admitted(each.costs, is_admissible)) for each in self.layers
        )
        groups = tuple(
            replace(each, costs=_admitted(each.costs, is_admissible)) for each in self.groups
        )
        return replace(self, layers=layers, groups=groups)

    def parts_ns(self, group: FusedGroup) -> int:
        """What the layers of `group` cost one by one."""
        return sum(self.best_ns[layer] for layer in group.layers)

    def gain_ns(self, group: FusedGroup) -> int:
        """What fusing `group` saves over its layers one by one, 0 where it saves nothing."""
        best = cheapest(group.costs)
        return max(0, self.parts_ns(group) - best.cost_ns) if best else 0

    def _problems(self) -> Iterator[DlscopeError]:
        in_order = [self.by_id[layer] for layer in self.dag.nodes]
        unmeasured = [layer for layer in in_order if not layer.costs]
        if unmeasured:
            yield _unmeasured(unmeasured, self.name)
        yield from self._negative()
        yield from (problem for group in self.groups for problem in self._unfit(group))

    def _negative(self) -> Iterator[BoundError]:
        named = [(layer.name, layer.costs) for layer in self.layers]
        named += [(self._named(group), group.costs) for group in self.groups]
        wrong = [name for name, costs in named if any(cost.cost_ns < 0 for cost in costs)]
        if wrong:
            yield BoundError(
                f"costs below 0 ns: {', '.join(wrong)}",
                where=self.name,
                fix="measure again: the overhead that was taken off is larger than the time",
            )

    def _unfit(self, group: FusedGroup) -> Iterator[BoundError]:
        members = set(group.layers)
        if len(members) < 2 or len(members) < len(group.layers) or not members <= set(self.by_id):
            yield BoundError(
                f"{self._named(group)} is not two or more different layers",
                where=self.name,
                fix="give the ids of the layers that are fused, each once",
            )
            return
        leaking = [each for each in group.layers[:-1] if not self._stays_in(each, members)]
        if leaking:
            names = ", ".join(self.by_id[each].name for each in leaking)
            yield BoundError(
                f"{self._named(group)} cannot be fused: others need what is inside: {names}",
                where=self.name,
                fix="end the group at a layer whose output others take",
            )

    def _stays_in(self, layer: int, members: set[int]) -> bool:
        takers = set(self.dag.successors[layer])
        return bool(takers) and takers <= members

    def _named(self, group: FusedGroup) -> str:
        names = (self.by_id[each].name if each in self.by_id else each for each in group.layers)
        return f"{group.pattern} ({', '.join(map(str, names))})"


def _admitted(costs: tuple[Cost, ...], is_admissible: Callable[[Cost], bool]) -> tuple[Cost, ...]:
    return tuple(cost for cost in costs if cost.implementation == VIEW or is_admissible(cost))


def _unmeasured(layers: Sequence[CostedLayer], where: str) -> BoundError:
    count = f"{len(layers)} layer{'s have' if len(layers) > 1 else ' has'}"
    names = ", ".join(f"{layer.name} ({layer.op_type})" for layer in layers)
    return BoundError(
        f"{count} no measurement: {names}",
        where=where,
        fix="measure them, or admit more implementations and types",
    )
