from __future__ import annotations

from dlscope.zoo.architecture import outline
from dlscope.zoo.ghostnet import GHOSTNET, build


def test_has_the_published_size(sizes):
    """5.2 million parameters and 141 million multiply-accumulates in the paper."""
    assert sizes(GHOSTNET) == (5_182_508, 141_150_512)


def test_a_block_makes_half_of_its_channels_out_of_the_other_half():
    nodes = {node.name: node for node in outline(GHOSTNET, {}).model.graph.node}
    for part in ("expand", "project"):
        joined = nodes[f"blocks.4.{part}.concat"]
        (primary, ghosts) = joined.input
        assert nodes[f"blocks.4.{part}.cheap.conv"].input[0] == primary
        assert ghosts.startswith(f"blocks.4.{part}.cheap.")


def test_only_the_wide_end_of_a_block_is_rectified():
    names = {node.name for node in outline(GHOSTNET, {}).model.graph.node}
    assert {"blocks.4.expand.primary.relu", "blocks.4.expand.cheap.relu"} <= names
    assert not {"blocks.4.project.primary.relu", "blocks.4.project.cheap.relu"} & names


def test_a_block_reads_its_input_again_as_it_is_or_projected():
    nodes = {node.name: node for node in outline(GHOSTNET, {}).model.graph.node}
    assert nodes["blocks.4.add"].input[1] == "blocks.3.add"
    assert nodes["blocks.3.add"].input[1] == "blocks.3.shortcut.project.bn"


def test_answers_with_numbers(answers):
    assert answers(build(None, {"seed": "0"})).shape == (2, 1000)
