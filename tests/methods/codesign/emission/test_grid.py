from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import SearchError
from dlscope.methods.codesign.emission.grid import Grid, divided, shifted, signed_bits


@pytest.mark.parametrize(
    ("largest", "bits", "is_signed", "exponent"),
    [
        (255 / 256, 8, False, -8),
        (1.0, 8, False, -7),
        (6.0, 4, False, -1),
        (127.0, 8, True, 0),
        (127.1, 8, True, 1),
        (0.0, 8, True, 0),
    ],
)
def test_the_step_is_the_finest_power_of_two_that_reaches(
    largest, bits, is_signed, exponent
) -> None:
    assert Grid.fitting(largest, bits, is_signed=is_signed).exponent == exponent


def test_halves_go_up_and_what_is_beyond_goes_to_the_ends() -> None:
    grid = Grid(0, 4, is_signed=True)
    values = np.array([0.5, -0.5, 1.49, -1.5, 100, -100])
    assert grid.quantised(values).tolist() == [1, 0, 1, -1, 7, -8]


def test_ends_of_both_kinds() -> None:
    assert (Grid(0, 8, is_signed=False).least, Grid(0, 8, is_signed=False).most) == (0, 255)
    assert (Grid(0, 8, is_signed=True).least, Grid(0, 8, is_signed=True).most) == (-128, 127)
    assert (Grid(0, 8, is_signed=True).reach, str(Grid(-3, 8, is_signed=True))) == (
        128,
        "signed 8 bit, step 2^-3",
    )


@given(st.integers(-(2**40), 2**40), st.integers(-8, 20))
def test_shifting_is_rounding_half_up(value, shift) -> None:
    exact = value * 2**-shift if shift < 0 else (2 * value + 2**shift) // (2 * 2**shift)
    assert shifted(np.array([value]), np.array([shift])).tolist() == [exact]


@given(st.integers(-(2**30), 2**30), st.integers(1, 2**12))
def test_dividing_is_rounding_half_up(value, divisor) -> None:
    found = int(divided(np.array([value]), np.array([divisor]))[0])
    assert found - 0.5 <= value / divisor < found + 0.5 or abs(value / divisor - found) == 0.5
    assert 2 * divisor * found <= 2 * value + divisor < 2 * divisor * (found + 1)


@pytest.mark.parametrize(("largest", "bits"), [(0, 1), (1, 2), (127, 8), (128, 9)])
def test_bits_of_a_signed_number(largest, bits) -> None:
    assert signed_bits(largest) == bits


def test_refuses_one_bit_with_a_sign() -> None:
    with pytest.raises(SearchError, match="1 bits with a sign tell no number above 0"):
        Grid.fitting(1.0, 1, is_signed=True)


def test_refuses_a_magnitude_that_is_none() -> None:
    with pytest.raises(SearchError, match="the largest magnitude is nan"):
        Grid.fitting(float("nan"), 8, is_signed=True)
