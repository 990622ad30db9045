"""Layers of one profile against those of another: which of them compute the same.

Two frameworks fuse differently, and name what they fused differently. Where the graph is known,
executed layers that share a layer of it belong together, several on a side if need be; what is
left is joined by its structural key, its name and its place among those of that name. Where one
side has more of a name, the longest common subsequence tells which of them are the same (XSP,
joining of runs). Kernels are never joined by name alone.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass

from dlscope.core.trace import Level
from dlscope.methods.profiling.node import Node
from dlscope.methods.profiling.profile import Profile
from dlscope.methods.profiling.sequences import Part, Sequences


@dataclass(frozen=True)
class Joined:
    """Layers that compute the same, in order of execution; a side without any is unmatched."""

    before: tuple[Node, ...]
    after: tuple[Node, ...]

    @property
    def is_matched(self) -> bool:
        """Whether there is something on both sides."""
        return bool(self.before and self.after)

    @property
    def layers(self) -> tuple[Node, ...]:
        """The side that tells it in fewer layers, the later where both are alike."""
        if not self.is_matched:
            return self.before or self.after
        return self.before if len(self.before) < len(self.after) else self.after

    @property
    def name(self) -> str:
        """The names of `layers`."""
        return " + ".join(layer.name for layer in self.layers)


def layer_parts(profile: Profile) -> Mapping[str, Sequence[str]]:
    """The layers of the graph that each executed layer stands for, by its name.

    Empty where the Run tells nothing of its graph.
    """
    work = profile.layer_work
    return {} if work is None else work.members(profile.executed)


def joined(before: Profile, after: Profile) -> tuple[Joined, ...]:
    """Every layer of both profiles once, in order of `after`, then what only `before` has."""
    sides = (before.nodes(Level.LAYER), after.nodes(Level.LAYER))
    parts = (layer_parts(before), layer_parts(after))
    root_of = _roots([*parts[0].values(), *parts[1].values()])
    known = [{root_of[part] for members in each.values() for part in members} for each in parts]
    groups: dict[Hashable, tuple[list[Node], list[Node]]] = defaultdict(lambda: ([], []))
    keys = _structural(*sides)
    # The order of the later profile comes first.
    for side in (1, 0):
        for layer in sides[side]:
            members = parts[side].get(layer.name, ())
            root = root_of[members[0]] if members else None
            key = root if root in known[0] & known[1] else keys[layer]
            groups[key][side].append(layer)
    return tuple(Joined(tuple(first), tuple(second)) for first, second in groups.values())


def _structural(before: Sequence[Node], after: Sequence[Node]) -> dict[Node, Hashable]:
    """For each layer its name and place among its namesakes, equal for partners.

    The places of a name that is there equally often are counted, so that layers may change their
    order; the others are those of the alignment.
    """
    counts = [Counter(layer.name for layer in layers) for layers in (before, after)]
    sequences = Sequences()
    found: dict[Node, Hashable] = {}
    for layers in (before, after):
        parts = tuple(Part(layer.name, layer.type) for layer in layers)
        seen: Counter[str] = Counter()
        for layer, place in zip(layers, sequences.places("", parts), strict=True):
            is_even = counts[0][layer.name] == counts[1][layer.name]
            found[layer] = (layer.name, seen[layer.name] if is_even else place)
            seen[layer.name] += 1
    return found


def _roots(sets: Sequence[Sequence[str]]) -> dict[str, str]:
    """For each name one that stands for all that share a set with it, directly or by others."""
    parent: dict[str, str] = {}

    def root(name: str) -> str:
        while parent.setdefault(name, name) != name:
            parent[name] = name = parent[parent[name]]
        return name

    for names in sets:
        for name in names:
            parent[root(name)] = root(names[0])
    return {name: root(name) for name in parent}
