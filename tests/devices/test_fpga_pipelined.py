from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.catalog.finder import find
from dlscope.core.errors import SearchError
from dlscope.core.manifest import BoardManifest
from dlscope.devices.fpga_pipelined import Pipeline, PipelinedFpga
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.pipeline_stage import PipelineStage
from dlscope.devices.precision import Precision

EIGHT = Precision.of(8)
CONV = LayerShape.conv(64, 128, 56, 3)
POOL = LayerShape.pool(128, 56, 2, stride=2)


@given(st.integers(0, 5), st.integers(0, 5), st.sampled_from([4, 8, 16]), st.integers(1, 4))
def test_agrees_with_the_exact_count_at_powers_of_two(
    cpf_log2: int, kpf_log2: int, bits: int, batch: int
) -> None:
    board = find("board", "zc706")
    assert isinstance(board, BoardManifest)
    stage = PipelineStage(CONV, Precision.of(bits), 1 << cpf_log2, 1 << kpf_log2)
    device = PipelinedFpga(board, batch=batch)
    cost = device.cost(CONV, Precision.of(bits), cpf_log2 + kpf_log2)
    assert float(cost.latency_ns) == pytest.approx(stage.cycles * 5 / batch)
    assert (
        stage.dsp(board, batch=batch) - 1
        < float(cost.resources["dsp"])
        <= stage.dsp(board, batch=batch)
    )
    exact = stage.weight_bits_per_cycle() * stage.cycles / 8 / batch
    assert cost.traffic_bytes == pytest.approx(exact)


@given(st.integers(0, 5), st.integers(0, 5), st.booleans())
def test_whole_blocks_have_room_for_what_the_model_counts(
    cpf_log2: int, kpf_log2: int, is_streamed: bool
) -> None:
    board = find("board", "zc706")
    assert isinstance(board, BoardManifest)
    stage = PipelineStage(CONV, EIGHT, 1 << cpf_log2, 1 << kpf_log2)
    device = PipelinedFpga(board, has_weights_on_chip=not is_streamed)
    counted = stage.weight_block_ram18(is_streamed=is_streamed) + stage.line_block_ram18()
    assert float(device.cost(CONV, EIGHT).resources["bram18"]) <= counted


def test_odd_channels_of_output_do_not_share_dsps(board) -> None:
    device = PipelinedFpga(board("zc706"))
    even, odd = (LayerShape.conv(64, count, 56) for count in (64, 63))
    dsp = [float(device.cost(layer, EIGHT, 4.0).resources["dsp"]) for layer in (even, odd)]
    assert dsp == [8 + 6, 16 + 6]


def test_a_pool_takes_nothing_but_its_control(board) -> None:
    cost = PipelinedFpga(board("zc706")).cost(POOL, EIGHT, 4.0)
    assert {name: float(used) for name, used in cost.resources.items() if name != "bram18"} == {
        "dsp": 2.0
    }
    assert cost.traffic_bytes == 0


def test_weights_on_chip_are_not_read_from_memory_but_take_blocks(board) -> None:
    streamed, kept = (
        PipelinedFpga(board("zc706"), has_weights_on_chip=each).cost(CONV, EIGHT)
        for each in (False, True)
    )
    assert (streamed.traffic_bytes, kept.traffic_bytes) == (CONV.weights * 56, 0)
    assert kept.resources["bram18"] > streamed.resources["bram18"]


def test_a_pipeline_knows_its_slowest_stage_and_how_busy_it_is() -> None:
    stages = [PipelineStage(CONV, EIGHT, 8, 8), PipelineStage(CONV, EIGHT, 16, 16)]
    pipeline = Pipeline.of(stages, 200.0, batch=2)
    assert (pipeline.cycles, pipeline.bottleneck, pipeline.lanes) == (CONV.work // 64, 0, 320)
    assert pipeline.fps == 2 * 200e6 / pipeline.cycles
    assert pipeline.balance == pytest.approx(2 * 64 / 320)


def test_pools_count_neither_lanes_nor_products() -> None:
    stages = [PipelineStage(CONV, EIGHT, 8, 8), PipelineStage(POOL, EIGHT, 1, 1)]
    pipeline = Pipeline.of(stages, 200.0)
    assert (pipeline.lanes, pipeline.balance) == (64, 1.0)


def test_refuses_an_empty_batch_and_an_empty_pipeline(board) -> None:
    with pytest.raises(SearchError) as refusal:
        PipelinedFpga(board("zc706"), batch=0)
    assert str(refusal.value) == (
        "SearchError: batch is 0\n"
        "  where  device fpga_pipelined on zc706\n"
        "  fix    use a batch from 1 on"
    )
    with pytest.raises(SearchError, match="a pipeline without stages computes nothing"):
        Pipeline.of([], 200.0)
