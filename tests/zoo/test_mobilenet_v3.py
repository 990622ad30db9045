from __future__ import annotations

import pytest

from dlscope.zoo.mobilenet_v3 import MOBILENET_V3, build


@pytest.mark.parametrize(
    ("size", "parameters", "macs"),
    [("small", 2_542_856, 56_510_400), ("large", 5_483_032, 216_589_760)],
)
def test_has_the_published_size(sizes, size, parameters, macs):
    assert sizes(MOBILENET_V3, size=size) == (parameters, macs)


@pytest.mark.parametrize("size", ["small", "large"])
def test_answers_with_numbers(answers, size):
    assert answers(build(None, {"size": size, "seed": "0"})).shape == (2, 1000)
