from __future__ import annotations

import numpy as np
import pytest

from dlscope.api.detector_judge import DetectorJudge, judged_recipes
from dlscope.methods.skynet.prepared_images import PreparedImages
from dlscope.zoo.bundles.bundle import BUNDLES
from dlscope.zoo.bundles.layout import StackedLayout

NETWORK = StackedLayout(BUNDLES[2], (8, 8, 8), (1, 2, 3), size=(16, 32))


@pytest.fixture
def judge():
    pixels = np.random.default_rng(0).integers(0, 256, (4, 16, 32, 3), np.uint8)
    boxes = tuple(np.array([[0.5, 0.5, s, 2 * s]], np.float32) for s in (0.2, 0.25, 0.3, 0.35))
    images = PreparedImages(pixels, boxes, tuple("abcd"), "area")
    recipe = judged_recipes()["plain"]
    return DetectorJudge(images, images, recipe=recipe, iterations=1, threads=1, seed=0)


def test_the_same_network_is_as_good_again_and_begins_where_it_is_told(judge):
    first, weights = judge.accuracy(NETWORK, 1, None)
    again, same = judge.accuracy(NETWORK, 1, None)
    assert first == again
    assert all(np.array_equal(weights[name], same[name]) for name in weights)
    _, onwards = judge.accuracy(NETWORK, 1, weights)
    assert not np.array_equal(onwards["head.weight"], weights["head.weight"])


def test_several_sizes_are_another_recipe():
    plain, several = (judged_recipes()[name] for name in ("plain", "multi_scale"))
    assert {phase.scales for phase in plain.phases} == {(1.0,)}
    assert all(len(phase.scales) == 5 for phase in several.phases)
