from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import MeasurementError
from dlscope.devices.calibration import Calibration, calibrate


@given(st.floats(0, 1e6), st.floats(0.5, 2), st.integers(20, 60))
def test_finds_the_line_that_latencies_lie_on(fixed_ns: float, factor: float, count: int) -> None:
    sums = np.geomspace(1e5, 1e8, count)
    found = calibrate(sums.tolist(), (fixed_ns + factor * sums).tolist())
    assert found.factor == pytest.approx(factor, rel=1e-6)
    assert found.fixed_ns == pytest.approx(fixed_ns, rel=1e-6, abs=1e-3)
    assert found.error.mape == pytest.approx(0, abs=1e-9)
    assert np.allclose(found.latency_ns(sums), fixed_ns + factor * sums)


def test_the_error_is_that_of_networks_it_was_not_fitted_to() -> None:
    sums = np.geomspace(1e6, 1e7, 20)
    measured = sums.copy()
    measured[7] *= 1.5
    found = calibrate(sums.tolist(), measured.tolist())
    # Its own fold is fitted without it, so that it is told as if it were like the others.
    assert found.error.worst == pytest.approx(1 / 3, abs=1e-6)


def test_refuses_a_line_that_tells_too_little() -> None:
    sums = np.geomspace(1e6, 1e7, 20)
    measured = sums * np.where(np.arange(20) % 2, 1.0, 1.6)
    with pytest.raises(MeasurementError) as refusal:
        calibrate(sums.tolist(), measured.tolist())
    assert refusal.value.what.startswith("calibration_poor: held-out networks are ")
    assert (refusal.value.where, refusal.value.fix) == (
        "calibration on 20 networks",
        "measure operations fused as the networks run them; at most 10% is accepted",
    )


@pytest.mark.parametrize(
    ("sums", "measured"),
    [([1.0] * 19, [1.0] * 19), ([1.0] * 21, [1.0] * 20), ([1.0] * 20, [0.0] * 20)],
)
def test_refuses_too_few_networks_and_times_of_zero(sums, measured) -> None:
    with pytest.raises(MeasurementError) as refusal:
        calibrate(sums, measured)
    assert str(refusal.value) == (
        f"MeasurementError: {len(measured)} latencies of {len(sums)} networks do not calibrate\n"
        "  where  calibration\n"
        "  fix    measure at least 20 networks, each with a latency above 0"
    )


def test_a_calibration_comes_back_from_json_as_it_was() -> None:
    sums = np.geomspace(1e6, 1e7, 20)
    found = calibrate(sums.tolist(), (1e4 + 1.1 * sums).tolist())
    assert Calibration.from_json(json.loads(json.dumps(found.to_json()))) == found
