"""`Brick`: a few layers as a benchmark that needs no model, and the identity of layers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, Self, final

import numpy as np

from dlscope.core.digest import digest
from dlscope.core.errors import GraphError, UnsupportedOp
from dlscope.graph.body import STEERING_ELEMENTS, is_discrete, is_steering
from dlscope.graph.brick_attributes import Plain, attributes_of, plain_attributes
from dlscope.graph.ir import Kind, Layer, Tensor, dtype_bits
from dlscope.graph.marks import steering_places
from dlscope.graph.program import element_type
from dlscope.graph.segment import Segment

ID_DIGITS = 16
_FIX = "generate the suite again with: dlscope bricks generate"
_UNREADABLE = (KeyError, IndexError, TypeError, ValueError, AttributeError)


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
        return is_discrete(self.dtype)


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

    @property
    def has_bodies(self) -> bool:
        """Whether it holds layers of its own, as branches and loops do."""
        values = self.attributes.values()
        return any(isinstance(each, Mapping) and "body" in each for each in values)

    @property
    def sources(self) -> tuple[int, ...]:
        """Every place that the layer takes, each once: its inputs, then what its bodies take."""
        places = (*self.inputs, *self.captured)
        return tuple(dict.fromkeys(each for each in places if each is not None))


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
        an attribute that cannot be written down, and for text.
        """
        order = tensors_of(segment)
        place = {tensor: index for index, tensor in enumerate(order)}
        names = {tensor.name: index for tensor, index in place.items()}
        steering = {tensor for layer in segment.layers for tensor in _steering_constants(layer)}
        fed = set(segment.inputs)
        return cls(
            tuple(_brick_tensor(each, each in fed, each in steering) for each in order),
            tuple(_brick_layer(each, place, names) for each in segment.layers),
            tuple(place[each] for each in segment.outputs),
        )

    @cached_property
    def id(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of all that decides what is executed."""
        return digest(self.identity())[:ID_DIGITS]

    def identity(self) -> dict[str, Any]:
        """All that decides what is executed, as plain data."""
        plain = self.to_json()
        for tensor in plain["tensors"]:
            tensor.pop("sample", None)
            tensor.pop("span", None)
        return plain

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
        except _UNREADABLE as error:
            raise _refusal(f"{type(error).__name__}: {error}") from error
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
        """Each layer takes what there is by then, and makes what there is not."""
        there = {*self.inputs, *self.constants}
        made: set[int] = set()
        for layer in self.layers:
            results = [each for each in layer.outputs if each is not None]
            if not there.issuperset(layer.sources) or not there.isdisjoint(results):
                raise _refusal("its layers and its tensors do not fit together")
            made.update(results)
            there.update(results)
        taken = {each for layer in self.layers for each in layer.sources}
        if not self.outputs or taken | made != set(range(len(self.tensors))):
            raise _refusal("its layers and its tensors do not fit together")
        if not made.issuperset(self.outputs):
            raise _refusal("what leaves it is not made in it")


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
    told = [each for place, each in layer.const_inputs.items() if place in special]
    return told + [
        each
        for each in layer.sources
        if each.kind == "const" and is_steering(each.dtype, each.shape)
    ]


def _brick_tensor(tensor: Tensor, is_input: bool, steers: bool) -> BrickTensor:
    kind: Kind = "input" if is_input else "const" if tensor.kind == "const" else "activation"
    plain = BrickTensor(tensor.dtype, tensor.shape, kind)
    if tensor.dtype == "string":
        raise UnsupportedOp(
            f"tensor {tensor.name!r} is text, which a benchmark cannot draw",
            where=f"tensor {tensor.name}",
            fix="leave this model out",
        )
    held = tensor.value if kind == "const" else tensor.sample
    if held is None:
        return plain
    if kind == "const" and steers:
        return replace(plain, value=_listed(held))
    if not plain.is_discrete or not held.size:
        return plain
    if held.size <= STEERING_ELEMENTS:
        return replace(plain, sample=_listed(held))
    return replace(plain, span=(int(held.min()), int(held.max())))


def _listed(array: np.ndarray[Any, Any]) -> Plain:
    return plain_attributes({"value": np.asarray(array)})["value"]


def _brick_layer(layer: Layer, place: Mapping[Tensor, int], names: Mapping[str, int]) -> BrickLayer:
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
    element_type(plain["dtype"])  # refuses what is no type
    shape = tuple(map(int, plain["shape"]))
    if any(size < 0 for size in shape):
        raise ValueError(f"{plain['shape']} is no shape")
    span = plain.get("span")
    return BrickTensor(
        plain["dtype"],
        shape,
        plain["kind"],
        _array_of(shape, plain.get("value")),
        _array_of(shape, plain.get("sample")),
        (int(span[0]), int(span[1])) if span else None,
    )


def _array_of(shape: tuple[int, ...], plain: Plain | None) -> Plain | None:
    """`plain`, if it is nothing or an array of this shape."""
    if plain is not None and attributes_of({"value": plain})["value"].shape != shape:
        raise ValueError(f"a value of shape {plain['shape']} is not one of {list(shape)}")
    return plain


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
        _places(plain["inputs"]),
        _places(plain["outputs"]),
        tuple(map(int, plain.get("captured", ()))),
    )


def _places(plain: Sequence[Any]) -> tuple[int | None, ...]:
    return tuple(None if each is None else int(each) for each in plain)


def _refusal(why: str) -> GraphError:
    return GraphError(f"this is not a brick: {why}", where="brick", fix=_FIX)
