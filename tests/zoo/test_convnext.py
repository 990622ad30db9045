from __future__ import annotations

import pytest

from dlscope.zoo.architecture import outline
from dlscope.zoo.convnext import CONVNEXT, build


@pytest.mark.parametrize(
    ("size", "parameters", "macs"),
    [
        ("tiny", 28_589_128, 4_455_531_264),
        ("small", 50_223_688, 8_683_712_256),
        ("base", 88_591_464, 15_354_729_472),
    ],
)
def test_has_the_published_size(sizes, size, parameters, macs):
    """The paper has 4.5, 8.7 and 15.4 billion; torchvision 4.456, 8.684 and 15.355."""
    assert sizes(CONVNEXT, size=size) == (parameters, macs)


def test_a_block_is_a_filter_of_each_channel_and_a_perceptron_of_each_place():
    nodes = outline(CONVNEXT, {"size": "tiny"}).model.graph.node
    names = [node.name for node in nodes if node.name.startswith("stages.0.0.")]
    assert [name.removeprefix("stages.0.0.") for name in names] == [
        "depthwise",
        "last",
        "norm",
        "mlp.fc1.product",
        "mlp.fc1",
        "mlp.gelu.scaled",
        "mlp.gelu.erf",
        "mlp.gelu.gate",
        "mlp.gelu.gated",
        "mlp.gelu",
        "mlp.fc2.product",
        "mlp.fc2",
        "first",
        "scaled",
        "add",
    ]


def test_the_image_is_normalised_before_it_is_halved():
    nodes = {node.name: node for node in outline(CONVNEXT, {"size": "tiny"}).model.graph.node}
    for stage in (1, 2, 3):
        assert nodes[f"downsample.{stage}"].input[0] == f"downsample.{stage}.norm.first"


def test_answers_with_numbers(answers):
    assert answers(build(None, {"size": "tiny", "seed": "0"})).shape == (2, 1000)
