"""Bounds of a network in which groups of layers are fused where that is measured to be faster.

A group replaces the sum of its layers by its own cost, where that is less. Then S_f ≤ S, P_f ≤ P
and P_f ≤ S_f, always.
"""

from __future__ import annotations

from dlscope.methods.bounds.bound import (
    Bound,
    ParallelBound,
    in_parallel,
    in_sequence,
    longest_path_ns,
)
from dlscope.methods.bounds.costed import Costed, FusedGroup
from dlscope.methods.bounds.fusion_choice import Candidate, Choice, most_gain


def fused_sequential_bound(costed: Costed) -> Bound:
    """S_f: the sum over the disjoint groups that save the most, and the layers in none of them.

    Its method is `greedy` where too many groups overlap for the best choice to be searched; else
    one more group never raises it.
    """
    choice = _choice(costed)
    return in_sequence(costed, _taken(costed, choice), choice.method)


def fused_parallel_bound(costed: Costed) -> ParallelBound:
    """P_f: the least of the heaviest paths over three choices of groups.

    They are: none; those of S_f; those that do not lengthen the path when they are tried one by
    one, the largest gain first. The last begins with none, and so is never worse than that.

    A group can lengthen the path, since its first layer then waits for what its last one needs:
    with A 10 and C 10 both into B 1, and A and B fused 10.5, it is 11 without the group and 20.5
    with it.
    """
    choices = (_taken(costed, _choice(costed)), _without_lengthening(costed))
    least = min(choices, key=lambda groups: longest_path_ns(costed, groups))
    has_choice = any(map(costed.gain_ns, costed.groups))
    return in_parallel(costed, least, "three choices" if has_choice else "exact")


def _choice(costed: Costed) -> Choice:
    place = {layer: index for index, layer in enumerate(costed.dag.nodes)}
    return most_gain(
        [
            Candidate(costed.gain_ns(group), frozenset(place[layer] for layer in group.layers))
            for group in costed.groups
        ]
    )


def _taken(costed: Costed, choice: Choice) -> tuple[FusedGroup, ...]:
    return tuple(costed.groups[place] for place in choice.taken)


def _without_lengthening(costed: Costed) -> tuple[FusedGroup, ...]:
    accepted: list[FusedGroup] = []
    used: set[int] = set()
    shortest = longest_path_ns(costed)
    for group in sorted(costed.groups, key=costed.gain_ns, reverse=True):
        if not costed.gain_ns(group) or not used.isdisjoint(group.layers):
            continue
        length = longest_path_ns(costed, [*accepted, group])
        if length <= shortest:
            shortest = length
            accepted.append(group)
            used.update(group.layers)
    return tuple(accepted)
