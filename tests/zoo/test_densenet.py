from __future__ import annotations

import pytest

from dlscope.zoo.densenet import DENSENET, build


@pytest.mark.parametrize(
    ("depth", "parameters", "macs"),
    [
        ("121", 7_978_856, 2_834_161_664),
        ("169", 14_149_480, 3_359_843_328),
        ("201", 20_013_928, 4_291_365_888),
    ],
)
def test_has_the_published_size(sizes, depth, parameters, macs):
    assert sizes(DENSENET, depth=depth) == (parameters, macs)


def test_answers_with_numbers(answers):
    assert answers(build(None, {"depth": "121", "seed": "0"})).shape == (2, 1000)
