from __future__ import annotations

import pytest

from dlscope.zoo.siamese.anchors import anchor_grid, anchor_shapes, scale_for


def test_shapes_are_those_of_the_published_trackers():
    assert anchor_shapes() == ((104, 32), (88, 40), (64, 64), (40, 80), (32, 96))


@pytest.mark.parametrize(("template", "scale"), [(128, 8), (127, 8), (64, 4), (96, 6), (8, 1)])
def test_the_square_anchor_is_half_a_template(template, scale):
    assert scale_for(template) == scale


def test_the_grid_lies_around_the_middle():
    grid = anchor_grid(25)
    assert grid.shape == (5, 25, 25, 4)
    assert grid[2, 12, 12].tolist() == [0, 0, 64, 64]
    assert grid[0, 0, 24].tolist() == [96, -96, 104, 32]
    assert grid[..., :2].sum() == 0
