from __future__ import annotations

from dlscope.zoo.architecture import outline
from dlscope.zoo.mobilenet_v2 import MOBILENET_V2, build


def test_has_the_published_size(sizes):
    assert sizes(MOBILENET_V2) == (3_504_872, 300_774_272)


def test_names_layers_after_their_block():
    names = [node.name for node in outline(MOBILENET_V2, {}).model.graph.node]
    assert [name for name in names if name.startswith("blocks.2.")] == [
        "blocks.2.expand.conv",
        "blocks.2.expand.bn",
        "blocks.2.expand.relu6",
        "blocks.2.depthwise.conv",
        "blocks.2.depthwise.bn",
        "blocks.2.depthwise.relu6",
        "blocks.2.project.conv",
        "blocks.2.project.bn",
        "blocks.2.add",
    ]


def test_answers_with_numbers(answers):
    assert answers(build(None, {"seed": "0"})).shape == (2, 1000)
