from __future__ import annotations

import hashlib

import numpy as np
import pytest

from dlscope.graph.builder import GraphBuilder
from dlscope.zoo.parameters import Drawn, Law, Outlined, draw

WIDE = Law(2.0, 0.5)


def test_the_same_seed_gives_these_very_numbers():
    """They are part of what a plan's digest means: a change here changes published results."""
    array = draw(0, "conv1.weight", (64, 3, 7, 7), Law())
    assert array.dtype == np.float32
    assert array.ravel()[:3].tolist() == FIRST
    assert hashlib.sha256(array.astype("<f4").tobytes()).hexdigest()[:16] == DIGEST


FIRST = [1.6515480279922485, -0.9822337031364441, 0.6127563118934631]
DIGEST = "cd3cb6edefd8b789"


@pytest.mark.parametrize(("seed", "name"), [(1, "a"), (0, "b")])
def test_another_seed_or_name_gives_other_numbers(seed, name):
    first, other = draw(0, "a", (1000,), Law()), draw(seed, name, (1000,), Law())
    assert abs(np.corrcoef(first, other)[0, 1]) < 0.2


def test_follows_its_law():
    array = draw(3, "w", (300, 1000), WIDE)
    assert array.shape == (300, 1000)
    assert array.mean(dtype=np.float64) == pytest.approx(2.0, abs=0.005)
    assert array.std(dtype=np.float64) == pytest.approx(0.5, rel=0.005)
    assert np.abs(array - 2.0).max() < 3.47 * 0.5
    within = np.mean(np.abs(array - 2.0) < 0.5)
    assert within == pytest.approx(0.6827, abs=0.03)


def test_a_large_array_starts_like_a_small_one():
    large = draw(0, "w", (2**20 + 5,), Law())
    assert np.array_equal(large[:100], draw(0, "w", (100,), Law()))
    assert len(np.unique(large[-5:])) == 5


def test_drawn_arrays_are_constants_and_outlined_ones_inputs():
    drawn, outlined = GraphBuilder("drawn"), GraphBuilder("outlined")
    outline = Outlined()
    for graph, parameters in ((drawn, Drawn(0)), (outlined, outline)):
        for name, law in (("weight", WIDE), ("mean", Law(learnt=False))):
            assert parameters.define(graph, name, (2, 3), law) == name
        graph.node("Add", ["weight", "mean"], output="sum")
        graph.output("sum", "float32", (2, 3))
    assert [each.name for each in drawn.finish().graph.initializer] == ["weight", "mean"]
    assert [each.name for each in outlined.finish().graph.input] == ["weight", "mean"]
    assert outline.count == 6
