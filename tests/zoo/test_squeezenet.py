from __future__ import annotations

import pytest

from dlscope.zoo.squeezenet import SQUEEZENET, build


@pytest.mark.parametrize(
    ("version", "parameters", "macs"),
    [("1.0", 1_248_424, 818_924_576), ("1.1", 1_235_496, 349_151_936)],
)
def test_has_the_published_size(sizes, version, parameters, macs):
    assert sizes(SQUEEZENET, version=version) == (parameters, macs)


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_answers_with_numbers(answers, version):
    assert answers(build(None, {"version": version, "seed": "0"})).shape == (2, 1000)
