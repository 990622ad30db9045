from __future__ import annotations

import onnx
import pytest

from dlscope.zoo.architecture import outline
from dlscope.zoo.resnet import RESNET, build


@pytest.mark.parametrize(
    ("options", "parameters", "macs"),
    [
        ({"depth": "18"}, 11_689_512, 1_814_073_344),
        ({"depth": "26"}, 15_995_176, 2_342_256_640),
        ({"depth": "34"}, 21_797_672, 3_663_761_408),
        ({"depth": "50"}, 25_557_032, 4_089_184_256),
        ({"depth": "50", "form": "v1"}, 25_557_032, 3_857_973_248),
        ({"depth": "101"}, 44_549_160, 7_801_405_440),
        ({"depth": "152"}, 60_192_808, 11_513_626_624),
    ],
)
def test_has_the_published_size(sizes, options, parameters, macs):
    assert sizes(RESNET, **options) == (parameters, macs)


def test_depths_without_a_paper_have_fewer_of_the_bottlenecks_of_resnet_50(sizes):
    """A block that keeps 4·c channels has 17·c² weights and 12·c numbers of normalisation.

    It costs 17·64²·56² multiply-accumulates in each stage, as the image shrinks when c grows.
    """
    for depth, repeats in (("38", (3, 3, 3, 3)), ("26", (2, 2, 2, 2)), ("14", (1, 1, 1, 1))):
        parameters, macs = sizes(RESNET, depth="50")
        for c, full, kept in zip((64, 128, 256, 512), (3, 4, 6, 3), repeats, strict=True):
            parameters -= (full - kept) * (17 * c**2 + 12 * c)
            macs -= (full - kept) * 17 * 64**2 * 56**2
        assert sizes(RESNET, depth=depth) == (parameters, macs)


def test_resnet_18_has_the_69_operators_of_a_framework_in_their_order():
    nodes = outline(RESNET, {"depth": "18"}).model.graph.node
    kinds = [node.op_type for node in nodes]
    assert len(kinds) == 69
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    assert counts == {
        "Conv": 20,
        "BatchNormalization": 20,
        "Relu": 17,
        "MaxPool": 1,
        "Add": 8,
        "GlobalAveragePool": 1,
        "Flatten": 1,
        "Gemm": 1,
    }
    assert [node.name for node in nodes][:6] == [
        "conv1",
        "bn1",
        "relu",
        "maxpool",
        "layer1.0.conv1",
        "layer1.0.bn1",
    ]


@pytest.mark.parametrize(("form", "strides"), [("v1", [2, 1, 1]), ("v1.5", [1, 2, 1])])
def test_the_form_says_which_convolution_halves_the_image(form, strides):
    nodes = outline(RESNET, {"depth": "50", "form": form}).model.graph.node
    by_name = {node.name: onnx.helper.get_node_attr_value(node, "strides")[0]
               for node in nodes if node.op_type == "Conv"}  # fmt: skip
    assert [by_name[f"layer2.0.conv{number}"] for number in (1, 2, 3)] == strides
    assert by_name["layer2.0.downsample.0"] == 2


def test_resnet_18_answers_with_numbers(answers):
    assert answers(build(None, {"depth": "18", "seed": "0"})).shape == (2, 1000)


@pytest.mark.slow
def test_the_deepest_answers_with_numbers(answers):
    assert answers(build(None, {"depth": "152", "seed": "0"})).shape == (2, 1000)
