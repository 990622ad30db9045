from __future__ import annotations

import pytest

from dlscope.zoo.vgg import VGG, build


@pytest.mark.parametrize(
    ("depth", "parameters", "macs"),
    [
        ("11", 132_863_336, 7_609_090_048),
        ("13", 133_047_848, 11_308_466_176),
        ("16", 138_357_544, 15_470_264_320),
        ("19", 143_667_240, 19_632_062_464),
    ],
)
def test_has_the_published_size(sizes, depth, parameters, macs):
    assert sizes(VGG, depth=depth) == (parameters, macs)


@pytest.mark.slow
def test_answers_with_numbers(answers):
    assert answers(build(None, {"depth": "11", "seed": "0"})).shape == (2, 1000)
