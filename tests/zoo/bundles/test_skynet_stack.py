from __future__ import annotations

import pytest

from dlscope.zoo.bundles.skynet_stack import skynet_stack
from dlscope.zoo.skynet.layout import VARIANTS, Layout


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("width", [0.5, 1.0])
def test_counts_are_those_of_skynet(variant, width):
    stack, layout = skynet_stack(variant, width_mult=width), Layout(variant, width)
    assert (stack.trainable, stack.macs) == (layout.trainable, layout.macs)
    assert [layer.weights for layer in stack.layers] == [layer.weights for layer in layout.layers]


def test_skynet_c_as_published():
    stack = skynet_stack("C")
    assert (stack.trainable, stack.macs) == (442_049, 463_718_400)
    assert stack.normalised_channels == 3331
