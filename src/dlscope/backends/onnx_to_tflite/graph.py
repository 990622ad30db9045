"""`Graph`: the tensors and operators of a TFLite file that is being made; `Value`: one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.backends.onnx_to_tflite.axes import (
    Axes,
    Shape,
    inverse,
    plain,
    size_of,
    stored,
)

ABSENT = -1
"""In place of the number of a tensor that an operator can do without."""


@dataclass(frozen=True)
class Tensor:
    """One tensor of the file, `shape` in its own order; a constant has its `array`."""

    shape: Shape
    dtype: str
    array: NDArray[Any] | None = None
    name: str = ""


@dataclass(frozen=True)
class Operator:
    """One operator of the file, by its name in the schema; `options` is a table of the schema."""

    kind: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor of `graph`: number `place` of its file, or the constant `array`."""

    graph: Graph
    shape: Shape
    dtype: str
    axes: Axes
    place: int = -1
    array: NDArray[Any] | None = None

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def is_plain(self) -> bool:
        """Whether the file has the axes in the order of ONNX."""
        return self.axes == plain(self.rank)


@final
class Graph:
    """Collects tensors and operators; equal constants are kept once.

    `inferred` has shapes by name, as far as ONNX itself can tell them.
    """

    def __init__(self, inferred: Mapping[str, Shape]) -> None:
        self.inferred = inferred
        self.tensors: list[Tensor] = []
        self.operators: list[Operator] = []
        self._constants: dict[tuple[str, tuple[int, ...], bytes], int] = {}
        self._moved: dict[tuple[int, Axes], int] = {}

    def input(self, name: str, shape: Shape, dtype: str) -> Value:
        """A new tensor that is fed."""
        place = self._tensor(Tensor(shape, dtype, name=name))
        return Value(self, shape, dtype, plain(len(shape)), place)

    def constant(self, array: NDArray[Any]) -> Value:
        """A tensor that is known; it comes into the file when an operator takes it."""
        return Value(self, array.shape, array.dtype.name, plain(array.ndim), array=array)

    def place(self, value: Value, axes: Axes | None = None) -> int:
        """The number of `value` in the file, its axes in the order `axes`; as in ONNX if None."""
        wanted = plain(value.rank) if axes is None else axes
        if value.array is not None:
            return self.weight(np.transpose(value.array, wanted))
        if value.axes == wanted:
            return value.place
        # Looked at in another way, one tensor of the file has other names for its axes.
        key = value.place, tuple(inverse(value.axes)[axis] for axis in wanted)
        if key not in self._moved:
            self._moved[key] = self._move(value, wanted)
        return self._moved[key]

    def plainly(self, value: Value) -> Value:
        """`value` with its axes in the order of ONNX."""
        return self.ordered(value, plain(value.rank))

    def ordered(self, value: Value, axes: Axes) -> Value:
        """`value` with its axes in the order `axes`."""
        if value.array is not None or value.axes == axes:
            return value
        return Value(self, value.shape, value.dtype, axes, self.place(value, axes))

    def weight(self, array: NDArray[Any]) -> int:
        """The number of a constant tensor, its axes in the order of the file."""
        whole = np.ascontiguousarray(array)
        # A scalar would come out of it with one axis.
        whole = whole.reshape(array.shape)
        key = whole.dtype.name, whole.shape, whole.tobytes()
        if key not in self._constants:
            self._constants[key] = self._tensor(Tensor(whole.shape, whole.dtype.name, whole))
        return self._constants[key]

    def numbers(self, numbers: Sequence[int]) -> int:
        """The number of a constant tensor of int32, as operators take sizes and axes."""
        return self.weight(np.array(numbers, np.int32))

    def add(
        self,
        kind: str,
        inputs: Sequence[int],
        shape: Shape,
        dtype: str,
        axes: Axes | None = None,
        options: str = "",
        **fields: Any,
    ) -> Value:
        """What a new operator makes: `shape` in the order of ONNX, stored in the order `axes`."""
        order = plain(len(shape)) if axes is None else axes
        place = self._tensor(Tensor(stored(shape, order), dtype))
        self.operators.append(Operator(kind, tuple(inputs), (place,), options, fields))
        return Value(self, shape, dtype, order, place)

    def keep_only(self, outputs: Sequence[int]) -> None:
        """Leave out every operator that no output depends on."""
        needed, kept = set(outputs), []
        for operator in reversed(self.operators):
            if needed.intersection(operator.outputs):
                needed.update(operator.inputs)
                kept.append(operator)
        self.operators = kept[::-1]

    def _tensor(self, tensor: Tensor) -> int:
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def _move(self, value: Value, axes: Axes) -> int:
        sizes = stored(value.shape, axes)
        if _in_the_same_order(value, axes) and sizes.count(None) <= 1:
            target = self.numbers([-1 if size is None else size for size in sizes])
            made = self.add(
                "RESHAPE", [value.place, target], value.shape, value.dtype, axes, "ReshapeOptions"
            )
        else:
            order = self.numbers([inverse(value.axes)[axis] for axis in axes])
            made = self.add(
                "TRANSPOSE", [value.place, order], value.shape, value.dtype, axes,
                "TransposeOptions",
            )  # fmt: skip
        return made.place


def _in_the_same_order(value: Value, axes: Axes) -> bool:
    """Whether only axes of size 1 change places, so that every element stays where it is."""
    if size_of(value.shape) == 0:
        return False
    wide = {axis for axis, size in enumerate(value.shape) if size != 1}
    return [axis for axis in value.axes if axis in wide] == [axis for axis in axes if axis in wide]
