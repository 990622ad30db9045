"""`stages_table` and `resources_table`: a design as it is implemented, layer by layer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dlscope.core.table import Cell, Table
from dlscope.devices.base import Device, Floats
from dlscope.devices.whole_units import whole_units
from dlscope.methods.codesign.implementing.implementer import ImplementedDesign
from dlscope.methods.codesign.space.space import Space
from dlscope.methods.codesign.tables import Record, search_table

_NS_PER_CYCLE_MHZ = 1e3
_STEM, _HEAD = "stem", "head"


def stages_table(
    space: Space, implemented: ImplementedDesign, *, clock_mhz: float | None = None
) -> Table:
    """A row for each layer with its bits, lanes and time; cycles where the device has a clock.

    Without rows for a device that costs whole operations.
    """
    return search_table("stages", _stages(space, implemented, clock_mhz))


def resources_table(device: Device, resources: Mapping[str, float | Floats]) -> Table:
    """What is taken of each resource that the device limits, in whole units.

    A budget is rounded up as well, so that what fits into it is told to fit.
    """
    return search_table(
        "resources",
        (
            _resource(name, whole_units(float(used)), whole_units(device.budget[name]))
            for name, used in sorted(resources.items())
            if device.budget.get(name)
        ),
    )


def _resource(name: str, used: int, available: int) -> Record:
    return {"resource": name, "used": used, "available": available, "share": used / available}


def weight_bytes(space: Space, implemented: ImplementedDesign) -> float:
    """Bytes that all weights take at their bits, those of biases left out."""
    layers = implemented.design.layers(space)
    return sum(layer.weights * precision.weight_bits for layer, precision in layers) / 8


def _stages(
    space: Space, implemented: ImplementedDesign, clock_mhz: float | None
) -> Iterator[Record]:
    if not implemented.layers:
        return
    slowest = max(float(cost.latency_ns) for cost in implemented.layers)
    blocks = implemented.blocks
    has_begun = False
    for place, (choice, cost, block) in enumerate(
        zip(implemented.choices, implemented.layers, blocks, strict=True)
    ):
        has_begun = has_begun or block is not None
        latency_ns = float(cost.latency_ns)
        record: dict[str, Cell] = {
            "stage": place + 1,
            "block": _block(space, block, has_begun=has_begun),
            "operation": _operation(space, implemented, block) or choice.layer.kind,
            "layer": str(choice.layer),
            "weight_bits": choice.precision.weight_bits,
            "activation_bits": choice.precision.activation_bits,
            "lanes": round(2**choice.pf),
            "dsp": whole_units(float(cost.resources["dsp"])) if "dsp" in cost.resources else None,
            "latency_ns": latency_ns,
            "busy_share": latency_ns / slowest,
            "is_bottleneck": place == implemented.bottleneck,
        }
        if clock_mhz is not None:
            record["cycles"] = round(latency_ns * clock_mhz / _NS_PER_CYCLE_MHZ)
        yield record


def _block(space: Space, block: int | None, *, has_begun: bool) -> str:
    if block is not None:
        return space.blocks[block].name
    return _HEAD if has_begun else _STEM


def _operation(space: Space, implemented: ImplementedDesign, block: int | None) -> str:
    if block is None:
        return ""
    return space.blocks[block].operations[implemented.design.operations[block]].name
