from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlscope.data.scene_classes import IGNORED, ClassSplit  # noqa: E402 - after the check
from dlscope.methods.adaptation.regions import Regions  # noqa: E402 - after the check for torch

SPLIT = ClassSplit.of()
ROAD, SKY, CAR = 0, 10, 13


def test_stuff_is_one_region_and_each_instance_of_a_thing_another():
    ids = np.array([[ROAD, CAR, ROAD, CAR, CAR], [SKY, IGNORED, ROAD, CAR, CAR]])
    regions = Regions.of(ids, SPLIT)
    assert regions.classes == (ROAD, SKY, CAR, CAR)
    assert regions.places_hw.tolist() == [[0, 3, 0, 2, 2], [1, -1, 0, 2, 2]]


def test_of_equal_instances_the_upper_left_comes_first():
    ids = np.full((3, 5), IGNORED)
    ids[2, 0] = ids[0, 4] = ids[0, 2] = CAR
    places = Regions.of(ids, SPLIT).places_hw
    assert [int(places[at]) for at in ((0, 2), (0, 4), (2, 0))] == [0, 1, 2]


def test_means_are_of_the_pixels_of_each_region():
    ids = np.array([[ROAD, ROAD, CAR]])
    features = torch.tensor([[[1.0, 3.0, 7.0]], [[0.0, 1.0, 2.0]]])
    assert Regions.of(ids, SPLIT).means(features).tolist() == [[2.0, 0.5], [7.0, 2.0]]


def test_a_map_of_nothing_has_no_region():
    assert Regions.of(np.full((2, 2), IGNORED), SPLIT).classes == ()
