from __future__ import annotations

import pytest
import torch

from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.network_plan import PlannedLayer
from dlscope.methods.codesign.supernet.layer import TrainedLayer

WHOLE = Precision.of(32)


def layer(activation: str | None = "relu6", **options: bool) -> TrainedLayer:
    torch.manual_seed(0)
    plan = PlannedLayer("it", LayerShape.conv(3, 4, 6, 3, stride=2), activation, WHOLE)
    return TrainedLayer(plan, **options)


def test_gives_a_map_of_its_shape() -> None:
    assert layer()(torch.rand(2, 3, 6, 6), WHOLE).shape == (2, 4, 3, 3)


def test_a_folded_layer_gives_the_same() -> None:
    it = layer(tracks=True)
    for _ in range(3):
        it(torch.rand(8, 3, 6, 6) * 3, WHOLE)
    it.eval()
    images = torch.rand(2, 3, 6, 6)
    before = it(images, WHOLE)
    it.fold()
    assert torch.allclose(it(images, WHOLE), before, atol=1e-5)
    weight = it.weight.clone()
    it.fold()
    assert torch.equal(it.weight, weight)


def test_what_is_added_comes_before_the_activation() -> None:
    it = layer()
    added = torch.full((1, 4, 3, 3), -100.0)
    assert it(torch.rand(1, 3, 6, 6), WHOLE, added).abs().max() == 0


def test_without_tracking_every_batch_has_its_own_statistics() -> None:
    it = layer(None).eval()
    given = it(torch.rand(8, 3, 6, 6) * 100 + 5, WHOLE)
    assert given.mean().item() == pytest.approx(0, abs=1e-4)
    assert torch.equal(it.mean, torch.zeros(4))


def test_fewer_bits_give_another_result_with_the_same_weights() -> None:
    it, images = layer(None), torch.rand(2, 3, 6, 6)
    whole, few = (it(it.read(images, p), p) for p in (WHOLE, Precision.of(4)))
    assert not torch.allclose(whole, few)
    assert torch.allclose(whole, few, atol=1.0)


def test_a_dense_layer_has_a_bias_from_the_start() -> None:
    it = TrainedLayer(PlannedLayer("classifier", LayerShape.dense(5, 3), None, WHOLE))
    assert it.is_folded
    assert it(torch.rand(2, 5, 1, 1), WHOLE).shape == (2, 3)
