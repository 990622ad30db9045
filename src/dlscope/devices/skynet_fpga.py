"""`SkyNetFpga`: the accelerator released with SkyNet, which has one engine for each kind of layer.

A map is cut into tiles of 40×80 with a ring of one pixel; four images are stitched side by side, so
that maps of 20×40 fill a tile together. An engine takes 32 channels at a time:

    tiles(H, W)  = ⌈2H / 40⌉ · ⌈2W / 80⌉                                  of four images
    conv         = ⌈C_in / 32⌉ · ⌈C_out / 32⌉ · tiles passes of k² · 2 · 42 · 82 · 2 cycles
    depthwise    = ⌈C / 32⌉ · tiles passes of k² · 42 · 82 cycles

In a pass a convolution of 1×1 goes over 32×32 channels in two halves, each with an interval of two
cycles: 256 multipliers work. Counts of 1×1 and of depth-wise 3×3 are those of the released design's
loops; larger kernels, which that design has not, take a pass for each place of the kernel. The sum
is a lower bound: moving data, not counted here, takes the released design to 2.4 times of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import final

from dlscope.core.errors import SearchError
from dlscope.devices.block_ram import block_ram18
from dlscope.devices.layer_shape import LayerShape

IMAGES = 4
CHANNELS = 32
CLOCK_MHZ = 214.0
_TILE = (40, 80)
_RINGED = 42 * 82
_HALVES, _INTERVAL = 2, 2
_MULTIPLIERS = 256
_BUFFER_WORDS = 44 * 84
_BUFFER_BITS = 9
_BUFFERS = 2
_NS_PER_CYCLE_MHZ = 1e3


@final
class SkyNetFpga:
    """Cycles, latency and resources of networks on it, at a clock of `clock_mhz`."""

    name = "skynet_fpga"

    def __init__(self, *, clock_mhz: float = CLOCK_MHZ) -> None:
        if not clock_mhz > 0:
            raise SearchError(
                f"a clock of {clock_mhz:g} MHz never ticks",
                where=f"device {self.name}",
                fix="give a clock above 0",
            )
        self.clock_mhz = clock_mhz

    def latency_ns(self, layers: Iterable[LayerShape]) -> float:
        """Time of one image, a quarter of that of four stitched ones; arithmetic alone."""
        return cycles(layers) / IMAGES * _NS_PER_CYCLE_MHZ / self.clock_mhz

    def resources(self, layers: Iterable[LayerShape]) -> Mapping[str, float]:
        """DSPs of an engine for each kind of layer, and block RAM of the two buffers of maps.

        LUTs are not told: they go by what a tool makes of it.
        """
        engines = {(layer.kind, layer.kernel) for layer in layers if layer.kind != "pool"}
        dsp = sum(CHANNELS if kind == "depthwise" else _MULTIPLIERS for kind, _ in engines)
        banks = _BUFFERS * CHANNELS
        return {
            "dsp": float(dsp),
            "bram18": float(banks * block_ram18(_BUFFER_BITS, _BUFFER_WORDS)),
        }


def cycles(layers: Iterable[LayerShape]) -> int:
    """Cycles of all layers, one after the other, for four stitched images.

    14,554,344 for SkyNet C on images of 320×160: 683 passes of 1×1 and 166 depth-wise ones.
    """
    return sum(tile_passes(layer) * _cycles_of_pass(layer) for layer in layers)


def tile_passes(layer: LayerShape) -> int:
    """How often an engine goes over a tile for one layer of four images; 0 for a pool."""
    if layer.kind == "pool":
        return 0
    if layer.stride != 1 or (layer.kind == "conv" and layer.groups != 1):
        raise SearchError(
            f"the engines have no {layer}",
            where="device skynet_fpga",
            fix="use convolutions of stride 1, over all channels or over each by itself",
        )
    height, width = layer.map_out
    tiles = -(-2 * height // _TILE[0]) * -(-2 * width // _TILE[1])
    inputs, outputs = (-(-each // CHANNELS) for each in (layer.channels_in, layer.channels_out))
    return tiles * (outputs if layer.kind == "depthwise" else inputs * outputs)


def _cycles_of_pass(layer: LayerShape) -> int:
    window = layer.kernel[0] * layer.kernel[1]
    return window * _RINGED * (1 if layer.kind == "depthwise" else _HALVES * _INTERVAL)
