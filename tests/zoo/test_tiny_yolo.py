from __future__ import annotations

import pytest

from dlscope.zoo.tiny_yolo import TINY_YOLO, build


def test_has_the_published_size(sizes):
    """The published file has 15867885 numbers, with the mean and variance of every channel."""
    statistics = 2 * (16 + 32 + 64 + 128 + 256 + 512 + 1024 + 1024)
    assert sizes(TINY_YOLO) == (15_867_885 - statistics, 3_485_520_896)


@pytest.mark.slow
def test_answers_with_boxes_for_each_cell(answers):
    assert answers(build(None, {"seed": "0"})).shape == (2, 125, 13, 13)
