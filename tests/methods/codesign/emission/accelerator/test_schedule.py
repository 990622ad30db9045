from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dlscope.core.manifest import BoardManifest
from dlscope.devices.engine_tiling import Tile
from dlscope.devices.fpga_recursive import RecursiveFpga
from dlscope.devices.layer_shape import LayerShape
from dlscope.methods.codesign.emission.accelerator.schedule import (
    Engine,
    engines_of,
    packed,
    placed,
)
from dlscope.methods.codesign.emission.accelerator.stages import places


def _engine(kind: str, lanes: int) -> Engine:
    tile = Tile(1, lanes) if kind in ("depthwise", "pool") else Tile.of(lanes)
    return Engine(kind, tile.channels_in, tile.channels_out, 20, 8)


@pytest.mark.parametrize("lanes", [1, 4, 8, 64])
@pytest.mark.parametrize("shape", [LayerShape.conv(12, 20, 7, 3), LayerShape.dense(30, 10)])
def test_cycles_are_work_over_the_lanes_that_are_busy(shape, lanes) -> None:
    busy = Tile.of(lanes).efficiency(shape)
    cycles = _engine(shape.kind, lanes).cycles(shape)
    assert cycles == pytest.approx(shape.work / (lanes * busy), rel=1e-12)


@pytest.mark.parametrize(
    "shape", [LayerShape.conv(16, 32, 7, 3), LayerShape.depthwise(16, 7, 3)], ids=str
)
def test_where_tiles_divide_cycles_are_those_of_the_folded_device(shape) -> None:
    board = BoardManifest(
        schema_version=1,
        name="mine",
        part="part",
        resources={"dsp": 900, "lut": 1, "ff": 1, "bram36": 1},
        memory_gb_per_s=12.8,
        clock_mhz=1000,
        lanes=[{"bits": 8, "dsp_packed": 0.5, "dsp": 1, "lut": 234}],
    )
    compute_ns = RecursiveFpga(board).compute_ns(shape, np.array(4.0))
    assert _engine(shape.kind, 16).cycles(shape) == compute_ns


def test_an_engine_is_as_wide_as_the_widest_of_its_layers(integers) -> None:
    engines = engines_of(places(integers), (2, 8, 4, 16, 4, 2, 8))
    assert list(engines) == ["conv", "depthwise", "dense", "pool"]
    assert (engines["conv"].lanes_in, engines["conv"].lanes_out) == (4, 4)
    assert engines["conv"].weight_bits == 8
    assert engines["pool"].bits == integers.layers[4].average.bits


def test_lanes_without_a_channel_have_weights_of_0(integers) -> None:
    engine = _engine("conv", 64)
    words = packed(engine, integers.layers[1])
    assert words.shape == (1, 64)
    assert words.reshape(8, 8)[:8, :4].tolist() == integers.layers[1].weights[:, :, 0, 0].tolist()
    assert not words.reshape(8, 8)[:, 4:].any()


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 4)), min_size=1, max_size=12))
def test_tensors_that_are_there_at_once_never_overlap(drawn) -> None:
    sizes = [size for size, _ in drawn]
    last = [time + lasts for time, (_, lasts) in enumerate(drawn)]
    starts, total = placed(sizes, last)
    for later, (start, size) in enumerate(zip(starts, sizes, strict=True)):
        assert start >= 0 and start + size <= total
        for earlier in range(later):
            if last[earlier] >= later:
                end = starts[earlier] + sizes[earlier]
                assert end <= start or start + size <= starts[earlier] or not size
