from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from dlscope.methods.adaptation.stepping import segmentation_loss  # noqa: E402 - after the check
from dlscope.zoo.segmenter.named import segmenter  # noqa: E402 - after the check for torch


def test_ignored_pixels_do_not_count_and_none_at_all_is_a_loss_of_0():
    network = segmenter("sceneseg_lite")
    logits = torch.randn(1, 19, 4, 4, requires_grad=True)
    labels = torch.full((1, 16, 16), 255)
    loss = segmentation_loss(network, logits, labels)
    loss.backward()
    assert float(loss.detach()) == 0.0
    assert not logits.grad.any()
    labels[0, 3, 5] = 7
    one = segmentation_loss(network, logits, labels)
    enlarged = network.enlarged(logits, (16, 16))[0, :, 3, 5]
    wanted = -torch.log_softmax(enlarged, 0)[7]
    assert float(one.detach()) == pytest.approx(float(wanted.detach()), rel=1e-5)
