from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from dlscope.core.errors import ShapeError  # noqa: E402 - after the check for torch
from dlscope.zoo.segmenter.discriminator import Discriminator  # noqa: E402 - after the check


@pytest.mark.parametrize(("width", "parameters"), [(64, 2_781_121), (16, 179_185)])
def test_has_the_parameters_that_are_stated(width, parameters):
    assert sum(each.numel() for each in Discriminator(width).parameters()) == parameters


def test_judges_parts_of_32_pixels():
    assert Discriminator(16)(torch.zeros(2, 19, 96, 64)).shape == (2, 1, 3, 2)


def test_refuses_a_map_that_the_fifth_convolution_makes_nothing_of():
    with pytest.raises(ShapeError) as refused:
        Discriminator(16)(torch.zeros(1, 19, 24, 48))
    assert str(refused.value) == (
        "ShapeError: a map of 24 × 48 is too small for the discriminator\n"
        "  where  discriminator\n"
        "  fix    use images whose maps of logits have sides of at least 32"
    )
