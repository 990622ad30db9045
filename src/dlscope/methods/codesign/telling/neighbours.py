"""`neighbours`: designs that differ in one block; `other_boards`: a design on other boards."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from dlscope.core.errors import SearchError
from dlscope.devices.base import Device
from dlscope.methods.codesign.estimate import LossEstimate
from dlscope.methods.codesign.implementing.implementer import ImplementedDesign, Implementer
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space
from dlscope.methods.codesign.telling.implementation_tables import weight_bytes
from dlscope.methods.codesign.telling.reached import Alternative, Reached


def neighbours(
    implementer: Implementer, design: Design, estimate: LossEstimate | None = None
) -> Iterator[Alternative]:
    """Every design that has another operation or other bits in one block, and fits the device.

    Where the network has one precision, all blocks change their bits together. Without an
    `estimate`, how much of the work is kept stands for how good they are.
    """
    space = implementer.space
    several = list(_changed(space, design))
    times = implementer.times_ns([each for _, each in several]) if several else np.zeros(0)
    whole = _work(space, design)
    for (change, each), time_ns in zip(several, times.tolist(), strict=True):
        if np.isfinite(time_ns):
            loss = None if estimate is None else estimate.loss(each)
            kept = _work(space, each) / whole if estimate is None else None
            yield Alternative(change, _reached(space, implementer.implement(each), loss, kept))


def other_boards(
    space: Space, design: Design, devices: Mapping[str, Device]
) -> Iterator[Alternative]:
    """The same design on each of `devices`, by name, that it fits, the smallest first."""
    for name, device in sorted(devices.items(), key=lambda each: each[1].budget.get("dsp", 0.0)):
        try:
            found = Implementer(space, device).implement(design)
        except SearchError:
            continue
        yield Alternative(f"take the device {name}", _reached(space, found, None, 1.0))


def _reached(
    space: Space, found: ImplementedDesign, loss: float | None, kept_work: float | None
) -> Reached:
    return Reached(
        interval_ns=found.interval_ns,
        latency_ns=found.latency_ns,
        loss=loss,
        kept_work=kept_work,
        energy_j=found.energy_j,
        weight_bytes=weight_bytes(space, found),
        input=space.input,
    )


def _work(space: Space, design: Design) -> float:
    """Multiply-accumulates weighted by their bits: what a design could make use of."""
    return float(sum(layer.macs * bits.lane_bits for layer, bits in design.layers(space)))


def _changed(space: Space, design: Design) -> Iterator[tuple[str, Design]]:
    for block in space.blocks:
        place = block.place
        old = block.operations[design.operations[place]].name
        for index, operation in enumerate(block.operations):
            if index != design.operations[place]:
                operations = _with(design.operations, place, index)
                change = f"{block.name}: {operation.name} instead of {old}"
                yield change, Design(design.space_digest, operations, design.precisions)
    yield from _other_bits(space, design)


def _other_bits(space: Space, design: Design) -> Iterator[tuple[str, Design]]:
    digest, operations = design.space_digest, design.operations
    for index, precision in enumerate(space.precisions):
        if space.precision_scope == "network":
            if index != design.precisions[0]:
                bits = (index,) * len(design.precisions)
                yield f"all blocks at {precision}", Design(digest, operations, bits)
            continue
        for block in space.blocks:
            if index != design.precisions[block.place]:
                bits = _with(design.precisions, block.place, index)
                yield f"{block.name} at {precision}", Design(digest, operations, bits)


def _with(values: tuple[int, ...], place: int, value: int) -> tuple[int, ...]:
    return (*values[:place], value, *values[place + 1 :])
