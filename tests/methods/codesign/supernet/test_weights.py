from __future__ import annotations

import torch

from dlscope.devices.layer_shape import LayerShape
from dlscope.methods.codesign.supernet.weights import LayerWeights

SMALL = LayerShape.conv(4, 6, 8, 3)
LARGE = LayerShape.conv(8, 12, 8, 5)


def test_a_smaller_layer_has_the_first_channels_and_the_middle_of_the_kernel() -> None:
    weights = LayerWeights((SMALL, LARGE))
    assert weights.weight.shape == (12, 8, 5, 5)
    part = weights.part(SMALL)
    assert torch.equal(part.weight, weights.weight[:6, :4, 1:4, 1:4])
    assert (part.bias.shape, part.gain.shape) == ((6,), (6,))
    assert torch.equal(weights.part(LARGE).weight, weights.weight)


def test_the_middle_of_an_odd_kernel_of_one_is_one_number() -> None:
    weights = LayerWeights((LayerShape.conv(1, 1, 8, 1), LayerShape.conv(1, 1, 8, 5)))
    assert weights.part(LayerShape.conv(1, 1, 8, 1)).weight.item() == weights.weight[0, 0, 2, 2]


def test_what_is_written_into_a_part_is_in_the_whole() -> None:
    weights = LayerWeights((SMALL, LARGE))
    with torch.no_grad():
        weights.part(SMALL).gain.zero_()
    assert weights.gain.tolist() == [0.0] * 6 + [1.0] * 6


def test_a_step_of_a_part_trains_the_others_too() -> None:
    weights = LayerWeights((SMALL, LARGE))
    weights.part(SMALL).weight.sum().backward()
    assert weights.weight.grad.sum() == SMALL.weights
