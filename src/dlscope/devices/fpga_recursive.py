"""`RecursiveFpga`: one engine for each kind of operation, layers run one after another.

    t = max(W / (p · f · η), (w · b_w + (in + out) · b_a) / (8 · BW)) + t_0

W multiply-accumulates, p = 2^pf lanes, f clock, η efficiency; w, in, out elements of weights and
maps, b their bits, BW bandwidth. Where an engine idles because its tiles do not divide the
channels of a layer, and how often it reads an input again, is known once lanes are chosen:
`engine_tiling`.
"""

from __future__ import annotations

from typing import final

import numpy as np

from dlscope.core.errors import SearchError
from dlscope.core.manifest import BoardManifest
from dlscope.devices.base import NS_PER_S, Cost, Device, Floats, board_budget, per_cycle_ns
from dlscope.devices.block_ram import BITS_OF_BLOCK
from dlscope.devices.lane_cost import lane_cost
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision

_BYTES_PER_GB = 1e9
_HALVES = 2  # one half of a buffer is filled while the other is read


@final
class RecursiveFpga(Device):
    """A folded accelerator on `board`.

    `efficiency` is η, `overhead_ns` is t_0 of each layer, `clock_mhz` the clock where it is not
    that of the board. Raises `SearchError` for an efficiency outside 0 … 1.
    """

    name = "fpga_recursive"
    shares_engines = True

    def __init__(
        self,
        board: BoardManifest,
        *,
        efficiency: float = 1.0,
        overhead_ns: float = 0.0,
        clock_mhz: float | None = None,
        packed: bool = True,
    ) -> None:
        if not 0 < efficiency <= 1:
            raise SearchError(
                f"efficiency {efficiency:g} is not a share",
                where=f"device {self.name} on {board.name}",
                fix="use a number above 0 and at most 1",
            )
        self.board = board
        self.budget = board_budget(board)
        self.bytes_per_s = board.memory_gb_per_s * _BYTES_PER_GB
        self._efficiency = efficiency
        self._overhead_ns = overhead_ns
        self._cycle_ns = per_cycle_ns(clock_mhz or board.clock_mhz)
        self._packed = packed

    def compute_ns(self, layer: LayerShape, pf: Floats) -> Floats:
        """Time of the arithmetic alone, W / (p · f · η)."""
        return np.asarray(layer.work / 2.0**pf * self._cycle_ns / self._efficiency)

    def _cost(self, layer: LayerShape, precision: Precision, pf: Floats) -> Cost:
        lanes = 2.0**pf
        compute_ns = self.compute_ns(layer, pf)
        traffic = traffic_bytes(layer, precision)
        memory_ns = traffic / self.bytes_per_s * NS_PER_S
        is_computing = compute_ns >= memory_ns
        of_lane = lane_cost(self.board, precision, packed=self._packed)
        buffers = buffer_bits(layer, precision) / BITS_OF_BLOCK
        return Cost(
            latency_ns=np.maximum(compute_ns, memory_ns) + self._overhead_ns,
            latency_slope=np.where(is_computing, -np.log(2) * compute_ns, 0.0),
            resources={
                **{name: each * lanes for name, each in of_lane.items()},
                "bram18": np.full(pf.shape, buffers),
            },
            resource_slopes={
                **{name: np.log(2) * each * lanes for name, each in of_lane.items()},
                "bram18": np.zeros(pf.shape),
            },
            traffic_bytes=traffic,
        )


def traffic_bytes(layer: LayerShape, precision: Precision) -> float:
    """Bytes of weights, input and output, each once."""
    maps = layer.inputs + layer.outputs
    return (layer.weights * precision.weight_bits + maps * precision.activation_bits) / 8


def buffer_bits(layer: LayerShape, precision: Precision) -> int:
    """Bits on chip: k + s rows of the input, and twice the weights of one channel of output.

    The lower limit of what `block_ram18` counts for buffers of this content.
    """
    rows = layer.kernel[0] + layer.stride
    line = rows * layer.map_in[1] * layer.channels_in * precision.activation_bits
    weights = layer.fan_in * precision.weight_bits if layer.weights else 0
    return line + _HALVES * weights
