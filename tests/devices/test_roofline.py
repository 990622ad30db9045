from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlscope.core.errors import MeasurementError
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision
from dlscope.devices.roofline import Roofline, RooflineDevice, Timed, fit_roofline

PEAK = 1e11


def samples(truth: Roofline, seed: int = 0, count: int = 20) -> list[Timed]:
    """Networks of several layers, each timed exactly as `truth` has it."""
    random = np.random.default_rng(seed)
    made = []
    for _ in range(count):
        size = int(random.integers(1, 12))
        work, traffic = 10 ** random.uniform(6, 9, size), 10 ** random.uniform(4, 6.5, size)
        timed = Timed(tuple(work), tuple(traffic), PEAK, 1.0)
        made.append(replace(timed, seconds=timed.predicted_s(truth)))
    return made


@settings(max_examples=4, deadline=None)
@given(st.floats(0.05, 1), st.floats(8.5, 10), st.sampled_from([0.0, 1e-5, 1e-4]))
def test_finds_the_constants_that_the_times_were_made_with(
    efficiency: float, bandwidth_log10: float, overhead_s: float
) -> None:
    truth = Roofline(efficiency, 10**bandwidth_log10, overhead_s)
    found = fit_roofline(samples(truth))
    assert found.efficiency == pytest.approx(efficiency, rel=1e-3)
    assert found.overhead_s == pytest.approx(overhead_s, rel=1e-2, abs=1e-8)
    predicted = [each.predicted_s(found) / each.seconds for each in samples(truth, seed=1)]
    assert np.allclose(predicted, 1, rtol=5e-3)


def test_fits_as_well_as_anything_near_it() -> None:
    noise = np.random.default_rng(0).normal(0, 0.1, 20)
    truth = Roofline(0.5, 2e9, 2e-5)
    noisy = [
        replace(each, seconds=each.seconds * np.exp(shift))
        for each, shift in zip(samples(truth), noise, strict=True)
    ]

    def squares(roofline: Roofline) -> float:
        return sum(np.log(each.predicted_s(roofline) / each.seconds) ** 2 for each in noisy)

    found = fit_roofline(noisy)
    for name in ("efficiency", "bytes_per_s", "overhead_s"):
        for factor in (0.98, 1.02):
            moved = replace(found, **{name: getattr(found, name) * factor})
            assert squares(found) <= squares(moved) + 1e-9


def test_the_overhead_is_never_below_zero() -> None:
    truth = Roofline(0.5, 2e9, 0.0)
    faster = [replace(each, seconds=each.seconds * 0.9) for each in samples(truth)]
    assert fit_roofline(faster).overhead_s >= 0


def test_a_layer_waits_for_arithmetic_or_for_memory() -> None:
    roofline = Roofline(0.5, 1e9, 1e-6)
    assert roofline.seconds([5e4, 1.0], [1.0, 1e4], PEAK).tolist() == pytest.approx([2e-6, 1.1e-5])
    device = RooflineDevice(roofline, peak_per_s=PEAK)
    layer = LayerShape.conv(64, 64, 14, 3)
    cost = device.cost(layer, Precision.of(8), [0.0, 5.0])
    assert cost.latency_ns.tolist() == pytest.approx([(layer.macs / 5e10 + 1e-6) * 1e9] * 2)


@pytest.mark.parametrize(
    "several",
    [
        [Timed((1.0,), (1.0,), PEAK, 1.0)] * 2,
        [Timed((1.0,), (1.0,), PEAK, 0.0)] * 3,
        [Timed((), (), PEAK, 1.0)] * 3,
    ],
)
def test_refuses_too_few_samples_and_empty_ones(several: list[Timed]) -> None:
    with pytest.raises(MeasurementError) as refusal:
        fit_roofline(several)
    assert str(refusal.value) == (
        "MeasurementError: a roofline cannot be fitted\n"
        f"  where  {len(several)} samples\n"
        "  fix    give at least 3, each with layers and a time above 0"
    )
