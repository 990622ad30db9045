from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import DataError
from dlscope.methods.skynet.anchors import fit_anchors, mean_overlap, scaled_anchors
from dlscope.methods.skynet.decoding import ANCHORS


def test_the_published_anchors_are_those_of_the_published_size():
    assert scaled_anchors((160, 320)) == ANCHORS


def test_finds_the_two_kinds_of_boxes_smaller_first():
    draw = np.random.default_rng(0)
    small = np.array([0.05, 0.1]) * draw.uniform(0.95, 1.05, (40, 2))
    large = np.array([0.2, 0.4]) * draw.uniform(0.95, 1.05, (20, 2))
    found = fit_anchors(np.concatenate([large, small]), (80, 160))
    assert np.array(found) == pytest.approx(np.array([[1.0, 1.0], [4.0, 4.0]]), rel=0.05)


def test_overlap_with_the_nearest_anchor_is_of_boxes_with_one_centre():
    assert mean_overlap(np.array([[1.0, 2.0], [4.0, 4.0]]), ((1.0, 1.0), (4.0, 2.0))) == 0.5


def test_more_anchors_never_fit_worse():
    sides = np.random.default_rng(1).uniform(0.02, 0.4, (200, 2))
    cells = sides * [20, 10]
    overlaps = [mean_overlap(cells, fit_anchors(sides, (80, 160), count)) for count in (1, 2, 4)]
    assert overlaps == sorted(overlaps)


def test_refuses_fewer_boxes_than_anchors():
    with pytest.raises(DataError) as caught:
        fit_anchors(np.zeros((1, 2)), (80, 160))
    assert str(caught.value) == (
        "DataError: 1 boxes are too few for 2 anchors\n"
        "  where  SkyNet, anchors\n"
        "  fix    give at least as many boxes, or take the published anchors"
    )
