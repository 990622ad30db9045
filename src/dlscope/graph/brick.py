"""`Brick`: a few layers as a benchmark that needs no model, and the identity of layers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, Self, final

import numpy as np

from dlscope.core.digest import digest
from dlscope.core.errors import GraphError
from dlscope.graph.brick_attributes import Plain, attributes_of, plain_attributes
from dlscope.graph.ir import Kind, Layer, Tensor, dtype_bits
from dlscope.graph.marks import steering_places
from dlscope.graph.segment import Segment

ID_DIGITS = 16
_STEERING_ELEMENTS = 64
_DISCRETE = ("int", "uint", "bool")


@final
@dataclass(frozen=True)
class BrickTensor:
    """A tensor of a brick: type, shape, and the values of it that decide what is executed.

    `value` is kept of constants that steer: shapes, axes, indices, bounds; never of weights.
    `sample` are small integers that the model had there, `span` the least and greatest of many:
    what may be fed instead; neither is part of the identity.
    """

    dtype: str
    shape: tuple[int, ...]
    kind: Kind
    value: Plain | None = None
    sample: Plain | None = None
    span: tuple[int, int] | None = None

    @property
    def elements(self) -> int:
        """How many elements there are."""
        return int(np.prod(self.shape, dtype=np.int64))

    @property
    def size_bytes(self) -> int:
        """Bytes of all elements, packed."""
        return -(-self.elements * dtype_bits(self.dtype) // 8)

    @property
    def is_discrete(self) -> bool:
        """Whether the elements are integers or truth values."""
        return self.dtype.startswith(_DISCRETE)


@final
@dataclass(frozen=True)
class BrickLayer:
    """One operator; `inputs`, `outputs` and `captured` are places in `Brick.tensors`."""

    domain: str
    op_type: str
    opset: int
    attributes: Mapping[str, Plain]
    inputs: tuple[int | None, ...]
    outputs: tuple[int | None, ...]
    captured: tuple[int, ...] = ()

    @property
    def operator(self) -> str:
        """The operator, with its domain where that is not ONNX's own."""
        return f"{self.domain}::{self.op_type}" if self.domain else self.op_type


@final
@dataclass(frozen=True)
class Brick:
    """Layers that can be run by themselves: no names, no weights, nothing of their model.

    Tensors are numbered in order of first use. `outputs` are the places of those that leave.
    """

    tensors: tuple[BrickTensor, ...]
    layers: tuple[BrickLayer, ...]
    outputs: tuple[int, ...]

    @classmethod
    def of(cls, segment: Segment) -> Self:
        """The brick of a segment.

        Two segments have the same one when their layers are pairwise the same and wired the same,
        whatever their names and weights are (DLBricks, section III-A). Raises `UnsupportedOp` for
        an attribute that cannot be written down.
        """
        order = tensors_of(segment)
        place = {tensor: index for index, tensor in enumerate(order)}
        steering = {
            tensor for layer in segment.layers for tensor in _steering_constants(layer)
        }
        inside = set(segment.inputs)
        return cls(
            tuple(_brick_tensor(each, each in inside, each in steering) for each in order),
            tuple(_brick_layer(each, place) for each in segment.layers),
            tuple(place[each] for each in segment.outputs),
        )

    @cached_property
    def id(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of all that decides what is executed."""
        plain = self.to_json()
        for tensor in plain["tensors"]:
            tensor.pop("sample", None)
            tensor.pop("span", None)
        return digest(plain)[:ID_DIGITS]

    @property
    def inputs(self) -> tuple[int, ...]:
        """The places of the tensors that must be fed."""
        return self._of_kind("input")

    @property
    def constants(self) -> tuple[int, ...]:
        """The places of the constants."""
        return self._of_kind("const")

    @property
    def label(self) -> str:
        """The operators in words: `Conv`, `Conv + Relu`, `3 Conv + Add`."""
        counts = Counter(layer.op_type for layer in self.layers)
        return " + ".join(f"{n} {name}" if n > 1 else name for name, n in counts.items())

    def to_json(self) -> dict[str, Any]:
        """All of it as plain data."""
        return {
            "tensors": [_tensor_json(each) for each in self.tensors],
            "layers": [_layer_json(each) for each in self.layers],
            "outputs": list(self.outputs),
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Self:
        """The brick that `to_json` wrote. Raises `GraphError` for what is none."""
        try:
            brick = cls(
                tuple(_tensor_from(each) for each in plain["tensors"]),
                tuple(_layer_from(each) for each in plain["layers"]),
                tuple(map(int, plain["outputs"])),
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise GraphError(
                f"this is not a brick: {type(error).__name__}: {error}",
                where="brick",
                fix="generate the suite again with: dlscope bricks generate",
            ) from error
        brick._require_whole()
        return brick

    def with_sizes_of(self, other: Brick) -> Brick:
        """The same brick with what `other`, equal but for them, knows of values to feed."""
        pairs = zip(self.tensors, other.tensors, strict=True)
        tensors = tuple(
            replace(mine, sample=mine.sample or theirs.sample, span=mine.span or theirs.span)
            for mine, theirs in pairs
        )
        return replace(self, tensors=tensors)

    def _of_kind(self, kind: Literal["input", "const"]) -> tuple[int, ...]:
        return tuple(index for index, each in enumerate(self.tensors) if each.kind == kind)

    def _require_whole(self) -> None:
        places = {place for layer in self.layers for place in (*layer.inputs, *layer.outputs)}
        places |= {*self.outputs, *(place for layer in self.layers for place in layer.captured)}
        numbers = {place for place in places if place is not None}
        if not self.layers or numbers != set(range(len(self.tensors))):
            raise GraphError(
                "this is not a brick: its layers and its tensors do not fit together",
                where="brick",
                fix="generate the suite again with: dlscope bricks generate",
            )


def tensors_of(segment: Segment) -> tuple[Tensor, ...]:
    """The tensors of a segment in the order in which its brick numbers them: by first use."""
    return tuple(
        dict.fromkeys(
            tensor for layer in segment.layers for tensor in (*layer.sources, *layer.results)
        )
    )


def _steering_constants(layer: Layer) -> list[Tensor]:
    """Constants whose values decide what `layer` does, and not only what comes out."""
    special = steering_places(layer.op_type) if not layer.domain else ()
    return [
        tensor
        for place, tensor in layer.const_inputs.items()
        if place in special or _steers(tensor)
    ]


def _steers(tensor: Tensor) -> bool:
    if tensor.dtype.startswith(_DISCRETE):
        return tensor.elements <= _STEERING_ELEMENTS
    return not tensor.shape


def _brick_tensor(tensor: Tensor, is_input: bool, steers: bool) -> BrickTensor:
    kind: Kind = "input" if is_input else "const" if tensor.kind == "const" else "activation"
    plain = BrickTensor(tensor.dtype, tensor.shape, kind)
    held = tensor.value if kind == "const" else tensor.sample
    if held is None:
        return plain
    if kind == "const" and steers:
        return replace(plain, value=_listed(held))
    if not plain.is_discrete or not held.size:
        return plain
    if held.size <= _STEERING_ELEMENTS:
        return replace(plain, sample=_listed(held))
    return replace(plain, span=(int(held.min()), int(held.max())))


def _listed(array: np.ndarray[Any, Any]) -> Plain:
    return plain_attributes({"value": np.asarray(array)})["value"]


def _brick_layer(layer: Layer, place: Mapping[Tensor, int]) -> BrickLayer:
    names = {tensor.name: index for tensor, index in place.items()}
    return BrickLayer(
        layer.domain,
        layer.op_type,
        layer.opset,
        plain_attributes(layer.attributes, names, where=f"layer {layer.name}"),
        tuple(place[each] if each else None for each in layer.inputs),
        tuple(place[each] if each else None for each in layer.outputs),
        tuple(place[each] for each in layer.captured),
    )


def _tensor_json(tensor: BrickTensor) -> dict[str, Any]:
    plain: dict[str, Any] = {
        "dtype": tensor.dtype,
        "shape": list(tensor.shape),
        "kind": tensor.kind,
    }
    told = {"value": tensor.value, "sample": tensor.sample, "span": tensor.span}
    plain.update({name: each for name, each in told.items() if each is not None})
    if tensor.span is not None:
        plain["span"] = list(tensor.span)
    return plain


def _tensor_from(plain: Mapping[str, Any]) -> BrickTensor:
    if plain["kind"] not in ("input", "const", "activation"):
        raise ValueError(f"{plain['kind']!r} is no kind of tensor")
    span = plain.get("span")
    return BrickTensor(
        str(plain["dtype"]),
        tuple(map(int, plain["shape"])),
        plain["kind"],
        plain.get("value"),
        plain.get("sample"),
        (int(span[0]), int(span[1])) if span else None,
    )


def _layer_json(layer: BrickLayer) -> dict[str, Any]:
    plain = {
        "domain": layer.domain,
        "op_type": layer.op_type,
        "opset": layer.opset,
        "attributes": dict(layer.attributes),
        "inputs": list(layer.inputs),
        "outputs": list(layer.outputs),
    }
    return {**plain, "captured": list(layer.captured)} if layer.captured else plain


def _layer_from(plain: Mapping[str, Any]) -> BrickLayer:
    attributes_of(plain["attributes"])  # refuses what cannot be read
    return BrickLayer(
        str(plain["domain"]),
        str(plain["op_type"]),
        int(plain["opset"]),
        dict(plain["attributes"]),
        tuple(plain["inputs"]),
        tuple(plain["outputs"]),
        tuple(plain.get("captured", ())),
    )
