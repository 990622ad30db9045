"""`Graph`: a network as layers and tensors with known types and shapes, never changed again."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeAlias, final

from numpy.typing import NDArray

Kind: TypeAlias = Literal["input", "const", "activation"]
Attribute: TypeAlias = Any
"""int, float, str, a tuple of one of these, an array, or an ONNX graph (the body of a loop)."""


@final
@dataclass(frozen=True, eq=False)
class Tensor:
    """A value of a graph. There is one object for each name, so that identity is equality.

    `dtype` is NumPy's name of it, or ONNX's for what NumPy lacks (`bfloat16`, `int4`, `string`).
    `value` is what a `const` holds, read-only and perhaps not in memory; `sample` is what an
    integer activation held when the graph had to be run once to learn its shapes.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    kind: Kind
    value: NDArray[Any] | None = field(default=None, repr=False)
    sample: NDArray[Any] | None = field(default=None, repr=False)

    @property
    def elements(self) -> int:
        """How many elements there are; 1 for a tensor without axes."""
        return math.prod(self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes of all elements, packed; 0 for strings, whose length is not part of the type."""
        return -(-self.elements * dtype_bits(self.dtype) // 8)


@final
@dataclass(frozen=True, eq=False)
class Layer:
    """One operator applied to tensors.

    `id` is its place in the graph. `domain` is empty for ONNX's own operators and `opset` the
    version of that domain. `attributes` are canonical: defaults are filled in, padding is
    explicit, strings are text. `inputs` and `outputs` are None where an optional one is left out;
    `captured` are the tensors that the bodies of a control-flow layer take from outside.
    `pure`: the same inputs always give the same outputs. `data_dependent`: the shape of an output
    depends on the values of an input. `control_flow`: an `If`, a `Loop` or a `Scan`.
    """

    id: int
    name: str
    domain: str
    op_type: str
    opset: int
    attributes: Mapping[str, Attribute]
    inputs: tuple[Tensor | None, ...]
    outputs: tuple[Tensor | None, ...]
    captured: tuple[Tensor, ...] = ()
    pure: bool = True
    data_dependent: bool = False
    control_flow: bool = False

    @property
    def operator(self) -> str:
        """The operator, with its domain where that is not ONNX's own: `com.example::Fused`."""
        return f"{self.domain}::{self.op_type}" if self.domain else self.op_type

    @property
    def const_inputs(self) -> dict[int, Tensor]:
        """The constant inputs by their position."""
        pairs = enumerate(self.inputs)
        return {index: each for index, each in pairs if each and each.kind == "const"}

    @property
    def sources(self) -> tuple[Tensor, ...]:
        """Every tensor that the layer takes, each once: its inputs, then what its bodies take."""
        return tuple(dict.fromkeys(each for each in (*self.inputs, *self.captured) if each))

    @property
    def results(self) -> tuple[Tensor, ...]:
        """The outputs that are not left out."""
        return tuple(each for each in self.outputs if each)

    def input(self, index: int) -> Tensor | None:
        """The input at `index`; None where it is left out or the operator is given fewer."""
        return self.inputs[index] if index < len(self.inputs) else None


@final
@dataclass(frozen=True, eq=False)
class Graph:
    """A network whose every shape is known.

    `layers` are in topological order. `source_digest` is the SHA-256 of the file, or of the
    file's and its weight files' digests where it has such. `bindings` are the sizes chosen for
    free axes. `opsets` are the operator versions by domain, `task` what the network is for.
    """

    name: str
    source_digest: str
    layers: tuple[Layer, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    bindings: Mapping[str, int]
    opsets: Mapping[str, int]
    task: str | None = None

    @property
    def batch(self) -> int:
        """The size of the first axis of the first input; 1 where there is none."""
        first = self.inputs[0].shape if self.inputs else ()
        return first[0] if first else 1

    @cached_property
    def tensors(self) -> Mapping[str, Tensor]:
        """Every tensor by its name: inputs, then in the order in which layers use or make them."""
        found = {tensor.name: tensor for tensor in self.inputs}
        for layer in self.layers:
            found.update({each.name: each for each in (*layer.sources, *layer.results)})
        return found | {each.name: each for each in self.outputs}

    @cached_property
    def consumers(self) -> Mapping[str, tuple[Layer, ...]]:
        """The layers that take a tensor, by its name; every tensor is listed."""
        takers: dict[str, tuple[Layer, ...]] = dict.fromkeys(self.tensors, ())
        for layer in self.layers:
            for tensor in layer.sources:
                takers[tensor.name] += (layer,)
        return takers

    @cached_property
    def producers(self) -> Mapping[str, Layer]:
        """The layer that makes an activation, by its name."""
        return {tensor.name: layer for layer in self.layers for tensor in layer.results}


def dtype_bits(dtype: str) -> int:
    """Bits of one element: 32 for `float32`, 8 for `bool` and `float8e4m3fn`, 0 for `string`."""
    if dtype == "bool":
        return 8
    number = re.search(r"\d+", dtype)
    return int(number.group()) if number else 0
