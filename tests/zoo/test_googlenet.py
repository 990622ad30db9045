from __future__ import annotations

from dlscope.zoo.googlenet import GOOGLENET, build


def test_has_the_published_size(sizes):
    assert sizes(GOOGLENET) == (6_624_904, 1_498_376_192)


def test_answers_with_numbers(answers):
    assert answers(build(None, {"seed": "0"})).shape == (2, 1000)
