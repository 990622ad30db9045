"""`templates_table`: latency and resources of each operation by its bits and lanes on a device."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from dlscope.core.errors import SearchError
from dlscope.core.report import Prose, Report, Section
from dlscope.core.table import Column, Table
from dlscope.devices.base import Cost, Device, Floats
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.precision import Precision
from dlscope.devices.whole_units import whole_units
from dlscope.methods.codesign.space.space import Block, Space
from dlscope.reporting.words import plural

EMITTERS: Mapping[str, str] = {
    "fpga_dataflow": "C++, streaming matrix-vector units",
    "fpga_pipelined": "C++, one stage for each layer",
    "fpga_recursive": "C++, one engine for each kind of layer",
}
"""What writes the source of a device's templates, by the name of the device."""

TEMPLATES = (
    Column("operation", "str", "operation of the space", role="id"),
    Column("precision", "str", "bits of weights and activations"),
    Column("lanes", "int", "multiply-accumulates in a cycle, of each of its layers", role="count"),
    Column("latency_ns", "float", "time per result of this operation alone", "ns", "value"),
    Column("dsp", "int", "DSPs, whole ones", role="count"),
    Column("lut", "int", "look-up tables", role="count"),
    Column("bram18", "int", "block RAMs of 18 Kibit, whole ones", role="count"),
    Column("example", "str", "layers that were costed: its first place in the space", priority=2),
    Column("emitter", "str", "what writes its source; absent where nothing does", priority=2),
)
_RESOURCES = ("dsp", "lut", "bram18")
_METHOD = (
    "A template is what a device says of the layers of an operation at some bits and lanes, and "
    "what writes its source. Any device that is installed as a plugin has its templates here. "
    "An operation occurs in several sizes; the one that is shown is the first of the space."
)


def templates_table(space: Space, device: Device) -> Table:
    """A row for each operation, precision and power of two of lanes that `space` lists.

    Raises `SearchError` for a device without lanes: what it costs was measured.
    """
    if not device.has_lanes:
        raise SearchError(
            f"device {device.name} has no lanes, and so no templates",
            where="templates",
            fix="use a board such as zcu102:pipelined",
        )
    return Table.of("templates", TEMPLATES, _rows(space, device))


def templates_report(space: Space, device: Device, *, name: str, command: str = "") -> Report:
    """The templates of a space on the device called `name`."""
    table = templates_table(space, device)
    emitter = EMITTERS.get(device.name)
    written = f"emitted as {emitter}" if emitter else "nothing writes their source"
    operations = len(set(table.column("operation")))
    return Report(
        title=f"Templates of {space.name} on {name}",
        answer=f"{plural(operations, 'operation')} in {plural(len(table), 'template')} on {name}; "
        f"{written}.",
        tables=(table,),
        sections=(Section("Templates", (table,)), Section("What they are", (Prose(_METHOD),))),
        command=command,
    )


def _rows(space: Space, device: Device) -> Iterator[dict[str, str | int | float | None]]:
    lanes_log2 = np.arange(space.lanes.least_log2, space.lanes.most_log2 + 1, dtype=np.float64)
    for name, block, index in _first_places(space):
        layers = block.layers(index)
        for precision in space.precisions:
            cost = _together(device, layers, precision, lanes_log2)
            for place, log2 in enumerate(lanes_log2.tolist()):
                yield {
                    "operation": name,
                    "precision": str(precision),
                    "lanes": round(2**log2),
                    "latency_ns": float(cost.latency_ns[place]),
                    **{key: _of(device, cost, key, place) for key in _RESOURCES},
                    "example": " + ".join(map(str, layers)),
                    "emitter": EMITTERS.get(device.name),
                }


def _first_places(space: Space) -> Iterator[tuple[str, Block, int]]:
    seen = set()
    for block in space.blocks:
        for index, operation in enumerate(block.operations):
            if operation.name not in seen and block.layers(index):
                seen.add(operation.name)
                yield operation.name, block, index


def _together(
    device: Device, layers: tuple[LayerShape, ...], precision: Precision, pf: Floats
) -> Cost:
    """Layers one after another, or at once where the device is a pipeline."""
    costs = [device.cost(layer, precision, pf) for layer in layers]
    latencies = np.stack([cost.latency_ns for cost in costs])
    is_pipeline = device.objective == "throughput"
    names = sorted({name for cost in costs for name in cost.resources})
    none = np.zeros(pf.shape)
    return Cost(
        latency_ns=latencies.max(axis=0) if is_pipeline else latencies.sum(axis=0),
        latency_slope=none,
        resources={
            name: np.sum([cost.resources.get(name, none) for cost in costs], axis=0)
            for name in names
        },
    )


def _of(device: Device, cost: Cost, name: str, place: int) -> int | None:
    """What is taken of a resource: 0 of one that the device has and this cost does not name."""
    if name in cost.resources:
        return whole_units(float(cost.resources[name][place]))
    return 0 if name in device.budget else None
