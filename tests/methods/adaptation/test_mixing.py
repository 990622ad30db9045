from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlscope.data.scene_classes import IGNORED  # noqa: E402 - after the check for torch
from dlscope.methods.adaptation.mixing import mixed  # noqa: E402 - after the check for torch


def of(value: float, ids):
    """An image of one value and its ids."""
    return torch.full((1, 3, 1, len(ids)), value), torch.tensor([[ids]])


def test_half_of_the_classes_of_the_source_lie_over_the_target():
    source, target = of(1.0, [0, 0, 10, 13, 5, IGNORED]), of(2.0, [8] * 6)
    found = mixed(source, target, torch.tensor([0.25]), np.random.default_rng(0))
    pasted = found.images[0, 0, 0] == 1.0
    assert len(set(found.labels[0, 0][pasted].tolist())) == 2
    assert set(found.labels[0, 0][~pasted].tolist()) == {8}
    assert not pasted[5]
    assert found.weights[0, 0].tolist() == [1.0 if each else 0.25 for each in pasted.tolist()]


def test_an_image_without_labels_leaves_the_target_as_it_is():
    source, target = of(1.0, [IGNORED] * 3), of(2.0, [8] * 3)
    found = mixed(source, target, torch.tensor([0.5]), np.random.default_rng(0))
    assert torch.equal(found.images, target[0])
    assert found.weights.unique().tolist() == [0.5]
