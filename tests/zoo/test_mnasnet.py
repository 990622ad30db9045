from __future__ import annotations

from dlscope.zoo.mnasnet import MNASNET, build


def test_has_the_published_size(sizes):
    assert sizes(MNASNET) == (4_383_312, 314_415_872)


def test_answers_with_numbers(answers):
    assert answers(build(None, {"seed": "0"})).shape == (2, 1000)
