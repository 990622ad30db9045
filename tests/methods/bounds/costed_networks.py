"""Small networks with made-up costs, by hand and at random."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hypothesis import strategies as st

from dlscope.methods.bounds.costed import Cost, Costed, CostedLayer, FusedGroup

Before = Mapping[int, Sequence[int]]


def network(
    costs: Sequence[int | Sequence[Cost]],
    before: Before | None = None,
    groups: Sequence[FusedGroup] = (),
) -> Costed:
    """Layers called a, b, … of type A, B, …; a number is the one cost. A chain unless told."""
    letters = [chr(ord("a") + index) for index in range(len(costs))]
    layers = tuple(
        CostedLayer(
            index,
            letter,
            letter.upper(),
            (Cost(each, "one"),) if isinstance(each, int) else tuple(each),
        )
        for index, (letter, each) in enumerate(zip(letters, costs, strict=True))
    )
    links = chain(len(costs)) if before is None else before
    return Costed("net", layers, {node: tuple(each) for node, each in links.items()}, tuple(groups))


def chain(length: int) -> Before:
    return {index: [index - 1] for index in range(1, length)}


def fused(cost_ns: int, *layers: int) -> FusedGroup:
    return FusedGroup("fused", layers, (Cost(cost_ns, "one"),))


def with_groups(costed: Costed, groups: Sequence[FusedGroup]) -> Costed:
    """The same network with other groups."""
    return replace(costed, groups=tuple(groups))


@st.composite
def networks(draw: st.DrawFn, most: int = 7) -> Costed:
    """Random graphs with one to three costs a layer, and all groups that can be fused at random."""
    length = draw(st.integers(0, most))
    masks = draw(st.lists(st.integers(0, 255), min_size=length, max_size=length))
    before = {i: tuple(j for j in range(i) if mask >> j & 1) for i, mask in enumerate(masks)}
    several = st.lists(st.integers(0, 20), min_size=1, max_size=3)
    costs = [[Cost(ns, f"i{n}") for n, ns in enumerate(draw(several))] for _ in range(length)]
    plain = network(costs, before)
    groups = [fused(draw(st.integers(0, 40)), *group) for group in chains_in(plain)]
    return with_groups(plain, draw(st.lists(st.sampled_from(groups))) if groups else ())


def chains_in(costed: Costed) -> list[tuple[int, ...]]:
    """Every run of two to four layers each of which only the next one takes."""
    found = []
    for head in costed.dag.nodes:
        run = [head]
        while len(run) < 4 and len(after := costed.dag.successors[run[-1]]) == 1:
            run.append(after[0])
            found.append(tuple(run))
    return found


def disjoint_choices(costed: Costed) -> list[tuple[FusedGroup, ...]]:
    """Every set of groups no two of which share a layer."""
    found: list[tuple[FusedGroup, ...]] = [()]
    for group in costed.groups:
        found += [
            (*chosen, group)
            for chosen in found
            if all(set(group.layers).isdisjoint(each.layers) for each in chosen)
        ]
    return found
