from __future__ import annotations

import numpy as np

from dlscope.catalog.finder import find
from dlscope.methods.codesign.exploring.children import children
from dlscope.methods.codesign.oracle.generator import oracle_instance
from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space


def test_children_differ_in_few_blocks_from_a_parent() -> None:
    space = oracle_instance().space
    parent = Design.random(space, np.random.default_rng(0))
    born = children(space, Choices.of([parent]), np.random.default_rng(1), 400).designs(space)
    changed = [
        sum(
            (m, q) != mine
            for m, q, mine in zip(
                each.operations,
                each.precisions,
                zip(parent.operations, parent.precisions, strict=True),
                strict=True,
            )
        )
        for each in born
    ]
    assert min(changed) == 1
    assert 0.4 < np.mean(np.array(changed) == 1) < 0.6


def test_with_one_precision_for_all_children_have_one_too() -> None:
    space = Space(find("space", "mnist_cpu"))
    rng = np.random.default_rng(0)
    parents = Choices.of([Design.random(space, rng) for _ in range(5)])
    for each in children(space, parents, rng, 60).designs(space):
        each.require_in(space)
