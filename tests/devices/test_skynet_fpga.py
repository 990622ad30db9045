from __future__ import annotations

import pytest

from dlscope.core.errors import SearchError
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.skynet_fpga import SkyNetFpga, cycles, tile_passes

CHANNELS = ((3, 48), (48, 96), (96, 192), (192, 384), (384, 512), (1280, 96))
SIZES = ((160, 320), (80, 160), (40, 80), (20, 40), (20, 40), (20, 40))
DEPTHWISE = [LayerShape.depthwise(c, s, 3) for (c, _), s in zip(CHANNELS, SIZES, strict=True)]
POINTWISE = [
    *(LayerShape.conv(a, b, size) for (a, b), size in zip(CHANNELS, SIZES, strict=True)),
    LayerShape.conv(96, 10, (20, 40)),
]


def test_tile_passes_of_skynet_c_as_its_loops_make_them():
    assert [tile_passes(layer) for layer in POINTWISE] == [128, 96, 72, 72, 192, 120, 3]
    assert [tile_passes(layer) for layer in DEPTHWISE] == [64, 32, 12, 6, 12, 40]


def test_cycles_of_skynet_c_are_exact():
    assert cycles([*DEPTHWISE, *POINTWISE]) == 683 * 13_776 + 166 * 30_996 == 14_554_344


def test_four_images_take_68_ms_at_214_mhz():
    device = SkyNetFpga()
    assert 4 * device.latency_ns([*DEPTHWISE, *POINTWISE]) / 1e6 == pytest.approx(68.0, abs=0.05)


def test_a_pool_is_free_and_a_larger_kernel_takes_a_pass_for_each_place():
    assert tile_passes(LayerShape.pool(8, (40, 80), 2, stride=2)) == 0
    small, large = LayerShape.conv(32, 32, (20, 40)), LayerShape.conv(32, 32, (20, 40), 3)
    assert cycles([large]) == 9 * cycles([small]) == 9 * 13_776


def test_engines_are_shared_by_layers_of_a_kind():
    device = SkyNetFpga()
    assert device.resources(POINTWISE)["dsp"] == 256
    assert device.resources([*POINTWISE, *DEPTHWISE])["dsp"] == 288
    assert device.resources(POINTWISE)["bram18"] == 128


def test_refuses_what_no_engine_can():
    with pytest.raises(SearchError) as refused:
        tile_passes(LayerShape.conv(32, 32, (20, 40), 3, stride=2))
    assert str(refused.value) == (
        "SearchError: the engines have no conv 3x3/2 32->32 on 20x40\n"
        "  where  device skynet_fpga\n"
        "  fix    use convolutions of stride 1, over all channels or over each by itself"
    )
    with pytest.raises(SearchError, match="a clock of 0 MHz never ticks"):
        SkyNetFpga(clock_mhz=0)
