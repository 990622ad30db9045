from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.catalog.finder import find
from dlscope.core.errors import SearchError
from dlscope.core.manifest import BoardManifest
from dlscope.devices.block_ram import BITS_OF_BLOCK
from dlscope.devices.fpga_dataflow import DataflowFpga, MatrixVectorUnit, content_bits
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision

BINARY = Precision.of(1)
CONV = LayerShape.conv(64, 128, 14, 3, padding=0)


def divisors(number: int) -> list[int]:
    return [each for each in range(1, number + 1) if number % each == 0]


@given(st.sampled_from(divisors(128)), st.sampled_from(divisors(576)))
def test_a_unit_takes_its_loops_and_agrees_with_the_model(pe: int, simd: int) -> None:
    board = find("board", "zcu104")
    assert isinstance(board, BoardManifest)
    unit = MatrixVectorUnit(CONV, BINARY, pe, simd)
    assert unit.cycles == 12 * 12 * (576 // simd) * (128 // pe)
    cost = DataflowFpga(board, clock_mhz=100.0).cost(CONV, BINARY, math.log2(pe * simd))
    assert float(cost.latency_ns) == pytest.approx(unit.cycles * 10)


@given(st.sampled_from(divisors(128)), st.sampled_from(divisors(576)), st.integers(1, 8))
def test_the_blocks_of_a_unit_have_room_for_its_content(pe: int, simd: int, bits: int) -> None:
    unit = MatrixVectorUnit(CONV, Precision.of(bits), pe, simd)
    assert unit.block_ram18() * BITS_OF_BLOCK >= content_bits(CONV, Precision.of(bits))


def test_a_depthwise_unit_takes_channels_one_by_one() -> None:
    layer = LayerShape.depthwise(64, 14, 3)
    assert MatrixVectorUnit(layer, BINARY, 16).cycles == 14 * 14 * 9 * 64 // 16


def test_keeps_all_weights_and_some_lines() -> None:
    assert content_bits(CONV, Precision(2, 4)) == 9 * 64 * 128 * 2 + 4 * 14 * 64 * 4


def test_nothing_but_input_and_output_leaves_the_chip(board) -> None:
    cost = DataflowFpga(board("zcu104")).cost(CONV, BINARY)
    assert cost.traffic_bytes == 0
    assert "dsp" not in cost.resources


@pytest.mark.parametrize(
    ("layer", "pe", "simd", "message"),
    [
        (
            *(CONV, 3, 1),
            "SearchError: PE 3 does not divide 128\n"
            "  where  conv 3x3/1 64->128 on 14x14\n"
            "  fix    use a divisor of 128",
        ),
        (
            *(CONV, 2, 5),
            "SearchError: SIMD 5 does not divide 576\n"
            "  where  conv 3x3/1 64->128 on 14x14\n"
            "  fix    use a divisor of 576",
        ),
        (
            *(LayerShape.depthwise(64, 14, 3), 16, 3),
            "SearchError: SIMD 3 does not divide 1\n"
            "  where  depthwise 3x3/1 64->64 on 14x14\n"
            "  fix    use a divisor of 1",
        ),
    ],
)
def test_refuses_factors_that_do_not_divide(
    layer: LayerShape, pe: int, simd: int, message: str
) -> None:
    with pytest.raises(SearchError) as refusal:
        MatrixVectorUnit(layer, BINARY, pe, simd)
    assert str(refusal.value) == message
