from __future__ import annotations

import math

import onnx
import pytest

from dlscope.zoo.architecture import outline
from dlscope.zoo.regnet import FORMS, REGNET, build


@pytest.mark.parametrize(
    ("form", "parameters", "macs"),
    [("x", 5_495_976, 413_812_608), ("y", 4_344_144, 401_842_848)],
)
def test_has_the_published_size(sizes, form, parameters, macs):
    """Those of torchvision, which states 0.414 and 0.402 billion operations."""
    assert sizes(REGNET, form=form) == (parameters, macs)


def line(depth: int, start: int, slope: float, ratio: float, group: int) -> dict[int, int]:
    """Width and number of blocks of each stage, by the equations of the paper.

    Block j would be start + slope·j wide; its width is start times the nearest power of `ratio`,
    as a multiple of 8, and then of the group, halves upwards.
    """
    stages: dict[int, int] = {}
    for block in range(depth):
        power = round(math.log((start + slope * block) / start, ratio))
        width = round(start * ratio**power / 8) * 8
        width = (width + group // 2) // group * group
        stages[width] = stages.get(width, 0) + 1
    return stages


@pytest.mark.parametrize(
    ("form", "rule"), [("x", (22, 24, 24.48, 2.54, 16)), ("y", (16, 48, 27.89, 2.09, 8))]
)
def test_widths_follow_the_line_of_the_paper(form, rule):
    stages = line(*rule)
    assert (tuple(stages), tuple(stages.values())) == (FORMS[form].widths, FORMS[form].depths)
    assert FORMS[form].group_width == rule[-1]


def test_with_the_384_channels_of_the_paper_it_would_have_5_2_million_parameters(sizes):
    """The last stage alone is changed: 12 blocks, what they read, and the classifier."""

    def last_stage(width: int) -> int:
        block = 2 * width**2 + 9 * 16 * width + 6 * width
        first = block - width**2 + 160 * width + (160 * width + 2 * width)
        return first + 11 * block + 1000 * width

    paper = sizes(REGNET, form="x")[0] - last_stage(400) + last_stage(384)
    assert paper == 5_157_512


def test_only_the_form_y_excites():
    for form, count in (("x", 0), ("y", 16)):
        kinds = [node.op_type for node in outline(REGNET, {"form": form}).model.graph.node]
        assert kinds.count("Sigmoid") == count


def test_an_excitation_has_a_quarter_of_what_the_block_reads():
    graph = outline(REGNET, {"form": "y"}).model.graph
    shapes = {
        value.name: [size.dim_value for size in value.type.tensor_type.shape.dim]
        for value in graph.input
    }
    assert shapes["stage1.0.se.reduce.weight"] == [8, 48, 1, 1]
    assert shapes["stage2.0.se.reduce.weight"] == [12, 104, 1, 1]
    assert shapes["stage2.1.se.reduce.weight"] == [26, 104, 1, 1]


def test_every_stage_halves_the_image_in_its_first_3x3():
    strides = {
        node.name: onnx.helper.get_node_attr_value(node, "strides")[0]
        for node in outline(REGNET, {"form": "x"}).model.graph.node
        if node.op_type == "Conv"
    }
    halved = [name for name, stride in strides.items() if stride == 2 and "conv" in name]
    assert halved == ["stem.conv", *(f"stage{stage}.0.conv2" for stage in (1, 2, 3, 4))]


@pytest.mark.parametrize("form", ["x", "y"])
def test_answers_with_numbers(answers, form):
    assert answers(build(None, {"form": form, "seed": "0"})).shape == (2, 1000)
