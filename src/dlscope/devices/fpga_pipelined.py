"""`PipelinedFpga`: a stage for each layer, all at work at once; `Pipeline`: one counted exactly.

A stage of p = 2^pf lanes takes H_out · W_out · k² · C_in/g · C_out / p cycles, and the slowest
sets the rate. Equations: the open-source DNNBuilder tool chain (AccDNN).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, final

import numpy as np

from dlscope.core.errors import SearchError
from dlscope.core.manifest import BoardManifest
from dlscope.devices.base import Cost, Device, Floats, board_budget, per_cycle_ns
from dlscope.devices.block_ram import BITS_OF_BLOCK
from dlscope.devices.lane_cost import lane_cost
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.pipeline_stage import (
    CONTROL_DSP,
    CONTROL_DSP_WITHOUT_WEIGHTS,
    can_pack,
)
from dlscope.devices.precision import Precision

_BYTES_PER_GB = 1e9
_HZ_PER_MHZ = 1e6
_BITS_OF_BYTE = 8


@final
class PipelinedFpga(Device):
    """A pipelined accelerator on `board` that takes `batch` inputs at once.

    Weights are read from external memory for each column of the output, unless
    `has_weights_on_chip`; a batch shares them. Raises `SearchError` for a batch below 1.
    """

    name = "fpga_pipelined"
    objective = "throughput"

    def __init__(
        self,
        board: BoardManifest,
        *,
        batch: int = 1,
        has_weights_on_chip: bool = False,
        clock_mhz: float | None = None,
        packed: bool = True,
    ) -> None:
        if batch < 1:
            raise SearchError(
                f"batch is {batch}",
                where=f"device {self.name} on {board.name}",
                fix="use a batch from 1 on",
            )
        self.board = board
        self.budget = board_budget(board)
        self.bytes_per_s = board.memory_gb_per_s * _BYTES_PER_GB
        self._batch = batch
        self._has_weights_on_chip = has_weights_on_chip
        self._cycle_ns = per_cycle_ns(clock_mhz or board.clock_mhz)
        self._packed = packed

    def _cost(self, layer: LayerShape, precision: Precision, pf: Floats) -> Cost:
        lanes = 2.0**pf
        interval_ns = layer.work / lanes * self._cycle_ns / self._batch
        of_lane = self._of_lane(layer, precision)
        control = CONTROL_DSP if layer.weights else CONTROL_DSP_WITHOUT_WEIGHTS
        resources = {name: each * lanes for name, each in of_lane.items()}
        slopes = {name: np.log(2) * used for name, used in resources.items()}
        none = np.zeros(pf.shape)
        resources["dsp"] = resources.get("dsp", none) + control
        return Cost(
            latency_ns=interval_ns,
            latency_slope=-np.log(2) * interval_ns,
            resources={**resources, "bram18": none + self._blocks(layer, precision)},
            resource_slopes={"dsp": none, **slopes, "bram18": none},
            traffic_bytes=self._traffic_bytes(layer, precision),
        )

    def _of_lane(self, layer: LayerShape, precision: Precision) -> dict[str, float]:
        """Resources of a lane of all engines of the batch; comparing takes none that counts."""
        if not layer.weights:
            return {}
        packed = self._packed and can_pack(layer)
        of_lane = lane_cost(self.board, precision, packed=packed)
        return {name: self._batch * each for name, each in of_lane.items()}

    def _blocks(self, layer: LayerShape, precision: Precision) -> float:
        """Block RAMs that the content of the buffers fills; `PipelineStage` counts whole ones."""
        lines = layer.kernel[0] + layer.stride
        line_bits = layer.channels_in * layer.map_in[0] * lines * precision.activation_bits
        words = layer.weights if self._has_weights_on_chip else 2 * layer.fan_in
        weight_bits = words * precision.weight_bits if layer.weights else 0
        return (self._batch * line_bits + weight_bits) / BITS_OF_BLOCK

    def _traffic_bytes(self, layer: LayerShape, precision: Precision) -> float:
        """Bytes of weights for one input: all of them for each column, shared by a batch."""
        if self._has_weights_on_chip:
            return 0.0
        bits = layer.weights * precision.weight_bits * layer.map_out[1]
        return bits / _BITS_OF_BYTE / self._batch


class Stage(Protocol):
    """What a pipeline needs of a stage that is counted exactly."""

    @property
    def layer(self) -> LayerShape:
        """The layer that it computes."""

    @property
    def lanes(self) -> int:
        """Multiply-accumulates in a cycle."""

    @property
    def cycles(self) -> int:
        """Cycles for one input."""


@final
@dataclass(frozen=True)
class Pipeline:
    """Stages at work at once, at one clock, each taking `batch` inputs."""

    stages: tuple[Stage, ...]
    clock_mhz: float
    batch: int = 1

    @classmethod
    def of(cls, stages: Sequence[Stage], clock_mhz: float, *, batch: int = 1) -> Pipeline:
        """A pipeline of at least one stage. Raises `SearchError` for none."""
        if not stages:
            raise SearchError(
                "a pipeline without stages computes nothing", where="pipeline", fix="give stages"
            )
        return cls(tuple(stages), clock_mhz, batch)

    @property
    def cycles(self) -> int:
        """Cycles of the slowest stage."""
        return max(stage.cycles for stage in self.stages)

    @property
    def bottleneck(self) -> int:
        """The place of the first of the slowest stages."""
        return [stage.cycles for stage in self.stages].index(self.cycles)

    @property
    def fps(self) -> float:
        """Results a second: batch · f / slowest stage."""
        return self.batch * self.clock_mhz * _HZ_PER_MHZ / self.cycles

    @property
    def lanes(self) -> int:
        """Lanes of all stages that have weights."""
        return sum(stage.lanes for stage in self.stages if stage.layer.weights)

    @property
    def balance(self) -> float:
        """Share of busy lanes: ΣMAC / (lanes · slowest stage), 1 where all are balanced."""
        return sum(stage.layer.macs for stage in self.stages) / (self.lanes * self.cycles)
