from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from dlscope.methods.adaptation.rare_classes import LEAST_PIXELS, RareClasses


class Images:
    """Maps of labels: nine of road alone, one with a bus."""

    def __len__(self) -> int:
        return 10

    def labels(self, index: int):
        ids = np.zeros((20, 20), dtype=np.uint8)
        if index == 7:
            ids.ravel()[: LEAST_PIXELS + 1] = 15
        return ids


def test_the_image_with_a_rare_class_is_seen_often():
    drawn = list(RareClasses(Images(), temperature=1.0).drawn(400, np.random.default_rng(0)))
    assert drawn.count(7) / 400 > 0.6
    assert set(drawn) == set(range(10))


class Unlabelled:
    """Maps in which all is ignored."""

    def __len__(self) -> int:
        return 3

    def labels(self, _index: int):
        return np.full((4, 4), 255, dtype=np.uint8)


def test_without_any_class_every_image_is_as_likely():
    assert set(RareClasses(Unlabelled()).drawn(60, np.random.default_rng(0))) == {0, 1, 2}
