from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from dlscope.zoo.segmenter.light import LightSegmenter  # noqa: E402 - after the check for torch


def parameters(module) -> int:
    return sum(each.numel() for each in module.parameters())


def test_has_the_parameters_that_are_stated():
    assert parameters(LightSegmenter()) == 155_507


def test_gives_features_and_logits_at_a_quarter_of_the_size():
    with torch.no_grad():
        features, logits = LightSegmenter()(torch.zeros(2, 3, 96, 192))
    assert features.shape == (2, 64, 24, 48)
    assert logits.shape == (2, 19, 24, 48)


def test_classifies_single_features_as_the_map_does():
    network = LightSegmenter()
    with torch.no_grad():
        features, logits = network(torch.rand(1, 3, 64, 64))
        single = network.classify(features[0, :, 3, 5][None])
    assert torch.allclose(single[0], logits[0, :, 3, 5], atol=1e-5)


def test_does_not_learn_from_what_is_only_looked_at():
    """No statistics of batches: forwarding the target in training mode changes nothing."""
    network = LightSegmenter().train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    network(torch.rand(2, 3, 64, 64))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
