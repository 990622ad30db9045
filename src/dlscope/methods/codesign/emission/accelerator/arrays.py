"""`ConstantArray`: weights and what belongs to channels, in the order that lanes take them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np

from dlscope.methods.codesign.emission.accelerator.stage import Stage
from dlscope.methods.codesign.emission.grid import Integers, signed_bits


@final
@dataclass(frozen=True, eq=False)
class ConstantArray:
    """Whole numbers of `bits` bits that the accelerator is built with."""

    name: str
    array: Integers
    bits: int

    @classmethod
    def of(cls, name: str, array: Integers) -> ConstantArray:
        """An array of just the bits that it needs."""
        return cls(name, array, signed_bits(int(np.abs(array).max())))

    @property
    def extents(self) -> str:
        """Its sizes, as C++ declares them."""
        return "".join(f"[{size}]" for size in self.array.shape)

    @property
    def values(self) -> str:
        """Its numbers, as C++ lists them."""
        return _listed(self.array)


def arrays_of(stage: Stage) -> Iterator[ConstantArray]:
    """All constants of a stage; those that its template does not ask for are left out."""
    layer, name = stage.layer, stage.id
    if stage.kind != "pool":
        packed = packed_weights(stage)
        yield ConstantArray(f"{name}_weights", packed, layer.precision.weight_bits)
        yield ConstantArray.of(f"{name}_bias", layer.bias)
        if stage.has_sum_shifts:
            yield ConstantArray.of(f"{name}_sum_shifts", layer.sum_shifts)
        if stage.residual_type:
            yield ConstantArray.of(f"{name}_residual_shifts", layer.residual_shifts)
    if stage.is_averaged and layer.average is not None:
        yield ConstantArray.of(f"{name}_floor", layer.average.floor)
        yield ConstantArray.of(f"{name}_ceiling", layer.average.ceiling)
    elif not stage.is_answer:
        yield ConstantArray.of(f"{name}_shifts", layer.shifts)


def packed_weights(stage: Stage) -> Integers:
    """Weights as words of lanes, in the order of the loops: [words, lanes]."""
    weights, simd, lanes = stage.layer.weights, stage.simd, stage.lanes_out
    outputs, inputs, height, width = weights.shape
    if stage.kind == "conv":
        tiled = weights.reshape(outputs // lanes, lanes, inputs // simd, simd, height, width)
        return tiled.transpose(0, 4, 5, 2, 1, 3).reshape(-1, lanes * simd)
    if stage.kind == "depthwise":
        tiled = weights.reshape(outputs // lanes, lanes, height, width)
        return tiled.transpose(0, 2, 3, 1).reshape(-1, lanes)
    windows = weights.transpose(0, 2, 3, 1).reshape(outputs // lanes, lanes, -1, simd)
    return windows.transpose(0, 2, 1, 3).reshape(-1, lanes * simd)


def _listed(array: Integers) -> str:
    if array.ndim == 1:
        return "{" + ", ".join(map(str, array.tolist())) + "}"
    return "{\n" + ",\n".join(f"    {_listed(row)}" for row in array) + "}"
