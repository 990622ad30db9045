from __future__ import annotations

import pytest

from dlscope.core.errors import SearchError
from dlscope.devices.precision import Precision


def test_a_lane_is_as_wide_as_the_wider_of_the_two() -> None:
    assert [Precision(4, 8).lane_bits, Precision(8, 4).lane_bits, Precision.of(16).lane_bits] == [
        8,
        8,
        16,
    ]


def test_says_both_widths_where_they_differ() -> None:
    assert [str(Precision.of(8)), str(Precision(4, 8))] == ["8 bit", "4/8 bit"]


@pytest.mark.parametrize("bits", [0, -1, 33, 8.0, True])
def test_refuses_what_is_no_number_of_bits(bits) -> None:
    with pytest.raises(SearchError) as refusal:
        Precision(8, bits)
    assert str(refusal.value) == (
        f"SearchError: {bits!r} is not a number of bits\n"
        "  where  precision of activations\n"
        "  fix    use a whole number from 1 to 32"
    )
