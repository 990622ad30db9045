"""`DataflowFpga`: a streaming design with all weights on chip; `MatrixVectorUnit`: a stage exactly.

A unit of PE processing elements, each with SIMD lanes, takes
H_out · W_out · (k² · C_in/g / SIMD) · (C_out / PE) cycles, and a depthwise one
H_out · W_out · k² · C / PE.
Equations: FINN, a framework for quantised networks on FPGAs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from dlscope.core.errors import SearchError
from dlscope.core.manifest import BoardManifest
from dlscope.devices.base import Cost, Device, Floats, board_budget, per_cycle_ns
from dlscope.devices.block_ram import BITS_OF_BLOCK, block_ram18
from dlscope.devices.lane_cost import lane_cost
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision


@final
class DataflowFpga(Device):
    """A streaming dataflow accelerator on `board`; nothing but input and output leaves the chip."""

    name = "fpga_dataflow"
    objective = "throughput"

    def __init__(
        self, board: BoardManifest, *, clock_mhz: float | None = None, packed: bool = True
    ) -> None:
        self.board = board
        self.budget = board_budget(board)
        self.bytes_per_s = board.memory_gb_per_s * 1e9
        self._cycle_ns = per_cycle_ns(clock_mhz or board.clock_mhz)
        self._packed = packed

    def _cost(self, layer: LayerShape, precision: Precision, pf: Floats) -> Cost:
        lanes = 2.0**pf
        interval_ns = layer.work / lanes * self._cycle_ns
        of_lane = lane_cost(self.board, precision, packed=self._packed) if layer.weights else {}
        resources = {name: each * lanes for name, each in of_lane.items()}
        slopes = {name: np.log(2) * used for name, used in resources.items()}
        blocks = np.full(pf.shape, content_bits(layer, precision) / BITS_OF_BLOCK)
        return Cost(
            latency_ns=interval_ns,
            latency_slope=-np.log(2) * interval_ns,
            resources={**resources, "bram18": blocks},
            resource_slopes={**slopes, "bram18": np.zeros(pf.shape)},
        )


@final
@dataclass(frozen=True)
class MatrixVectorUnit:
    """A layer at `pe` × `simd` lanes.

    Raises `SearchError` where PE does not divide the channels of output, or SIMD the products of
    one output; a depthwise unit and a pool have a SIMD of 1.
    """

    layer: LayerShape
    precision: Precision
    pe: int
    simd: int = 1

    def __post_init__(self) -> None:
        by_channel = self.layer.kind in ("depthwise", "pool")
        limits = (
            ("PE", self.pe, self.layer.channels_out),
            (
                *("SIMD", self.simd),
                1 if by_channel else self.layer.fan_in,
            ),
        )
        for name, factor, limit in limits:
            if factor < 1 or limit % factor:
                raise SearchError(
                    f"{name} {factor} does not divide {limit}",
                    where=str(self.layer),
                    fix=f"use a divisor of {limit}",
                )

    @property
    def lanes(self) -> int:
        """PE · SIMD."""
        return self.pe * self.simd

    @property
    def cycles(self) -> int:
        """Cycles for one input; exact, since the factors divide."""
        return self.layer.work // self.lanes

    def block_ram18(self) -> int:
        """Blocks of the weights, a memory for each PE, and of k + s lines of the input."""
        weights = self.layer.weights
        depth, width = weights // self.lanes, self.simd * self.precision.weight_bits
        stored = self.pe * block_ram18(width, depth) if weights else 0
        line_width = self.simd * self.precision.activation_bits
        line_bits = content_bits(self.layer, self.precision) - weights * self.precision.weight_bits
        return stored + block_ram18(line_width, -(-line_bits // line_width))


def content_bits(layer: LayerShape, precision: Precision) -> int:
    """Bits that a unit keeps: all its weights, and k + s lines of its input."""
    lines = layer.kernel[0] + layer.stride
    line_bits = lines * layer.map_in[1] * layer.channels_in * precision.activation_bits
    return layer.weights * precision.weight_bits + line_bits


def most_lanes(layer: LayerShape) -> int:
    """The largest number of lanes whose factors are powers of two and divide."""
    simd = 1 if layer.kind in ("depthwise", "pool") else layer.fan_in
    return (simd & -simd) * (layer.channels_out & -layer.channels_out)
