from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from dlscope.zoo.skynet.reorder import (  # noqa: E402 - after the check for torch
    Reorder,
    depth_to_space,
    space_to_depth,
)


def values():
    return torch.arange(2 * 3 * 4 * 6, dtype=torch.float32).reshape(2, 3, 4, 6)


def test_keeps_the_channels_of_a_phase_together():
    out = Reorder()(values())
    assert out.shape == (2, 12, 2, 3)
    for dy, dx, channel in ((0, 0, 1), (0, 1, 0), (1, 0, 2), (1, 1, 2)):
        expected = values()[:, channel, dy::2, dx::2]
        assert torch.equal(out[:, (2 * dy + dx) * 3 + channel], expected)


def test_loses_nothing():
    assert torch.equal(depth_to_space(space_to_depth(values())), values())


def test_is_not_the_order_of_pixel_unshuffle():
    shuffled = torch.nn.functional.pixel_unshuffle(values(), 2)
    assert not torch.equal(space_to_depth(values()), shuffled)
    assert torch.equal(space_to_depth(values())[:, 3], shuffled[:, 1])
