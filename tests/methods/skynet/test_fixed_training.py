from __future__ import annotations

import numpy as np
import pytest
from small_detectors import small_detector
from square_images import SquareImages

from dlscope.core.errors import PlanError
from dlscope.methods.skynet.fixed_scheme import FixedScheme, preset_formats
from dlscope.methods.skynet.prepared_images import prepared_images

pytest.importorskip("torch")


def told(step, share):
    del step, share


def tuned(iterations):
    from dlscope.methods.skynet.fixed_training import fine_tuned

    detector = small_detector()
    images = prepared_images(SquareImages(16), detector.size, resize="nearest")
    scheme = FixedScheme.uniform(detector.folded(), *preset_formats("skynet-ultra96"))
    return detector.folded(), fine_tuned(detector, scheme, images, iterations=iterations, told=told)


@pytest.mark.slow
def test_learns_weights_of_its_own():
    before, after = tuned(3)
    assert 0 < np.abs(after.flat - before.flat).max() < 0.01


def test_refuses_no_training():
    with pytest.raises(PlanError, match="are no training"):
        tuned(0)
