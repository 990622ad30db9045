from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import SearchError
from dlscope.devices.block_ram import block_ram18
from dlscope.devices.layer_shape import LayerShape, mbconv
from dlscope.devices.pipeline_stage import (
    PipelineStage,
    lane_limits,
    residual_fifo_bits,
    split_lanes,
)
from dlscope.devices.precision import Precision

EIGHT, SIXTEEN = Precision.of(8), Precision.of(16)
CONV = LayerShape.conv(64, 128, 56, 3)
POWERS = st.integers(0, 10).map(lambda power: 1 << power)


def layers() -> st.SearchStrategy[LayerShape]:
    return st.builds(
        lambda kind, channels_in, channels_out: {
            "conv": LayerShape.conv(channels_in, channels_out, 14, 3),
            "depthwise": LayerShape.depthwise(channels_in, 14, 3),
            "pool": LayerShape.pool(channels_in, 14, 2, stride=2),
            "dense": LayerShape.dense(channels_in, channels_out),
        }[kind],
        st.sampled_from(["conv", "depthwise", "pool", "dense"]),
        st.integers(1, 256),
        st.integers(1, 256),
    )


def test_a_depthwise_and_a_pointwise_stage_take_the_cycles_of_their_loops() -> None:
    spread = PipelineStage(LayerShape.depthwise(16, 14, 3), EIGHT, 4, 1)
    mixed = PipelineStage(LayerShape.conv(16, 24, 14), EIGHT, 8, 4)
    assert (spread.cycles, mixed.cycles) == (7056, 2352)


@given(layers(), POWERS)
def test_cycles_are_exact_for_every_split(layer: LayerShape, lanes: int) -> None:
    stage = PipelineStage(layer, EIGHT, *split_lanes(layer, lanes))
    assert stage.cycles * stage.lanes == layer.work


@given(layers(), st.floats(1, 4096))
def test_a_split_has_no_more_lanes_than_the_nearest_power_of_two(
    layer: LayerShape, lanes: float
) -> None:
    cpf, kpf = split_lanes(layer, lanes)
    most_in, most_out = (limit & -limit for limit in lane_limits(layer))
    nearest = 2 ** math.ceil(math.log2(lanes * 2 / 3))
    assert cpf * kpf <= max(nearest, 1)
    if nearest <= most_in * most_out:
        assert cpf * kpf in (nearest, nearest * 2)
    assert cpf <= 2 * kpf or kpf == most_out


@pytest.mark.parametrize(
    ("layer", "lanes", "split"),
    [
        (CONV, 1, (1, 1)),
        (CONV, 2, (2, 1)),
        (CONV, 4, (2, 2)),
        (CONV, 64, (8, 8)),
        (CONV, 128, (16, 8)),
        (CONV, 8192, (64, 128)),
        (CONV, 1e6, (64, 128)),
        (CONV, 95, (8, 8)),
        (CONV, 97, (16, 8)),
        (LayerShape.conv(3, 64, 224, 3), 16, (1, 16)),
        (LayerShape.conv(64, 2, 56, 3), 64, (32, 2)),
        (LayerShape.depthwise(96, 14, 3), 16, (16, 1)),
    ],
)
def test_lanes_are_split_over_channels_of_input_and_output(
    layer: LayerShape, lanes: float, split: tuple[int, int]
) -> None:
    assert split_lanes(layer, lanes) == split


@pytest.mark.parametrize(
    ("precision", "channels_out", "options", "dsp"),
    [
        (SIXTEEN, 128, {}, 128 + 6),
        (EIGHT, 128, {}, 64 + 6),
        (EIGHT, 127, {}, 16 + 6),
        (Precision.of(4), 128, {}, 6),
        (SIXTEEN, 128, {"batch": 2}, 256 + 6),
        (SIXTEEN, 128, {"has_folded_norm": False}, 128 + 8 + 6),
        (EIGHT, 128, {"batch": 3, "has_folded_norm": False}, 204 + 6),
    ],
)
def test_counts_dsps_of_lanes_and_control(
    board, precision: Precision, channels_out: int, options, dsp: int
) -> None:
    layer = LayerShape.conv(64, channels_out, 56, 3)
    kpf = 8 if channels_out % 8 == 0 else 1
    assert PipelineStage(layer, precision, 16, kpf).dsp(board("zc706"), **options) == dsp


def test_a_stage_without_weights_takes_two_dsps_and_no_weight_buffer(board) -> None:
    pool = PipelineStage(LayerShape.pool(64, 56, 2, stride=2), EIGHT, 1, 4)
    assert pool.dsp(board("zc706")) == 2
    assert pool.weight_block_ram18(is_streamed=True) == 0
    assert pool.weight_bits_per_cycle() == 0


def test_counts_the_blocks_of_both_buffers() -> None:
    stage = PipelineStage(CONV, EIGHT, 16, 8)
    assert stage.weight_block_ram18(is_streamed=False) == block_ram18(1024, 9 * 64 * 128 // 128)
    assert stage.weight_block_ram18(is_streamed=True) == block_ram18(1024, 2 * 9 * 64 // 16)
    assert stage.line_block_ram18() == block_ram18(128, 64 * 56 * 4 // 16)


def test_streamed_weights_are_read_once_for_each_column() -> None:
    stage = PipelineStage(CONV, EIGHT, 16, 8)
    assert stage.weight_bits_per_cycle() == 16 * 8 * 8 / 56
    carried = stage.weight_bits_per_cycle() * stage.cycles
    assert carried == pytest.approx(CONV.weights * 8 * 56)
    dense = PipelineStage(LayerShape.dense(512, 64), EIGHT, 16, 8)
    assert dense.weight_bits_per_cycle() == 16 * 8 * 8


def test_the_input_of_a_block_waits_beside_its_stages() -> None:
    block = mbconv(16, 16, 14, 5, 4)
    assert residual_fifo_bits(block, EIGHT) == (2 * 14 + 1) * 16 * 8
    assert residual_fifo_bits(block, EIGHT, delay_positions=0) == 2 * 14 * 16 * 8


@pytest.mark.parametrize(
    ("cpf", "kpf", "message"),
    [
        (
            *(3, 8),
            "SearchError: CPF 3 is no power of two that divides 64 channels\n"
            "  where  conv 3x3/1 64->128 on 56x56\n"
            "  fix    use a power of two up to 64",
        ),
        (
            *(16, 256),
            "SearchError: KPF 256 is no power of two that divides 128 channels\n"
            "  where  conv 3x3/1 64->128 on 56x56\n"
            "  fix    use a power of two up to 128",
        ),
    ],
)
def test_refuses_factors_that_do_not_divide(cpf: int, kpf: int, message: str) -> None:
    with pytest.raises(SearchError) as refusal:
        PipelineStage(CONV, EIGHT, cpf, kpf)
    assert str(refusal.value) == message


def test_refuses_to_split_less_than_a_lane() -> None:
    with pytest.raises(SearchError) as refusal:
        split_lanes(CONV, 0.5)
    assert str(refusal.value) == (
        "SearchError: 0.5 lanes are less than one\n"
        "  where  conv 3x3/1 64->128 on 56x56\n"
        "  fix    use at least one lane"
    )
