from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from square_images import squares

torch = pytest.importorskip("torch")

from device_stand_in import DEVICE, DeviceStandIn  # noqa: E402 - after torch

from dlscope.methods.skynet.detector_training.device_pixels import DevicePixels  # noqa: E402
from dlscope.methods.skynet.detector_training.recipes import IOU, Phase  # noqa: E402
from dlscope.methods.skynet.detector_training.views import looks_of, pixels_of  # noqa: E402

IMAGES = squares(12)
CHOSEN = [3, 0, 7, 7]


def looks(phase, size, flip=0.5):
    recipe, draw = replace(IOU, flip=flip), np.random.default_rng(4)
    return looks_of(IMAGES, CHOSEN, recipe, phase, size, draw)


@pytest.mark.parametrize(
    ("phase", "size"),
    [
        (Phase(1.0, jitter=0.2), (48, 96)),
        (Phase(1.0, jitter=0.2), (64, 112)),
        (Phase(1.0, window=0.5, jitter=0.2), (32, 48)),
    ],
)
@pytest.mark.parametrize("flip", [0.0, 1.0])
def test_sees_what_the_processor_sees(phase, size, flip):
    seen = looks(phase, size, flip)
    wanted = pixels_of(IMAGES, CHOSEN, seen, size).astype(np.float64)
    found = DevicePixels(IMAGES, "cpu").seen(CHOSEN, seen, size).numpy()
    assert found.shape == wanted.shape
    assert np.abs(found - wanted).mean() < 1.0
    # Noise from pixel to pixel is 60; a 64th of it is lost to five bits, twice.
    assert np.abs(found - wanted).max() <= 10


def test_what_is_not_moved_is_seen_as_it_is():
    seen = looks(Phase(1.0), (48, 96), flip=0.0)
    found = DevicePixels(IMAGES, "cpu").seen(CHOSEN, seen, (48, 96)).numpy()
    assert (found == IMAGES.pixels_nhwc[CHOSEN]).all()


def test_stays_on_the_device():
    seen = looks(Phase(1.0, jitter=0.2), (48, 96))
    here = DevicePixels(IMAGES, "cpu").seen(CHOSEN, seen, (48, 96))
    with DeviceStandIn():
        there = DevicePixels(IMAGES, DEVICE).seen(CHOSEN, seen, (48, 96))
        assert there.device == DEVICE
        assert torch.equal(there.cpu(), here)
