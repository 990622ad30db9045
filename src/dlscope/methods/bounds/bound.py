"""`Bound` and `ParallelBound`: a latency, with the steps and the measurements that it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal, final

from dlscope.graph.dag import Dag
from dlscope.graph.paths import CriticalPath, Width, critical_path, width_profile
from dlscope.methods.bounds.costed import Cost, Costed, FusedGroup, cheapest

Method = Literal["exact", "greedy", "three choices", "beam"]
"""How the steps were chosen; what is not exact may be larger than the least there is."""


@final
@dataclass(frozen=True)
class Step:
    """A layer, or the layers of a fused group, and the way in which it is carried out."""

    layers: tuple[int, ...]
    cost: Cost
    pattern: str = ""


@final
@dataclass(frozen=True)
class Bound:
    """The latency of `steps` one after another, in ns; steps are in topological order."""

    total_ns: int
    steps: tuple[Step, ...]
    method: Method = "exact"


@final
@dataclass(frozen=True)
class ParallelBound:
    """The latency, in ns, of `steps` that wait for nothing but what they need.

    `path` are the steps that it is the sum of. `starts_ns` tells when each of `steps` begins, and
    `widths` how many run at once.
    """

    total_ns: int
    steps: tuple[Step, ...]
    path: tuple[Step, ...]
    starts_ns: tuple[int, ...]
    widths: tuple[Width, ...]
    method: Method = "exact"


def evidence_of(steps: Iterable[Step]) -> tuple[str, ...]:
    """The ids of the results that `steps` rest on, each once."""
    return tuple(dict.fromkeys(step.cost.evidence for step in steps if step.cost.evidence))


def in_sequence(
    costed: Costed, groups: Sequence[FusedGroup] = (), method: Method = "exact"
) -> Bound:
    """The sum over all layers in their cheapest ways, those of the disjoint `groups` fused."""
    steps = _steps(costed, groups, costed.dag.contracted([group.layers for group in groups]))
    return Bound(sum(step.cost.cost_ns for step in steps), steps, method)


def in_parallel(
    costed: Costed, groups: Sequence[FusedGroup] = (), method: Method = "exact"
) -> ParallelBound:
    """The heaviest path over all layers in their cheapest ways, the disjoint `groups` fused."""
    contracted, found = _longest_path(costed, groups)
    steps = _steps(costed, groups, contracted)
    by_head = {step.layers[0]: step for step in steps}
    return ParallelBound(
        found.total,
        steps,
        tuple(by_head[node] for node in found.path),
        tuple(found.starts[step.layers[0]] for step in steps),
        width_profile(found),
        method,
    )


def longest_path_ns(costed: Costed, groups: Sequence[FusedGroup] = ()) -> int:
    """The total of `in_parallel` alone."""
    return _longest_path(costed, groups)[1].total


def _longest_path(
    costed: Costed, groups: Sequence[FusedGroup]
) -> tuple[Dag[int], CriticalPath[int]]:
    """A fused group stands at its first layer."""
    contracted = costed.dag.contracted([group.layers for group in groups])
    fused_ns = {group.layers[0]: _best(group).cost_ns for group in groups}
    return contracted, critical_path(contracted, {**costed.best_ns, **fused_ns})


def _steps(costed: Costed, groups: Sequence[FusedGroup], contracted: Dag[int]) -> tuple[Step, ...]:
    fused = {group.layers[0]: group for group in groups}
    return tuple(
        Step(fused[node].layers, _best(fused[node]), fused[node].pattern)
        if node in fused
        else Step((node,), costed.by_id[node].best)
        for node in contracted.nodes
    )


def _best(group: FusedGroup) -> Cost:
    best = cheapest(group.costs)
    assert best is not None  # only measured groups are chosen
    return best
