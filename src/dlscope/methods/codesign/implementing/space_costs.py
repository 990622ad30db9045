"""`SpaceCosts`: what every layer of every operation of a space costs on a device.

Letters: N blocks and one more for stem and head together, M operations of a block, Q precisions,
S layers of an operation, R resources, B designs, L layers of a design.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, final

import numpy as np

from dlscope.core.errors import SearchError
from dlscope.devices import fpga_dataflow, pipeline_stage
from dlscope.devices.base import NS_PER_S, Device, Floats, Objective
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.measured import MeasuredDevice
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.implementing.layer_arrays import (
    LayerArrays,
    Place,
    PlacedLayer,
)
from dlscope.methods.codesign.implementing.layer_costs import LayerCosts
from dlscope.methods.codesign.space.choices import Choices
from dlscope.methods.codesign.space.space import Space

_KINDS = ("conv", "depthwise", "dense", "pool")
_BITS_OF_BYTE = 8


@final
@dataclass(frozen=True)
class SpaceCosts:
    """Layers are [N + 1, M, Q, S], the time that memory takes for each operation [N + 1, M, Q].

    The last block is stem and head, whose only operation is the first. `budget` is [R], infinite
    where nothing is limited.
    """

    layers: LayerArrays
    memory_ns: Floats
    resources: tuple[str, ...]
    budget: Floats
    objective: Objective
    shares_engines: bool = False

    @classmethod
    def of(cls, space: Space, device: Device) -> Self:
        """Those of `space` on `device`, with the lanes that both allow.

        Raises `SearchError` where the costs of the device have another form or the space gives
        each block bits of its own and the device has one precision for all; `MeasurementError`
        naming all operations of a measured device that were not measured.
        """
        _require_scope(space, device)
        if isinstance(device, MeasuredDevice):
            read = _measured(space, device)
        else:
            read = _predicted(space, device)
        layers: dict[Place, PlacedLayer] = {}
        memory_ns = np.zeros((len(space.blocks) + 1, _widest(space), len(space.precisions)))
        for i, m, q, shapes, precision in _operations(space):
            placed = read(shapes, precision)
            layers |= {(i, m, q, s): layer for s, layer in enumerate(placed)}
            traffic = sum(layer.costs.traffic_bytes for layer in placed)
            memory_ns[i, m, q] = traffic / device.bytes_per_s * NS_PER_S
        memory_ns[-1, 0] += [_ends_ns(space, device, q) for q in range(len(space.precisions))]
        return cls.build(
            layers,
            memory_ns,
            budget=device.budget,
            objective=device.objective,
            shares_engines=device.shares_engines,
        )

    @classmethod
    def build(
        cls,
        layers: Mapping[Place, PlacedLayer],
        memory_ns: Floats,
        *,
        budget: Mapping[str, float],
        objective: Objective,
        shares_engines: bool = False,
    ) -> Self:
        """Those of layers at the places (block, operation, precision, layer)."""
        parts = [part for each in layers.values() for part in _resources(each)]
        names = tuple(sorted({name for part in parts for name in part}))
        deepest = 1 + max((place[-1] for place in layers), default=0)
        return cls(
            layers=LayerArrays.of(layers, (*memory_ns.shape, deepest), names),
            memory_ns=memory_ns,
            resources=names,
            budget=np.array([budget.get(name, np.inf) for name in names]),
            objective=objective,
            shares_engines=shares_engines,
        )

    @property
    def engines(self) -> int:
        """How many engines there can be at most."""
        return int(self.layers.engine.max()) + 1

    def gathered(self, choices: Choices) -> tuple[LayerArrays, Floats]:
        """Layers [B, L] of designs, and the time that memory takes, [B].

        The order of the layers is that of the blocks, stem and head coming last.
        """
        ends = np.zeros((len(choices.operations), 1), dtype=np.int64)
        m = np.concatenate([choices.operations, ends], axis=1)
        q = np.concatenate([choices.precisions, choices.precisions[:, :1]], axis=1)
        i = np.arange(m.shape[1])[None, :]
        return self.layers.at(i, m, q), np.asarray(self.memory_ns[i, m, q].sum(axis=1))


def _require_scope(space: Space, device: Device) -> None:
    has_one = space.precision_scope == "network" or len(space.precisions) == 1
    if device.precision_scope == "network" and not has_one:
        raise SearchError(
            f"device {device.name} runs a network at one precision, the space has one for each "
            f"{'operation' if space.precision_scope == 'op' else 'block'}",
            where=f"space {space.name}, quant_scope",
            fix="use quant_scope: network",
        )


def _operations(
    space: Space,
) -> Iterator[tuple[int, int, int, Sequence[LayerShape], Precision]]:
    """Block, operation, precision as indices, and what they are; stem and head come last."""
    for q, precision in enumerate(space.precisions):
        for block in space.blocks:
            for m in range(len(block.operations)):
                yield block.place, m, q, block.layers(m), precision
        ends = (*space.stem_layers, *space.head_layers)
        yield len(space.blocks), 0, q, ends, space.ends_precision(q)


Read = Callable[[Sequence[LayerShape], Precision], Sequence[PlacedLayer]]


def _predicted(space: Space, device: Device) -> Read:
    """Reads the layers of an operation off a hardware model, each of them once."""
    most_log2 = space.lanes.most_log2 if device.has_lanes else 0
    known: dict[tuple[LayerShape, Precision], PlacedLayer] = {}

    def placed(layer: LayerShape, precision: Precision) -> PlacedLayer:
        if (layer, precision) not in known:
            costs = LayerCosts.of(device, layer, precision)
            engine = _KINDS.index(layer.kind)
            limit = min(most_log2, most_lanes(device, layer).bit_length() - 1)
            known[layer, precision] = PlacedLayer(costs, engine, limit)
        return known[layer, precision]

    return lambda shapes, precision: [placed(layer, precision) for layer in shapes]


def _measured(space: Space, device: MeasuredDevice) -> Read:
    """Reads an operation off a table as one layer, and stem and head as two; a line calibrates.

    Raises `MeasurementError` naming all that were not measured.
    """
    ends = (*space.stem_layers, *space.head_layers)
    groups = {ends: (space.stem_layers, space.head_layers)}
    device.table.require(
        (group, precision)
        for _, _, _, shapes, precision in _operations(space)
        for group in groups.get(tuple(shapes), (shapes,))
        if group
    )

    def read(shapes: Sequence[LayerShape], precision: Precision) -> Sequence[PlacedLayer]:
        line = device.calibrations.get(precision)
        fixed_ns, factor = (line.fixed_ns, line.factor) if line else (0.0, 1.0)
        placed = []
        for place, group in enumerate(groups.get(tuple(shapes), (shapes,) if shapes else ())):
            is_first = tuple(shapes) == ends and place == 0
            median_ns = device.table.row(group, precision).median_ns
            added_ns = factor * median_ns + (fixed_ns if is_first else 0.0)
            placed.append(PlacedLayer(LayerCosts(0.0, added_ns)))
        return placed

    return read


def most_lanes(device: Device, layer: LayerShape) -> int:
    """The largest power of two of lanes that a layer can have on `device`.

    Stages of a pipeline take lanes that divide their channels; an engine that layers share takes
    any number.
    """
    if device.name == "fpga_pipelined":
        return pipeline_stage.most_lanes(layer)
    if device.name == "fpga_dataflow":
        return fpga_dataflow.most_lanes(layer)
    return 1 << 62


def _ends_ns(space: Space, device: Device, q: int) -> float:
    """Time that memory takes for what comes in and goes out of a pipeline."""
    if device.objective == "latency":
        return 0.0
    elements = space.stem_layers[0].inputs + space.head_layers[-1].outputs
    bits = elements * space.ends_precision(q).activation_bits
    return bits / _BITS_OF_BYTE / device.bytes_per_s * NS_PER_S


def _widest(space: Space) -> int:
    return max(len(block.operations) for block in space.blocks)


def _resources(layer: PlacedLayer) -> tuple[Mapping[str, float], Mapping[str, float]]:
    return layer.costs.lane_costs, layer.costs.fixed
