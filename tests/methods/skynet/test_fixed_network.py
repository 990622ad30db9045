from __future__ import annotations

import numpy as np
import pytest
from small_detectors import drawn_weights, small_detector

torch = pytest.importorskip("torch")

from dlscope.methods.skynet.fixed_network import (  # noqa: E402 - needs torch
    FixedNetwork,
    fixed_heads,
    rounded,
)
from dlscope.methods.skynet.fixed_point import (  # noqa: E402
    FEATURE_MAPS,
    WEIGHTS,
    FixedFormat,
    fixed_head,
)
from dlscope.methods.skynet.fixed_scheme import FixedScheme, preset_formats  # noqa: E402
from dlscope.methods.skynet.observing import one_thread  # noqa: E402


def released(folded):
    return FixedScheme.uniform(folded, *preset_formats("skynet-ultra96"))


@pytest.fixture
def images():
    draw = np.random.default_rng(0)
    return draw.uniform(-2, 2, (2, 3, 32, 64)).astype(np.float32)


@pytest.mark.parametrize("act", ["relu", "relu6"])
def test_is_the_layer_wise_rounding_of_the_released_design(images, act):
    folded = drawn_weights()
    network = FixedNetwork(folded, released(folded), act)
    expected = fixed_head(folded, images, act=act, maps=FEATURE_MAPS, weights=WEIGHTS)
    np.testing.assert_allclose(fixed_heads(network, images), expected, atol=1e-6)


def test_many_bits_give_the_floats(images):
    detector = small_detector()
    folded = detector.folded()
    wide = FixedFormat(30, 6)
    network = FixedNetwork(folded, FixedScheme.uniform(folded, wide, wide), detector.act)
    (expected,) = one_thread(detector.content).run(None, {"image": images})
    np.testing.assert_allclose(fixed_heads(network, images), expected, atol=1e-4)


def test_slopes_go_through_the_rounding_and_end_at_the_largest_number():
    values = torch.tensor([-5.0, 0.3, 3.9, 4.5], requires_grad=True)
    rounded(values, FEATURE_MAPS).sum().backward()
    assert values.grad.tolist() == [0.0, 1.0, 1.0, 0.0]


def test_every_weight_learns(images):
    folded = drawn_weights()
    network = FixedNetwork(folded, released(folded))
    network(torch.from_numpy(images)).square().sum().backward()
    slopes = [each.grad.abs().sum().item() for each in network.parameters()]
    assert all(slope > 0 for slope in slopes)


def test_gives_its_weights_back():
    folded = drawn_weights()
    network = FixedNetwork(folded, released(folded))
    np.testing.assert_array_equal(network.folded().flat, folded.flat)
