from __future__ import annotations

from itertools import pairwise

import pytest

from dlscope.methods.codesign.reference_networks import (
    CONVOLUTIONS,
    cnv,
    vgg10_radio,
    vgg16,
    with_weights,
)


@pytest.mark.parametrize(
    ("network", "count", "macs"),
    [
        ("GoogLeNet", 57, 1_581_647_872),
        ("AlexNet", 5, 665_784_864),
        ("ResNet-50", 53, 3_855_925_248),
        ("VGG-16", 13, 15_346_630_656),
    ],
)
def test_convolutions_are_as_many_and_do_as_much_as_published(
    network: str, count: int, macs: int
) -> None:
    layers = CONVOLUTIONS[network]()
    assert (len(layers), sum(layer.macs for layer in layers)) == (count, macs)


def test_each_layer_takes_what_the_last_one_gives() -> None:
    for layers in (vgg16(with_pools=True), vgg16(channels_in=4, with_pools=True), cnv()):
        for before, after in pairwise(layers):
            assert after.channels_in == before.channels_out
            assert after.map_in in (before.map_out, (1, 1))


def test_layers_with_weights_are_those_that_get_lanes() -> None:
    assert [len(with_weights(each)) for each in (vgg16(with_pools=True), cnv())] == [13, 9]
    assert len(with_weights(vgg10_radio())) == 10


def test_the_radio_network_halves_its_length_seven_times() -> None:
    pools = [layer for layer in vgg10_radio() if layer.kind == "pool"]
    assert [each.map_out[0] for each in pools] == [512, 256, 128, 64, 32, 16, 8]
    assert vgg10_radio()[-3].channels_in == 8 * 32
