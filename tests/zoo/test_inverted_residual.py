from __future__ import annotations

import onnx
import pytest

from dlscope.graph.builder import GraphBuilder
from dlscope.zoo.blocks import Layers
from dlscope.zoo.inverted_residual import (
    Block,
    Stage,
    Style,
    inverted_residual,
    narrowed,
    round_channels,
    widened,
    write_stages,
)
from dlscope.zoo.parameters import Outlined


def layers() -> Layers:
    return Layers(GraphBuilder("test"), Outlined())


def finished(written: Layers) -> onnx.GraphProto:
    return written.graph.finish().graph


def test_adds_its_input_only_where_the_shape_stays():
    written = layers()
    value = written.input("image", 8, 6, 6)
    for name, block in (
        ("same", Block(48, 8)),
        ("other_channels", Block(48, 16)),
        ("smaller", Block(96, 16, stride=2)),
    ):
        value = inverted_residual(written, name, value, block, Style("relu"))
    written.output(value)
    adds = [node.name for node in finished(written).node if node.op_type == "Add"]
    assert adds == ["same.add"]
    assert value.shape == (16, 3, 3)


def test_a_block_that_does_not_widen_starts_with_its_filters():
    written = layers()
    value = written.input("image", 8, 6, 6)
    written.output(inverted_residual(written, "b", value, Block(8, 4), Style("relu6")))
    assert finished(written).node[0].name == "b.depthwise.conv"


def test_gaps_keep_the_size_where_the_stride_would_not():
    written = layers()
    value = written.input("image", 8, 16, 16)
    stages = [Stage(2, 8, 2, 2), Stage(2, 16, 2, 2), Stage(2, 16, 2, 2)]
    value = write_stages(written, value, stages, Style("relu"), reduction=4)
    written.output(value)
    assert value.shape == (16, 8, 8)
    attribute = onnx.helper.get_node_attr_value
    filters = [node for node in finished(written).node if node.name.endswith("depthwise.conv")]
    assert [attribute(node, "strides")[0] for node in filters] == [2, 1, 1, 1, 1, 1]
    assert [attribute(node, "dilations")[0] for node in filters] == [1, 1, 1, 2, 2, 4]


@pytest.mark.parametrize(
    ("channels", "rounded"), [(4, 8), (16, 16), (18, 24), (21, 24), (60, 64), (240, 240)]
)
def test_rounds_channels_to_eights_and_never_far_down(channels, rounded):
    assert round_channels(channels) == rounded


def test_the_two_parts_of_a_block_are_the_block_without_its_sum():
    block, style = Block(48, 16, excite=True), Style("relu")
    whole, parts = layers(), layers()
    whole.output(inverted_residual(whole, "block", whole.input("image", 8, 6, 6), block, style))
    wide = widened(parts, "block", parts.input("image", 8, 6, 6), block, style)
    assert wide.shape == (48, 6, 6)
    parts.output(narrowed(parts, "block", wide, block, style))
    assert finished(whole) == finished(parts)
