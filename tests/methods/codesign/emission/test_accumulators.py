from __future__ import annotations

import numpy as np

from dlscope.methods.codesign.emission.accumulators import average_bits, sum_bits
from dlscope.methods.codesign.emission.grid import Grid

NONE = np.zeros(1, np.int64)


def _bits(weights: list[int], bias: int, grid: Grid, **changes) -> int:
    parts = {"sum_shifts": NONE, "added": None, "residual_shifts": NONE, "shifts": NONE}
    array = np.array(weights).reshape(1, -1, 1, 1)
    return sum_bits(array, np.array([bias]), grid, **{**parts, **changes})


def test_unsigned_inputs_reach_the_larger_of_both_signs() -> None:
    grid = Grid(0, 8, is_signed=False)
    assert _bits([1, -1], 0, grid) == 9  # 255
    assert _bits([1, 1, -1], 2, grid) == 11  # 512


def test_signed_inputs_reach_the_sum_of_magnitudes() -> None:
    assert _bits([1, -1], 0, Grid(0, 8, is_signed=True)) == 10  # 256


def test_shifts_the_residual_and_the_half_count() -> None:
    grid, one = Grid(0, 1, is_signed=False), np.ones(1, np.int64)
    assert _bits([1], 0, grid) == 2
    assert _bits([1], 0, grid, sum_shifts=3 * one) == 5  # 8
    assert _bits([1], 0, grid, added=Grid(0, 8, is_signed=True), residual_shifts=2 * one) == 11
    assert _bits([1], 0, grid, shifts=5 * one) == 6  # 1 + 16
    assert _bits([1], 0, grid, shifts=-5 * one) == 7  # 32


def test_an_average_holds_twice_its_sum_and_its_divisor() -> None:
    ends = np.array([100])
    assert average_bits(4, 0 * ends, ends, np.array([0])) == 11  # 2 · 400 + 4
    assert average_bits(4, 0 * ends, ends, np.array([8])) == 12  # 2 · 400 + 1024
