from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from dlscope.core.errors import GraphError  # noqa: E402 - after the check for torch
from dlscope.zoo.segmenter.deeplab_v2 import DeepLabV2  # noqa: E402 - after the check for torch


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return DeepLabV2().eval()


def test_has_the_parameters_of_the_paper(network):
    head = sum(each.numel() for each in network.branches.parameters())
    whole = sum(each.numel() for each in network.parameters())
    assert (whole - head, head, whole) == (42_500_160, 1_400_908, 43_901_068)


@pytest.mark.parametrize(
    ("size", "features"), [((720, 1280), (91, 161)), ((512, 1024), (65, 129))], ids=str
)
def test_has_the_maps_of_the_paper(network, size, features):
    with torch.device("meta"):
        copy, image = DeepLabV2(), torch.zeros(1, 3, *size)
    found, logits = copy(image)
    assert tuple(found.shape[2:]) == tuple(logits.shape[2:]) == features


def test_the_wide_branches_do_not_count_unless_asked(network):
    features = torch.rand(1, 2048, 9, 9)
    with torch.no_grad():
        before = network._head(features)
        for branch in network.branches[2:]:
            branch.weight.zero_()
            branch.bias.zero_()
        assert torch.equal(network._head(features), before)
    with torch.device("meta"):
        assert DeepLabV2("all").summed == 4


def test_single_features_are_classified_by_the_middle_of_each_kernel(network):
    vectors = torch.rand(3, 2048)
    middle = sum(branch.weight[:, :, 1, 1] for branch in network.branches[:2])
    bias = sum(branch.bias for branch in network.branches[:2])
    with torch.no_grad():
        assert torch.allclose(network.classify(vectors), vectors @ middle.T + bias, atol=1e-4)


def test_never_trains_gain_and_bias_of_normalisations(network):
    fixed = [each for each in network.modules() if isinstance(each, torch.nn.BatchNorm2d)]
    assert len(fixed) == 105 - 1
    assert not any(value.requires_grad for each in fixed for value in each.parameters())


def test_refuses_another_head():
    with pytest.raises(GraphError) as refused:
        DeepLabV2("three")
    assert str(refused.value) == (
        "GraphError: aspp is 'three'\n"
        "  where  deeplabv2_resnet101\n"
        "  fix    use one of first_two, all"
    )
