"""`PipelineStage`: one layer of a pipelined FPGA, counted exactly in cycles and blocks.

CPF and KPF are the channels of input and of output that the stage takes in a cycle.
Equations: the open-source DNNBuilder tool chain (AccDNN); stage cycles are
H_out · W_out · k² · C_in · C_out / (CPF · KPF).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

from dlscope.core.errors import SearchError
from dlscope.core.manifest import BoardManifest
from dlscope.devices.block_ram import block_ram18
from dlscope.devices.lane_cost import lane_cost
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision

CONTROL_DSP, CONTROL_DSP_WITHOUT_WEIGHTS = 6, 2
_HALVES = 2  # one half of a buffer is filled while the other is read
_FLATTEST, _STEP = 2, 2


@final
@dataclass(frozen=True)
class PipelineStage:
    """A layer at `cpf` × `kpf` lanes; a depthwise layer and a pool take `kpf` = 1 or `cpf` = 1.

    Raises `SearchError` where they are no powers of two that divide the channels.
    """

    layer: LayerShape
    precision: Precision
    cpf: int
    kpf: int

    def __post_init__(self) -> None:
        limits = lane_limits(self.layer)
        for name, factor, limit in zip(("CPF", "KPF"), (self.cpf, self.kpf), limits, strict=True):
            if factor < 1 or factor & (factor - 1) or limit % factor:
                raise SearchError(
                    f"{name} {factor} is no power of two that divides {limit} channels",
                    where=str(self.layer),
                    fix=f"use a power of two up to {limit & -limit}",
                )

    @property
    def lanes(self) -> int:
        """CPF · KPF."""
        return self.cpf * self.kpf

    @property
    def cycles(self) -> int:
        """Cycles for one input; exact, since the factors divide the channels."""
        return self.layer.work // self.lanes

    def dsp(self, board: BoardManifest, *, batch: int = 1, has_folded_norm: bool = True) -> int:
        """DSPs of the lanes of `batch` engines and of the control.

        Batch normalisation that is not folded takes KPF more. Two narrow products share a DSP
        where the board can and the channels of output are even; lanes without a DSP take LUTs.
        """
        if not self.layer.weights:
            return CONTROL_DSP_WITHOUT_WEIGHTS
        lanes = batch * (self.lanes + (0 if has_folded_norm else self.kpf))
        of_lane = lane_cost(board, self.precision, packed=can_pack(self.layer))
        return math.ceil(lanes * of_lane.get("dsp", 0.0)) + CONTROL_DSP

    def weight_block_ram18(self, *, is_streamed: bool) -> int:
        """Blocks of the weight buffer, CPF · KPF · b_w bits wide.

        All weights of the layer where they stay on chip; streamed, two halves of those that make
        KPF channels of output.
        """
        if not self.layer.weights:
            return 0
        words = self.layer.weights // self.lanes
        depth = _HALVES * self.layer.fan_in // self.cpf if is_streamed else words
        return block_ram18(self.lanes * self.precision.weight_bits, max(depth, 1))

    def line_block_ram18(self) -> int:
        """Blocks of the line buffer: k + s lines of the input, CPF channels wide."""
        lines = self.layer.kernel[0] + self.layer.stride
        depth = self.layer.channels_in * self.layer.map_in[0] * lines // self.cpf
        return block_ram18(self.cpf * self.precision.activation_bits, depth)

    def weight_bits_per_cycle(self) -> float:
        """Bits of weights from external memory in a cycle: CPF · KPF · b_w / H_out.

        Streamed weights are read once for each column of the output.
        """
        if not self.layer.weights:
            return 0.0
        return self.lanes * self.precision.weight_bits / self.layer.map_out[0]


def lane_limits(layer: LayerShape) -> tuple[int, int]:
    """Most channels of input and of output at once; of a layer by channel only one of the two."""
    if layer.kind == "depthwise":
        return layer.channels_in, 1
    if layer.kind == "pool":
        return 1, layer.channels_out
    return layer.channels_in // layer.groups, layer.channels_out


def can_pack(layer: LayerShape) -> bool:
    """Whether two products may share a DSP: they share an activation, so outputs come in pairs."""
    return layer.channels_out % 2 == 0


def split_lanes(layer: LayerShape, lanes: float) -> tuple[int, int]:
    """CPF and KPF for about `lanes` lanes.

    The nearest power of two; as much CPF as there is, the rest KPF; then CPF is halved and KPF
    doubled until CPF / KPF ≤ 2 or KPF is at its most. Raises `SearchError` below one lane.

    >>> split_lanes(LayerShape.conv(64, 64, 56, 3), 256)
    (16, 16)
    """
    target = _nearest_power(lanes, layer)
    most_in, most_out = (limit & -limit for limit in lane_limits(layer))
    cpf = min(target, most_in)
    kpf = min(target // cpf, most_out)
    while cpf > _FLATTEST * kpf and kpf < most_out:
        cpf, kpf = cpf // _STEP, kpf * _STEP
    return cpf, kpf


def _nearest_power(lanes: float, layer: LayerShape) -> int:
    if lanes < 1:
        raise SearchError(
            f"{lanes:g} lanes are less than one", where=str(layer), fix="use at least one lane"
        )
    below = 1 << (int(lanes).bit_length() - 1)
    return below if lanes - below <= _STEP * below - lanes else _STEP * below


def residual_fifo_bits(
    block: Sequence[LayerShape], precision: Precision, *, delay_positions: int = 1
) -> int:
    """Bits that wait beside the stages of a block until its input is added to its output.

    (k // 2) · W_in · C_in · b_a for the widest kernel, and the input of `delay_positions` more,
    which the last stage is behind.
    """
    first = block[0]
    lines = max(layer.kernel[0] for layer in block) // 2
    waiting = lines * first.map_in[1] + delay_positions
    return waiting * first.channels_in * precision.activation_bits


def most_lanes(layer: LayerShape) -> int:
    """The largest number of lanes whose factors are powers of two that divide the channels."""
    most_in, most_out = (limit & -limit for limit in lane_limits(layer))
    return most_in * most_out
