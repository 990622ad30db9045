from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from dlscope.zoo.segmenter.named import segmenter  # noqa: E402 - after the check for torch


def test_enlarges_logits_as_the_network_was_trained():
    ramp = torch.arange(3.0).reshape(1, 1, 1, 3).expand(1, 1, 3, 3)
    network = segmenter("sceneseg_lite")
    assert network.enlarged(ramp, (3, 6))[0, 0, 0].tolist() == pytest.approx(
        [0.0, 0.25, 0.75, 1.25, 1.75, 2.0]
    )
