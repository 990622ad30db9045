from __future__ import annotations

import pytest

from dlscope.methods.adaptation.instability import DISTANCES, gradients

TABLE = {
    0.25: (0.1269, 0.25, 0.1231, 0.1231),
    0.5: (0.2647, 0.5, 0.2353, 0.2353),
    1.0: (0.6020, 1.0, 0.3980, 0.3980),
    2.0: (1.5504, 2.0, 0.4496, 0.4496),
    4.0: (3.8628, 4.0, 0.1372, 0.1372),
    6.0: (5.9876, 6.0, 0.0125, 0.0125),
}


@pytest.mark.parametrize("distance", DISTANCES)
def test_has_the_gradients_of_the_argument(distance):
    found = gradients(distance)
    told = (found.adversarial, found.kl, found.twice_js, found.saturating)
    assert told == pytest.approx(TABLE[distance], abs=1e-3)
    assert found.nearest == 1.0


@pytest.mark.parametrize("distance", DISTANCES)
def test_pulls_one_divergence_while_it_pushes_the_other(distance):
    found = gradients(distance)
    assert found.adversarial == pytest.approx(found.kl - found.twice_js, abs=1e-6)
    assert found.saturating == pytest.approx(found.twice_js, abs=1e-6)
