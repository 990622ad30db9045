from __future__ import annotations

import numpy as np

from dlscope.catalog.finder import find
from dlscope.core.manifest import SpaceManifest
from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space


def space(name: str) -> Space:
    manifest = find("space", name)
    assert isinstance(manifest, SpaceManifest)
    return Space(manifest)


def test_choices_are_those_of_the_designs() -> None:
    every, rng = space("tiny_grey_5"), np.random.default_rng(0)
    designs = [Design.random(every, rng) for _ in range(6)]
    choices = Choices.of(designs)
    assert choices.designs(every) == designs
    both = choices.at(np.array([4])).and_(choices)
    assert both.designs(every) == [designs[4], *designs]


def test_mutations_change_so_many_blocks_each_in_one_way() -> None:
    every, rng = space("tiny_grey_5"), np.random.default_rng(0)
    before = Choices.of([Design.random(every, rng) for _ in range(300)])
    blocks = 1 + rng.integers(5, size=300)
    after = before.mutated(every, rng, blocks)
    for design in after.designs(every):
        design.require_in(every)
    operations = before.operations != after.operations
    precisions = before.precisions != after.precisions
    assert not np.any(operations & precisions)
    assert ((operations | precisions).sum(axis=1) == blocks).all()
    assert 0.3 < operations.sum() / (operations.sum() + precisions.sum()) < 0.7


def test_one_precision_for_the_network_stays_one() -> None:
    every, rng = space("mnist_cpu"), np.random.default_rng(0)
    before = Choices.of([Design.random(every, rng) for _ in range(100)])
    after = before.mutated(every, rng, np.full(100, 2))
    for design in after.designs(every):
        design.require_in(every)
    assert (before.precisions != after.precisions).any()


def test_designs_are_drawn_as_likely_as_is_said() -> None:
    every = space("tiny_grey_4")
    operations = np.zeros((4, 5))
    operations[:, 1], operations[:, 3] = 0.25, 0.75
    precisions = np.zeros((4, 5, 3))
    precisions[:, 1, 0], precisions[:, 3, 2] = 1.0, 1.0
    rng = np.random.default_rng(0)
    drawn = Choices.drawn(every, operations, precisions, 2000, rng)
    assert set(np.unique(drawn.operations)) == {1, 3}
    assert abs((drawn.operations == 3).mean() - 0.75) < 0.02
    assert ((drawn.operations == 3) == (drawn.precisions == 2)).all()
