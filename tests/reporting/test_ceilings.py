from __future__ import annotations

import pytest

from dlscope.reporting.ceilings import axes_of, ceilings

POINTS = [{"x": 0.1, "y": 0.5}, {"x": 100.0, "y": 110.0}]


def limits(records, peak=120.0, bandwidth=12.0):
    axes = axes_of(records, peak, bandwidth)
    return axes["x"]["scale"]["domain"], axes["y"]["scale"]["domain"]


def test_both_axes_hold_all_points_and_the_roof() -> None:
    (left, right), (low, high) = limits(POINTS)
    assert left < 0.1 < 100.0 < right
    assert low < min(0.5, left * 12.0) < 120.0 < high


def test_points_above_the_roof_are_not_clipped() -> None:
    _, (_, high) = limits([{"x": 1.0, "y": 900.0}])
    assert high > 900.0


def test_without_points_the_ridge_stands_in_the_drawing() -> None:
    (left, right), (low, high) = limits([])
    assert left < 10.0 < right
    assert low < 120.0 < high


def test_ticks_are_powers_of_ten_or_on_short_axes_also_twos_and_fives() -> None:
    axes = axes_of(POINTS, 120.0, 12.0)
    assert axes["x"]["axis"]["values"] == [0.1, 1.0, 10.0, 100.0]
    axes = axes_of([], 120.0, 12.0)
    assert axes["y"]["axis"]["values"] == [10.0, 20.0, 50.0, 100.0, 200.0]
    assert axes["x"]["title"] == "arithmetic intensity, FLOP/byte (log)"


def test_the_roof_bends_where_bandwidth_reaches_the_peak() -> None:
    axes = axes_of(POINTS, 120.0, 12.0)
    left, right = axes["x"]["scale"]["domain"]
    roof, level, slope = ceilings(axes, 120.0, 12.0)
    corners = [(each["x"], each["y"]) for each in roof["data"]["values"]]
    assert corners == [(left, pytest.approx(12 * left)), (10.0, 120.0), (right, 120.0)]
    assert level["mark"]["text"] == "120 GFLOP/s measured"
    assert slope["mark"]["text"] == "12.0 GB/s measured"
    place = slope["data"]["values"][0]
    assert place["y"] == pytest.approx(12 * place["x"])
    assert left < place["x"] < 10.0
