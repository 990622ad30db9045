from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from dlscope.methods.codesign.searching.images import LabelledImages
from dlscope.methods.codesign.searching.scoring import score


def test_counts_what_is_told_right_over_all_batches() -> None:
    labels = np.array([0, 1] * 300)
    images = np.zeros((600, 2, 1, 1), np.float32)
    images[np.arange(600), np.where(np.arange(600) < 90, 1 - labels, labels), 0, 0] = 1.0
    scored = score(lambda batch: batch[:, :, 0, 0], LabelledImages(images, labels))
    assert (scored.right, scored.n) == (510, 600)
    assert scored.accuracy == 0.85
    right, wrong = (-math.log(1 / (1 + math.exp(each))) for each in (-1, 1))
    assert scored.loss == pytest.approx((510 * right + 90 * wrong) / 600, rel=1e-5)


def test_needs_no_gradients() -> None:
    weight = torch.ones(1, requires_grad=True)
    images = LabelledImages(np.ones((2, 2, 1, 1), np.float32), np.array([0, 1]))
    score(lambda batch: (batch * weight)[:, :, 0, 0], images)
    assert weight.grad is None
