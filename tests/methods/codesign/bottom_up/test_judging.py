from __future__ import annotations

from dlscope.devices.skynet_fpga import cycles
from dlscope.methods.codesign.bottom_up.judging import layer_shapes
from dlscope.zoo.bundles.skynet_stack import skynet_stack


def test_hardware_models_see_the_convolutions_of_the_layout():
    network = skynet_stack("C")
    shapes = layer_shapes(network)
    assert [shape.macs for shape in shapes] == [layer.macs for layer in network.layers]
    assert cycles(shapes) == 14_554_344
