"""`fused_by_backend`: the groups of layers that a framework computes at once.

A framework does not ask what a fusion saves: what it has one kernel for, it computes with that. To
take the groups whose benchmarks are faster than those of their layers would leave out half of what
saves little, and count every error of the others in the one direction.
"""

from __future__ import annotations

from dataclasses import replace

from dlscope.methods.bounds.costed import Costed, FusedGroup
from dlscope.methods.bounds.fused_bounds import fused_sequential_bound
from dlscope.methods.bounds.fusion_choice import Candidate, most_gain


def fused_by_backend(network: Costed) -> tuple[FusedGroup, ...]:
    """Disjoint groups of a network whose costs are all of one backend.

    Of those that are one kernel, the ones in which the most layers vanish. Among groups of which
    nothing tells how many kernels they are, those that save the most.
    """
    certain = tuple(group for group in network.groups if any(each.kernels for each in group.costs))
    place = {layer: index for index, layer in enumerate(network.dag.nodes)}
    known = tuple(
        certain[index]
        for index in most_gain(
            [
                Candidate(len(group.layers) - 1, frozenset(place[layer] for layer in group.layers))
                for group in certain
            ]
        ).taken
    )
    used = {layer for group in known for layer in group.layers}
    left = tuple(
        group for group in network.groups if group not in certain and used.isdisjoint(group.layers)
    )
    return (*known, *_saving(replace(network, groups=left)))


def _saving(network: Costed) -> tuple[FusedGroup, ...]:
    taken = {step.layers for step in fused_sequential_bound(network).steps if step.pattern}
    unique = {group.layers: group for group in network.groups if group.layers in taken}
    return tuple(unique.values())
