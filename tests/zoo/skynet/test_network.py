from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from dlscope.core.errors import GraphError, ShapeError  # noqa: E402 - after the check for torch
from dlscope.zoo.skynet.layout import Layout  # noqa: E402
from dlscope.zoo.skynet.network import build, load_state, state_of  # noqa: E402


def parameters(module) -> int:
    return sum(each.numel() for each in module.parameters())


@pytest.mark.parametrize("act", ["relu", "relu6"])
@pytest.mark.parametrize("variant", ["A", "B", "C"])
def test_learns_as_many_numbers_as_its_layout_says(variant, act):
    network = build(variant, act)
    assert parameters(network) == Layout(variant).trainable
    assert 4 * sum(array.size for array in state_of(network).values()) == (
        Layout(variant).state_bytes
    )


@pytest.mark.parametrize("variant", ["A", "B", "C"])
def test_gives_ten_numbers_for_each_cell(variant):
    with torch.no_grad():
        head = build(variant, width_mult=0.25)(torch.zeros(2, 3, 48, 64))
    assert head.shape == (2, 10, 6, 8)


def test_the_trunk_ends_behind_the_bypass():
    trunk = build(trunk=True, width_mult=0.25)
    with torch.no_grad():
        features = trunk(torch.zeros(1, 3, 64, 64))
    assert features.shape == (1, trunk.layout.joined, 8, 8)
    assert parameters(build(trunk=True)) == 303_937


def test_relu6_bounds_what_relu_does_not():
    network = build("A", "relu6", 0.25)
    with torch.no_grad():
        out = network.bundles[0](1000 * torch.randn(1, 3, 16, 16))
    assert float(out.max()) <= 6
    assert isinstance(build("A", "relu", 0.25).bundles[0].act, torch.nn.ReLU)


def test_refuses_an_image_that_the_pools_do_not_divide():
    with pytest.raises(ShapeError, match="width 60 is not a multiple of 8"):
        build("A", width_mult=0.25)(torch.zeros(1, 3, 64, 60))


def test_refuses_an_unknown_activation():
    with pytest.raises(GraphError, match="SkyNet has no activation 'gelu'"):
        build("A", "gelu")


def test_takes_the_arrays_of_another():
    source, target = build("C", width_mult=0.25), build("C", width_mult=0.25)
    load_state(target, state_of(source))
    images = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        assert torch.equal(source.eval()(images), target.eval()(images))


def test_refuses_the_arrays_of_another_width():
    with pytest.raises(GraphError, match=r"weights do not fit the network at 'bundles\.0\."):
        load_state(build("C", width_mult=0.5), state_of(build("C", width_mult=0.25)))
