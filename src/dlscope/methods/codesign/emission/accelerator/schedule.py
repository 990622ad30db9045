"""The schedule of a recursive accelerator: which engine runs which layer, and where its data lies.

Letters: T_c and T_k channels of input and of output that an engine takes in a cycle.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np

from dlscope.devices.engine_tiling import Tile
from dlscope.devices.layer_shape import Kind, LayerShape
from dlscope.methods.codesign.emission.grid import Integers
from dlscope.methods.codesign.emission.integer_network import IntegerLayer

NOTHING = -1
_KINDS: tuple[Kind, ...] = ("conv", "depthwise", "dense", "pool")


@final
@dataclass(frozen=True)
class Engine:
    """The engine of one kind of layer: T_c × T_k lanes, sums of `bits` bits.

    One for depthwise layers or pools takes as many channels as it gives.
    """

    kind: Kind
    lanes_in: int
    lanes_out: int
    bits: int
    weight_bits: int

    @property
    def told(self) -> str:
        """What it is, in one line."""
        lanes = f"{self.lanes_in} x {self.lanes_out} lanes"
        return f"Every {self.kind} layer: {lanes}, sums of {self.bits} bit."

    def cycles(self, shape: LayerShape) -> int:
        """Cycles of a layer: H_out · W_out · k² · ⌈C_in / T_c⌉ · ⌈C_out / T_k⌉.

        Where each output has one channel of input, ⌈C_in / T_c⌉ is 1. That is W / (p · u) with u
        the share of busy lanes.
        """
        window = shape.kernel[0] * shape.kernel[1]
        inputs = 1 if self.takes_channels else -(-shape.channels_in // self.lanes_in)
        outputs = -(-shape.channels_out // self.lanes_out)
        return shape.map_out[0] * shape.map_out[1] * window * inputs * outputs

    @property
    def takes_channels(self) -> bool:
        """Whether each output has one channel of input."""
        return self.kind in ("depthwise", "pool")


@final
@dataclass(frozen=True, eq=False)
class Step:
    """One call of an engine: numbers of its entry in the schedule, and what it multiplies for."""

    name: str
    layer: IntegerLayer
    shape: LayerShape
    engine: Engine
    fields: tuple[int, ...]

    @property
    def cycles(self) -> int:
        """Cycles that the engine multiplies for."""
        return self.engine.cycles(self.shape)

    @property
    def told(self) -> str:
        """What it is, in one line."""
        return f"{self.name}: {self.shape}, {self.layer.precision}; {self.cycles} cycles"


def engines_of(
    found: Sequence[tuple[IntegerLayer, LayerShape]], lanes: Sequence[int]
) -> dict[Kind, Engine]:
    """An engine for each kind among layers `found`, as wide as the widest of its `lanes`."""
    engines: dict[Kind, Engine] = {}
    for kind in _KINDS:
        own = [
            (layer, count)
            for (layer, shape), count in zip(found, lanes, strict=True)
            if shape.kind == kind
        ]
        if own:
            engines[kind] = _engine(kind, [each for each, _ in own], max(count for _, count in own))
    return engines


def _engine(kind: Kind, layers: Sequence[IntegerLayer], lanes: int) -> Engine:
    power = 1 << (lanes.bit_length() - 1)
    tile = Tile(1, power) if kind in ("depthwise", "pool") else Tile.of(power)
    bits = [layer.accumulator_bits for layer in layers]
    if kind == "pool":
        bits = [layer.average.bits for layer in layers if layer.average is not None]
    return Engine(
        kind=kind,
        lanes_in=tile.channels_in,
        lanes_out=tile.channels_out,
        bits=max(bits),
        weight_bits=max(layer.precision.weight_bits for layer in layers),
    )


def packed(engine: Engine, layer: IntegerLayer) -> Integers:
    """Weights of `layer` as words of lanes, in the order of the loops, lanes without any 0."""
    outputs, inputs, height, width = layer.weights.shape
    over = -outputs % engine.lanes_out, -inputs % engine.lanes_in
    full = np.pad(layer.weights, ((0, over[0]), (0, over[1]), (0, 0), (0, 0)))
    tiled = full.reshape(
        (outputs + over[0]) // engine.lanes_out,
        engine.lanes_out,
        (inputs + over[1]) // engine.lanes_in,
        engine.lanes_in,
        height,
        width,
    )
    return tiled.transpose(0, 4, 5, 2, 1, 3).reshape(-1, engine.lanes_out * engine.lanes_in)


def placed(sizes: Sequence[int], last_use: Sequence[int]) -> tuple[tuple[int, ...], int]:
    """Where tensors lie in one memory, each at the first gap that is wide enough, and its size.

    Tensor t comes to be at time t and is read for the last time at `last_use[t]`.

    >>> placed([4, 2, 4], [1, 2, 3])
    ((0, 4, 0), 6)
    """
    starts: list[int] = []
    for time, size in enumerate(sizes):
        taken = sorted(
            (starts[other], starts[other] + sizes[other])
            for other in range(time)
            if last_use[other] >= time
        )
        starts.append(_first_gap(taken, size))
    ends = (start + size for start, size in zip(starts, sizes, strict=True))
    return tuple(starts), max(ends)


def _first_gap(taken: Sequence[tuple[int, int]], size: int) -> int:
    start = 0
    for begin, end in taken:
        if begin - start >= size:
            break
        start = max(start, end)
    return start


def step_fields(
    engine_index: int, layer: IntegerLayer, shape: LayerShape, places: Sequence[int]
) -> Iterator[int]:
    """Numbers of an entry of the schedule, in the order its C++ structure declares them.

    `places` are where it reads, gives, finds what it adds, and where weights and channels begin.
    """
    yield engine_index
    yield from (shape.channels_in, shape.channels_out, *shape.map_in, *shape.map_out)
    yield from (*shape.kernel, shape.stride, *layer.padding)
    yield from places
    is_pool = shape.kind == "pool"
    yield int(layer.average is not None and not is_pool)
    yield int(layer.gives is None)
    yield from (layer.least, layer.most)
