from __future__ import annotations

import numpy as np
import pytest
import torch

from dlscope.methods.codesign.searching.supernet_estimate import SupernetEstimate
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.supernet.supernet import Supernet


def test_tells_each_design_once_and_leaves_the_supernet_as_it_was(small, stripes) -> None:
    torch.manual_seed(0)
    supernet = Supernet(small).train()
    estimate = SupernetEstimate(small, supernet, stripes)
    first = Design.random(small, np.random.default_rng(0))
    loss = estimate.loss(first)
    assert loss > 0
    assert supernet.training
    with torch.no_grad():
        supernet.classifier.weight.zero_()
    assert estimate.loss(first) == loss
    assert SupernetEstimate(small, supernet, stripes).loss(first) != loss


@pytest.mark.slow
def test_bits_matter(small, stripes) -> None:
    torch.manual_seed(0)
    estimate = SupernetEstimate(small, Supernet(small), stripes)
    few, more = (Design.of(small, (0, 0), (q, q)) for q in (0, 1))
    assert estimate.loss(few) != estimate.loss(more)
