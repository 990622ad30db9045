from __future__ import annotations

import pytest

from dlscope.zoo.architecture import outline
from dlscope.zoo.vit import VIT, build


@pytest.mark.parametrize(
    ("size", "parameters", "macs"),
    [
        ("tiny", 5_717_416, 1_253_683_200),
        ("small", 22_050_664, 4_598_882_304),
        ("base", 86_567_656, 17_563_828_224),
    ],
)
def test_has_the_published_size(sizes, size, parameters, macs):
    assert sizes(VIT, size=size) == (parameters, macs)


def test_a_layer_is_attention_and_a_perceptron():
    names = [node.name for node in outline(VIT, {"size": "tiny"}).model.graph.node]
    assert [name for name in names if name.startswith("layers.0.")] == [
        "layers.0.norm1",
        "layers.0.attention.qkv.product",
        "layers.0.attention.qkv",
        "layers.0.attention.split",
        "layers.0.attention.heads",
        "layers.0.attention.query",
        "layers.0.attention.key",
        "layers.0.attention.value",
        "layers.0.attention.scaled",
        "layers.0.attention.key_t",
        "layers.0.attention.scores",
        "layers.0.attention.shares",
        "layers.0.attention.context",
        "layers.0.attention.back",
        "layers.0.attention.joined",
        "layers.0.attention.project.product",
        "layers.0.attention.project",
        "layers.0.add1",
        "layers.0.norm2",
        "layers.0.mlp.fc1.product",
        "layers.0.mlp.fc1",
        "layers.0.mlp.gelu.scaled",
        "layers.0.mlp.gelu.erf",
        "layers.0.mlp.gelu.gate",
        "layers.0.mlp.gelu.gated",
        "layers.0.mlp.gelu",
        "layers.0.mlp.fc2.product",
        "layers.0.mlp.fc2",
        "layers.0.add2",
    ]


def test_answers_with_numbers(answers):
    assert answers(build(None, {"size": "tiny", "seed": "0"})).shape == (2, 1000)
