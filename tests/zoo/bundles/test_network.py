from __future__ import annotations

import numpy as np
import pytest
import torch

from dlscope.zoo.bundles.bundle import BUNDLES
from dlscope.zoo.bundles.layout import StackedLayout
from dlscope.zoo.bundles.network import build, inherit
from dlscope.zoo.bundles.skynet_stack import skynet_stack
from dlscope.zoo.skynet.network import build as build_skynet
from dlscope.zoo.skynet.network import state_of

SIZE = (16, 32)


@pytest.mark.parametrize("bundle", BUNDLES, ids=lambda bundle: bundle.id)
def test_holds_what_the_layout_counts(bundle):
    layout = StackedLayout(bundle, (8, 16, 24), (1, 2), bypass=True, size=SIZE)
    network = build(layout, seed=0)
    assert sum(each.numel() for each in network.parameters()) == layout.trainable
    assert network(torch.zeros(1, 3, *SIZE)).shape == (1, 10, 4, 8)


def test_the_stack_of_skynet_computes_what_skynet_does():
    """The reordered map is in front, in SkyNet's order of phases."""
    skynet = build_skynet("C", width_mult=0.25).eval()
    stacked = build(skynet_stack("C", width_mult=0.25), seed=0).eval()
    arrays = list(state_of(skynet).values())
    own = list(state_of(stacked))
    order = [0, 5, 1, 2, 3, 4, 6, 7, 8, 9]  # a stack holds its convolutions first
    names = [name for index in range(6) for name in own[10 * index : 10 * index + 10]]
    for place in range(6):
        block = arrays[10 * place : 10 * place + 10]
        for name, at in zip(names[10 * place :][:10], order, strict=True):
            assert inherit(stacked, {name: block[at]}) == 1
    assert inherit(stacked, {"head.weight": arrays[-1]}) == 1
    images = torch.randn(1, 3, *SIZE, generator=torch.Generator().manual_seed(0))
    assert torch.equal(stacked(images), skynet(images))


def test_only_arrays_of_the_same_shape_are_inherited():
    wide = build(StackedLayout(BUNDLES[0], (8, 16), (1,), size=SIZE), seed=0)
    narrow = build(StackedLayout(BUNDLES[0], (8, 8), (1,), size=SIZE), seed=1)
    before = state_of(narrow)
    inherit(narrow, state_of(wide))
    after = state_of(narrow)
    same = [name for name in after if np.array_equal(after[name], state_of(wide).get(name))]
    assert "bundles.0.convolutions.0.weight" in same
    assert "bundles.1.convolutions.0.weight" not in same
    assert np.array_equal(after["head.weight"], before["head.weight"])


def test_the_seed_decides_the_weights_and_nothing_else_is_drawn():
    layout = StackedLayout(BUNDLES[8], (8, 16), (1,), size=SIZE)
    torch.manual_seed(5)
    kept = torch.random.get_rng_state()
    first, again = build(layout, seed=3), build(layout, seed=3)
    assert torch.equal(torch.random.get_rng_state(), kept)
    assert torch.equal(first.head.weight, again.head.weight)
    assert not torch.equal(first.head.weight, build(layout, seed=4).head.weight)
