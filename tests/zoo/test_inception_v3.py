from __future__ import annotations

import pytest

from dlscope.zoo.inception_v3 import INCEPTION_V3, build


def test_has_the_published_size(sizes):
    assert sizes(INCEPTION_V3) == (23_834_568, 5_713_216_096)


@pytest.mark.slow
def test_answers_with_numbers(answers):
    assert answers(build(None, {"seed": "0"})).shape == (2, 1000)
