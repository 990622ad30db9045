from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from dlscope.methods.adaptation.jitter import jittered  # noqa: E402 - after the check for torch


def test_each_image_is_changed_by_itself_and_stays_an_image():
    images = torch.full((2, 3, 16, 16), 128.0)
    images[:, 0] = 200
    found = jittered(images, np.random.default_rng(0))
    assert found.shape == images.shape
    assert found.min() >= 0
    assert found.max() <= 255
    assert not torch.allclose(found[0], found[1], atol=5)


def test_the_same_seed_changes_the_same():
    images = torch.rand(2, 3, 16, 16) * 255
    first, second = (jittered(images, np.random.default_rng(3)) for _ in range(2))
    assert torch.equal(first, second)
