"""`compose`: what a backend would take for a model, from what its own code takes for each layer.

A bound takes the fastest way of each layer, wherever it is from. A composition takes what one
backend would: its own implementations, the fusions it does, and the layout it keeps to, with the
changes of layout that follow from that. It is the model behind every prediction: of two setups,
both composed from the same benchmarks, the ratio is what a change gains.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import final

from dlscope.core.errors import BoundError
from dlscope.graph.dag import Dag
from dlscope.graph.list_schedule import list_schedule
from dlscope.methods.bounds.analysis import ModelBounds, laid_out
from dlscope.methods.bounds.bound import Step
from dlscope.methods.bounds.costed import PLAIN_LAYOUT, VIEW, Cost, Costed, CostedLayer, FusedGroup
from dlscope.methods.bounds.fused_by_backend import fused_by_backend
from dlscope.methods.bounds.layouts import LayoutPolicy, Reorder, layout_bound, layout_policies
from dlscope.methods.bounds.own_code import FUSED, OwnCode, own_code
from dlscope.methods.bounds.plain_ends import with_plain_ends
from dlscope.methods.bounds.setups import Setup
from dlscope.methods.bounds.wires import Wire


@final
@dataclass(frozen=True)
class Composition:
    """The latency of a setup put together, and of which steps and changes of layout.

    `total_ns` is what they take with so many operators at once as the setup allows.
    """

    total_ns: int
    steps: tuple[Step, ...]
    reorders: tuple[Reorder, ...] = ()

    @property
    def reorder_ns(self) -> int:
        """The part that only changes layouts."""
        return sum(each.cost.cost_ns for each in self.reorders)

    @property
    def step_of(self) -> Mapping[int, Step]:
        """The step of each layer by its id."""
        return {layer: step for step in self.steps for layer in step.layers}


def compose(bounds: ModelBounds, setup: Setup) -> Composition:
    """The latency of the model in `setup`, from benchmarks alone.

    Raises `BoundError` naming the layers that nothing of the backend was measured of, and for a
    backend whose own code is not known.
    """
    bounds = _with_threads(bounds, setup)
    owns = {name: own_code(name, setup) for name in {setup.backend, *setup.elsewhere.values()}}
    network = _restricted(bounds.everything, setup, owns)
    main = owns[setup.backend]
    if main.is_compiled:
        network = with_plain_ends(network, bounds.benches.graph)
    groups = fused_by_backend(network) if main.is_fusing else ()
    fused = contracted(network, groups)
    members = {group.layers[0]: group for group in groups}
    if main.layout and bounds.wires is not None:
        return _kept_to(main.layout, fused, members, _rewired(bounds.wires, groups), setup)
    steps = tuple(_step(layer.best, layer.id, members) for layer in _in_order(fused))
    return Composition(_latency_ns(fused.dag, steps, setup), steps)


def _with_threads(bounds: ModelBounds, setup: Setup) -> ModelBounds:
    """What was measured with as many threads of a layer as the setup has."""
    threads = setup.options.get("threads")
    if threads is None:
        return bounds
    if threads not in bounds.threaded:
        raise BoundError(
            f"nothing of {bounds.name} was measured with {threads} threads",
            where=f"prediction of {setup.label}",
            fix=f"measure it with: dlscope bound analyze --cores {threads}",
        )
    return bounds.threaded[threads]


def is_own(setup: Setup, cost: Cost) -> bool:
    """Whether the backend of `setup` would compute so. Raises `BoundError` as `compose`."""
    return own_code(setup.backend, setup).has(cost)


def contracted(costed: Costed, groups: Iterable[FusedGroup]) -> Costed:
    """The network in which each of the disjoint `groups` is one layer, called as its first."""
    groups = tuple(groups)
    dag = costed.dag.contracted([group.layers for group in groups])
    heads = {group.layers[0]: group for group in groups}
    layers = tuple(
        replace(costed.by_id[node], costs=heads[node].costs)
        if node in heads
        else costed.by_id[node]
        for node in dag.nodes
    )
    return Costed(costed.name, layers, dag.predecessors)


def _restricted(costed: Costed, setup: Setup, owns: Mapping[str, OwnCode]) -> Costed:
    """Each layer with the costs of the backend that computes it, groups with the main one's."""
    main = owns[setup.backend]
    layers = tuple(replace(layer, costs=_costs_in(layer, setup, owns)) for layer in costed.layers)
    groups = tuple(
        replace(group, costs=tuple(each for each in group.costs if _is_fused(each, main)))
        for group in costed.groups
        if not any(costed.by_id[layer].op_type in setup.elsewhere for layer in group.layers)
    )
    return Costed(costed.name, layers, costed.predecessors, groups)


def _costs_in(layer: CostedLayer, setup: Setup, owns: Mapping[str, OwnCode]) -> tuple[Cost, ...]:
    backend = setup.elsewhere.get(layer.op_type, setup.backend)
    return _costs(layer, owns[backend], is_elsewhere=layer.op_type in setup.elsewhere)


def _costs(layer: CostedLayer, own: OwnCode, *, is_elsewhere: bool) -> tuple[Cost, ...]:
    """What passes from one framework to another is laid out plain."""
    return tuple(
        cost
        for cost in layer.costs
        if cost.implementation == VIEW
        or (own.has(cost) and (not is_elsewhere or cost.is_in(PLAIN_LAYOUT)))
    )


def _is_fused(cost: Cost, own: OwnCode) -> bool:
    """Whether it computes a group at once: ONNX Runtime's plain session only where told to."""
    is_one = cost.kernels in (None, 1)
    return is_one and own.has(cost) and (cost.implementation != "ort" or cost.algorithm == FUSED)


def _kept_to(
    layout: str,
    network: Costed,
    members: Mapping[int, FusedGroup],
    wires: tuple[Wire, ...],
    setup: Setup,
) -> Composition:
    """Every layer in that layout that can be, and the changes of layout around the others.

    Where some tensor cannot be put into it, layers in it where that is the least in all.
    """
    laid = _policy(layout, network, wires).bound
    if not laid.is_possible:
        laid = layout_bound(laid_out(network), wires)
    by_head = {step.layers[0]: step for step in laid.bound.steps}
    steps = tuple(_step(by_head[layer.id].cost, layer.id, members) for layer in _in_order(network))
    reorders = laid.reorders
    moved_ns = sum(each.cost.cost_ns for each in reorders)
    return Composition(_latency_ns(network.dag, steps, setup) + moved_ns, steps, reorders)


def _policy(layout: str, network: Costed, wires: tuple[Wire, ...]) -> LayoutPolicy:
    policies = {each.layout: each for each in layout_policies(laid_out(network), wires)}
    # A network without any layer in that layout has no such policy.
    return policies.get(layout) or next(iter(policies.values()))


def _rewired(wires: Iterable[Wire], groups: Iterable[FusedGroup]) -> tuple[Wire, ...]:
    """The tensors between layers and groups; those inside of groups are gone."""
    heads = {layer: group.layers[0] for group in groups for layer in group.layers}
    found = []
    for wire in wires:
        producer = None if wire.producer is None else heads.get(wire.producer, wire.producer)
        takers = tuple(dict.fromkeys(heads.get(each, each) for each in wire.consumers))
        outside = tuple(each for each in takers if each != producer)
        if outside or wire.is_output:
            found.append(replace(wire, producer=producer, consumers=outside))
    return tuple(found)


def _step(cost: Cost, node: int, members: Mapping[int, FusedGroup]) -> Step:
    if node not in members:
        return Step((node,), cost)
    return Step(members[node].layers, cost, members[node].pattern)


def _in_order(network: Costed) -> list[CostedLayer]:
    return [network.by_id[node] for node in network.dag.nodes]


def _latency_ns(dag: Dag[int], steps: Iterable[Step], setup: Setup) -> int:
    """One after another, or so many at once as the setup has threads for operators."""
    costs = {step.layers[0]: step.cost.cost_ns for step in steps}
    workers = int(setup.option("inter_op_threads") or 1)
    if workers == 1:
        return sum(costs.values())
    return int(list_schedule(dag, costs, workers=workers).total)
