from __future__ import annotations

import onnx
import pytest

from dlscope.zoo.architecture import outline
from dlscope.zoo.resnext import RESNEXT, build


@pytest.mark.parametrize(
    ("depth", "parameters", "macs"),
    [("50", 25_028_904, 4_230_479_872), ("101", 88_791_336, 16_414_015_488)],
)
def test_has_the_published_size(sizes, depth, parameters, macs):
    """Those of torchvision, which states 4.23 and 16.414 billion operations."""
    assert sizes(RESNEXT, depth=depth) == (parameters, macs)


def test_groups_become_wider_and_never_more():
    graph = outline(RESNEXT, {"depth": "50"}).model.graph
    shapes = {
        value.name: [size.dim_value for size in value.type.tensor_type.shape.dim]
        for value in graph.input
    }
    for stage, width in ((1, 4), (2, 8), (3, 16), (4, 32)):
        (conv,) = (node for node in graph.node if node.name == f"layer{stage}.1.conv2")
        assert onnx.helper.get_node_attr_value(conv, "group") == 32
        assert shapes[conv.input[1]] == [32 * width, width, 3, 3]


@pytest.mark.slow
def test_answers_with_numbers(answers):
    assert answers(build(None, {"depth": "50", "seed": "0"})).shape == (2, 1000)
