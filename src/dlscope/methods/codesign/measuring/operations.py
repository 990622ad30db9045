"""`TimedOperation`: what of a space is timed by itself, and a design in which it occurs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import final

from dlscope.core.errors import SearchError
from dlscope.devices.layer_shape import LayerShape
from dlscope.devices.measured import operation_key
from dlscope.devices.precision import Precision
from dlscope.methods.codesign.measuring.fragments import HEAD, STEM
from dlscope.methods.codesign.space.design import Design
from dlscope.methods.codesign.space.space import Space

DTYPES = {Precision(32, 32): "float32", Precision(8, 8): "int8"}
"""The precisions that ONNX Runtime computes in on a processor, and how rows call them."""


@final
@dataclass(frozen=True)
class TimedOperation:
    """Layers that run as one, at one precision.

    `design` is one that has them, at its `part`: `stem`, the name of a block, or `head`.
    """

    layers: tuple[LayerShape, ...]
    precision: Precision
    design: Design
    part: str

    @property
    def key(self) -> tuple[str, Precision]:
        """What a measured table knows it by."""
        return operation_key(self.layers), self.precision


def timed_operations(space: Space) -> list[TimedOperation]:
    """Every different operation of `space` at every precision that can be timed, each once."""
    found: dict[tuple[str, Precision], TimedOperation] = {}
    for place, precision in enumerate(space.precisions):
        if precision not in DTYPES:
            continue
        for design in _covering(space, place):
            for part, layers in parts_of(space, design):
                operation = TimedOperation(tuple(layers), precision, design, part)
                if layers:
                    found.setdefault(operation.key, operation)
    return list(found.values())


def parts_of(space: Space, design: Design) -> Iterator[tuple[str, Sequence[LayerShape]]]:
    """Stem, blocks and head of a design with their layers, none where a block is skipped."""
    yield STEM, space.stem_layers
    for block, index in zip(space.blocks, design.operations, strict=True):
        yield block.name, block.layers(index)
    yield HEAD, space.head_layers


def timed_precisions(space: Space) -> tuple[int, ...]:
    """Places of the precisions of `space` that can be timed. Raises `SearchError` for none."""
    places = tuple(i for i, each in enumerate(space.precisions) if each in DTYPES)
    if not places:
        listed = ", ".join(map(str, space.precisions))
        raise SearchError(
            f"no precision is one that can be timed on a processor: {listed}",
            where=f"space {space.name}, quant",
            fix="list 8 (integers) or 32 (float32) among its bits",
        )
    return places


def _covering(space: Space, precision: int) -> Iterator[Design]:
    """Designs that have every operation of every block at least once."""
    most = max(len(block.operations) for block in space.blocks)
    bits = (precision,) * len(space.blocks)
    for index in range(most):
        chosen = tuple(min(index, len(block.operations) - 1) for block in space.blocks)
        yield Design(space.digest, chosen, bits)
