from __future__ import annotations

import pytest

from dlscope.core.errors import SearchError
from dlscope.devices.lane_cost import lane_cost
from dlscope.devices.precision import Precision


@pytest.mark.parametrize(
    ("bits", "packed", "plain", "lut_7_series", "lut_ultrascale"),
    [(16, 1, 1, 837, 1337), (8, 0.5, 1, 234, 363), (4, 0, 0, 70, 100), (2, 0, 0, 22, 23)],
)
def test_lanes_cost_what_the_boards_list(
    board, bits: int, packed: float, plain: float, lut_7_series: float, lut_ultrascale: float
) -> None:
    for name, lut in (
        ("zc706", lut_7_series),
        ("pynq_z1", lut_7_series),
        ("zcu102", lut_ultrascale),
    ):
        listed = next(lane for lane in board(name).lanes if lane.bits == bits)
        assert (listed.dsp_packed, listed.dsp, listed.lut) == (packed, plain, lut)
        for is_packed, dsp in ((True, packed), (False, plain)):
            cost = lane_cost(board(name), Precision.of(bits), packed=is_packed)
            assert cost == ({"dsp": dsp} if dsp else {"lut": lut})


@pytest.mark.parametrize(("bits", "listed"), [(1, 2), (3, 4), (5, 8), (6, 8), (9, 16), (13, 16)])
def test_other_bits_cost_what_the_next_larger_do(board, bits: int, listed: int) -> None:
    zcu102 = board("zcu102")
    assert lane_cost(zcu102, Precision.of(bits)) == lane_cost(zcu102, Precision.of(listed))


def test_a_lane_is_as_wide_as_its_wider_operand(board) -> None:
    zcu102 = board("zcu102")
    assert lane_cost(zcu102, Precision(4, 8)) == lane_cost(zcu102, Precision.of(8))


def test_refuses_bits_beyond_the_largest_that_is_listed(board) -> None:
    with pytest.raises(SearchError) as refusal:
        lane_cost(board("zc706"), Precision.of(32))
    assert str(refusal.value) == (
        "SearchError: a lane of 32 bits has no cost\n"
        "  where  board zc706, lanes\n"
        "  fix    search a space whose quant has at most 16 bits, or add the width to the board: "
        "it lists 2, 4, 8, 16"
    )
