from __future__ import annotations

import pytest

from dlscope.zoo.alexnet import ALEXNET, build
from dlscope.zoo.architecture import outline


def test_has_the_published_size(sizes):
    assert sizes(ALEXNET) == (60_965_224, 724_406_816)


def test_normalises_the_response_before_the_pool():
    names = [node.name for node in outline(ALEXNET, {}).model.graph.node]
    assert names[:8] == ["conv1", "relu1", "norm1", "pool1", "conv2", "relu2", "norm2", "pool2"]


@pytest.mark.slow
def test_answers_with_numbers(answers):
    assert answers(build(None, {"seed": "0"})).shape == (2, 1000)
