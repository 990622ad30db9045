"""`TiledFpga`: the folded accelerator once its lanes are powers of two, so that tiles are known.

    t = max(W / (p · f · η · u), (w · b_w + (⌈C_out / T_k⌉ · in + out) · b_a) / (8 · BW)) + t_0

u is the share of lanes that are busy (`Tile.efficiency`); the input is read again for each T_k
channels of output. The other letters are those of `fpga_recursive`, which this one refines.
"""

from __future__ import annotations

from typing import final

import numpy as np

from dlscope.core.manifest import BoardManifest
from dlscope.devices.base import NS_PER_S, Cost, Device, Floats
from dlscope.devices.engine_tiling import Tile
from dlscope.devices.fpga_recursive import RecursiveFpga, traffic_bytes
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision

_BITS_OF_BYTE = 8


@final
class TiledFpga(Device):
    """A folded accelerator on `board`, its lanes rounded down to a power of two, one at least.

    `folds_kernel`: lanes that have no channel of input take another place of the kernel. The
    other parameters are those of `RecursiveFpga`.
    """

    name = "fpga_tiled"
    shares_engines = True
    is_differentiable = False

    def __init__(
        self,
        board: BoardManifest,
        *,
        efficiency: float = 1.0,
        overhead_ns: float = 0.0,
        clock_mhz: float | None = None,
        packed: bool = True,
        folds_kernel: bool = True,
    ) -> None:
        self._smooth = RecursiveFpga(
            board, efficiency=efficiency, clock_mhz=clock_mhz, packed=packed
        )
        self.budget, self.bytes_per_s = self._smooth.budget, self._smooth.bytes_per_s
        self._overhead_ns = overhead_ns
        self._folds_kernel = folds_kernel

    def _cost(self, layer: LayerShape, precision: Precision, pf: Floats) -> Cost:
        powers = np.maximum(np.floor(pf), 0.0)
        smooth = self._smooth.cost(layer, precision, powers)
        tiles = [Tile.of(1 << int(power)) for power in powers.flat]
        busy = np.array([self._busy(layer, tile) for tile in tiles]).reshape(pf.shape)
        again = np.array([_bytes_again(layer, precision, tile) for tile in tiles])
        traffic = traffic_bytes(layer, precision) + again.reshape(pf.shape)
        compute_ns = self._smooth.compute_ns(layer, powers) / busy
        memory_ns = traffic / self.bytes_per_s * NS_PER_S
        none = np.zeros(pf.shape)
        return Cost(
            latency_ns=np.maximum(compute_ns, memory_ns) + self._overhead_ns,
            latency_slope=none,
            resources=smooth.resources,
            resource_slopes=dict.fromkeys(smooth.resources, none),
            traffic_bytes=traffic,
        )

    def _busy(self, layer: LayerShape, tile: Tile) -> float:
        return tile.efficiency(layer, folds_kernel=self._folds_kernel)


def _bytes_again(layer: LayerShape, precision: Precision, tile: Tile) -> float:
    """Bytes of the input beyond reading it once."""
    again = tile.elements_read(layer) - layer.weights - layer.inputs
    return again * precision.activation_bits / _BITS_OF_BYTE
