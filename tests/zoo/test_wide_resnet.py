from __future__ import annotations

import pytest

from dlscope.zoo.resnet import RESNET
from dlscope.zoo.wide_resnet import WIDE_RESNET, build


@pytest.mark.parametrize(
    ("depth", "parameters", "macs"),
    [("50", 68_883_240, 11_398_021_120), ("101", 126_886_696, 22_753_050_624)],
)
def test_has_the_published_size(sizes, depth, parameters, macs):
    """Those of torchvision, which states 11.398 and 22.753 billion operations."""
    assert sizes(WIDE_RESNET, depth=depth) == (parameters, macs)


def test_is_a_resnet_that_is_twice_as_wide_inside(sizes):
    """A bottleneck from and to 4·c channels has 17·c² weights, or 52·c² when it is wide.

    There are 4·c more numbers of normalisation. The first block of a stage reads fewer channels.
    """
    extra = 0
    for c, repeats, inputs in zip(
        (64, 128, 256, 512), (3, 4, 6, 3), (64, 256, 512, 1024), strict=True
    ):
        extra += repeats * ((52 - 17) * c**2 + 4 * c) - (4 * c - inputs) * c
    assert sizes(WIDE_RESNET, depth="50")[0] - sizes(RESNET, depth="50")[0] == extra


@pytest.mark.slow
def test_answers_with_numbers(answers):
    assert answers(build(None, {"depth": "50", "seed": "0"})).shape == (2, 1000)
