from __future__ import annotations

import math
from dataclasses import replace

import pytest

from dlscope.catalog.finder import find
from dlscope.devices.base import Choice
from dlscope.devices.fpga_recursive import RecursiveFpga
from dlscope.devices.fpga_tiled import TiledFpga
from dlscope.devices.precision import Precision
from dlscope.devices.prediction_error import PredictionError
from dlscope.methods.codesign.folded_fits import FoldedFit, folded_fits, timed
from dlscope.methods.codesign.published_designs import folded_rows
from dlscope.methods.codesign.reference_networks import CONVOLUTIONS


@pytest.fixture(scope="module")
def fits() -> tuple[FoldedFit, ...]:
    return folded_fits()


def test_what_is_predicted_was_not_learnt_from(fits) -> None:
    for fit in fits:
        if fit.split.most_mape is not None:
            assert not any(fit.split.learnt(row) for row in fit.rows)


def test_one_value_is_one_byte_and_a_dsp_does_two_narrow_products(fits) -> None:
    row = next(each for each in folded_rows() if each.bits == 8)
    layers = CONVOLUTIONS[row.network]()
    wide, narrow = (timed(replace(row, bits=bits), layers, "simple") for bits in (8, 6))
    assert wide.traffic_bytes == narrow.traffic_bytes
    assert wide.peak_per_s == 128 * 2 * 300e6
    assert narrow.peak_per_s == 2 * wide.peak_per_s


@pytest.mark.parametrize(("form", "kind"), [("simple", RecursiveFpga), ("tiled", TiledFpga)])
def test_what_is_validated_is_what_the_devices_compute(fits, form: str, kind) -> None:
    fit = next(each for each in fits if each.form == form and each.split.most_mape is not None)
    zcu102 = find("board", "zcu102")
    for row, fps in zip(fit.rows, fit.predicted_fps, strict=True):
        if row.bits != 8:  # one byte is counted for 6 bits, which the devices do not
            continue
        device = kind(
            zcu102.model_copy(update={"memory_gb_per_s": fit.roofline.bytes_per_s / 1e9}),
            efficiency=fit.roofline.efficiency,
            overhead_ns=fit.roofline.overhead_s * 1e9,
            clock_mhz=row.clock_mhz,
        )
        lanes_log2 = math.log2(2 * row.dsp)  # DSPs run at twice the clock
        layers = CONVOLUTIONS[row.network]()
        total = device.network_cost([Choice(each, Precision.of(8), lanes_log2) for each in layers])
        assert total.fps == pytest.approx(fps, rel=1e-9)


def test_tiles_add_work_and_traffic_and_never_take_any(fits) -> None:
    for row in folded_rows():
        layers = CONVOLUTIONS[row.network]()
        simple, tiled = (timed(row, layers, form) for form in ("simple", "tiled"))
        assert all(t >= s for s, t in zip(simple.work, tiled.work, strict=True))
        assert all(t >= s for s, t in zip(simple.traffic_bytes, tiled.traffic_bytes, strict=True))


def test_a_fit_beyond_what_its_split_accepts_does_not_hold(fits) -> None:
    fit = next(each for each in fits if each.split.most_mape is not None)
    assert fit.holds
    assert not replace(fit, error=PredictionError(0.5, 1.0, 0.999, 16)).holds
    assert not replace(fit, error=PredictionError(0.1, 1.0, 0.9, 16)).holds
