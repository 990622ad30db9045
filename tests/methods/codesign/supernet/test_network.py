from __future__ import annotations

import numpy as np
import pytest
import torch

from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.supernet.network import DesignNetwork


def test_is_the_network_of_its_design(grey, images_nchw) -> None:
    for seed in range(2):
        design = Design.random(grey, np.random.default_rng(seed))
        network = DesignNetwork(grey, design)
        assert network(images_nchw).shape == (4, 10)
        weights = sum(layer.weight.numel() for layer in network.layers)
        assert weights == sum(shape.weights for shape, _ in design.layers(grey))


def test_every_layer_has_the_bits_of_its_block(grey) -> None:
    network = DesignNetwork(grey, Design.of(grey, (0, 0, 4, 4), (0, 1, 2, 0)))
    bits = {layer.plan.name: layer.plan.precision.lane_bits for layer in network.layers}
    assert bits == {
        "stem": 16,
        **{f"block0.{part}": 4 for part in ("expand", "depthwise", "project")},
        **{f"block1.{part}": 8 for part in ("expand", "depthwise", "project")},
        **{f"block3.{part}": 4 for part in ("depthwise", "pointwise")},
        "head": 16,
        "classifier": 16,
    }


def test_a_layer_after_a_linear_one_reads_numbers_below_zero(grey) -> None:
    network = DesignNetwork(grey, Design.of(grey, (4, 0, 0, 0), (1, 1, 1, 1)))
    signed = {layer.plan.name: layer.range.signed for layer in network.layers}
    assert not signed["stem"] and not signed["block1.expand"]
    assert signed["block2.expand"] and signed["block3.expand"]
    assert not signed["classifier"]


def test_the_same_weights_give_the_same_as_the_supernet(grey, images_nchw) -> None:
    from dlscope.methods.codesign.supernet.supernet import Supernet, one_hot

    torch.manual_seed(0)
    supernet = Supernet(grey).train()
    design = Design.of(grey, (1, 2, 0, 3), (2, 2, 2, 2))
    network = DesignNetwork(grey, design).train()
    shared = [
        supernet.stem,
        *(layer for i, m in enumerate(design.operations) for layer in supernet.blocks[i][m].layers),
        supernet.head,
        supernet.classifier,
    ]
    with torch.no_grad():
        for own, its in zip(network.layers, shared, strict=True):
            own.weight.copy_(its.weight)
    assert torch.allclose(
        network(images_nchw), supernet(images_nchw, *one_hot(grey, design)), atol=2e-3
    )


@pytest.mark.slow
def test_folding_changes_next_to_nothing_at_many_bits(grey, images_nchw) -> None:
    torch.manual_seed(0)
    network = DesignNetwork(grey, Design.of(grey, (1, 2, 0, 3), (2, 2, 2, 2)))
    for seed in range(30):
        network(torch.rand(8, 1, 14, 14, generator=torch.Generator().manual_seed(seed)))
    network.eval()
    before = network(images_nchw)
    assert not network.is_folded
    network.fold()
    assert network.is_folded
    assert torch.allclose(network(images_nchw), before, atol=0.02)
