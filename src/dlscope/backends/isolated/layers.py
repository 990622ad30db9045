"""An ONNX graph as plain layers: what frameworks that read no ONNX are given in a stack.

The worker knows a dozen kinds of layers. Everything that this side can do once is done here:
constants are laid out as frameworks want them, normalisation becomes a product and a sum.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.backends.onnx_signature import read_model, signature
from dlscope.core.errors import UnsupportedOp
from dlscope.graph.ir import Layer, Tensor
from dlscope.graph.read import read_graph

LAYERS, WEIGHTS = "layers.json", "weights.npz"
VERSION = "1"
"""Of what is written; another version is written anew."""


@final
@dataclass
class Plain:
    """Layers as they are written, and their constants by name."""

    layers: list[dict[str, Any]] = field(default_factory=list)
    constants: dict[str, NDArray[Any]] = field(default_factory=dict)

    def add(self, op: str, output: str, inputs: Sequence[str], **details: Any) -> None:
        """One more layer."""
        self.layers.append({"op": op, "output": output, "inputs": list(inputs), **details})

    def constant(self, name: str, value: NDArray[Any]) -> str:
        """One more constant, and the name by which layers take it."""
        self.constants[name] = np.ascontiguousarray(value)
        return name


def write_layers(model: Path, folder: Path) -> None:
    """Write the graph of `model` as layers and weights into `folder`.

    Raises `UnsupportedOp` naming every operator that has no plain form.
    """
    graph = read_graph(model, {}, 1)
    unknown = Counter(layer.operator for layer in graph.layers if layer.operator not in _PLAIN)
    if unknown:
        raise UnsupportedOp(
            f"no plain form for {', '.join(f'{op} ({n} layers)' for op, n in unknown.items())}",
            where=str(model),
            fix="use a backend that opens ONNX itself, such as onnxruntime",
        )
    plain = Plain()
    for layer in graph.layers:
        _PLAIN[layer.operator](layer, plain)
    inputs, outputs = signature(read_model(model), model)
    told = {
        "inputs": [(spec.name, spec.dtype, spec.shape) for spec in inputs],
        "outputs": [(spec.name, spec.dtype, spec.shape) for spec in outputs],
        "layers": plain.layers,
        "constants": list(plain.constants),
    }
    (folder / LAYERS).write_text(json.dumps(told), encoding="utf-8")
    numbered = {f"c{index}": value for index, value in enumerate(plain.constants.values())}
    np.savez(folder / WEIGHTS, **numbered)  # type: ignore[arg-type]


def _convolution(layer: Layer, plain: Plain) -> None:
    _require(layer, len(layer.attributes["kernel_shape"]) == 2, "of two dimensions")
    x, weight, bias = layer.input(0), layer.input(1), layer.input(2)
    names = [_name(x), plain.constant(_name(weight), _value(layer, weight))]
    if bias is not None:
        names.append(plain.constant(_name(bias), _value(layer, bias)))
    filters, group = plain.constants[names[1]].shape[0], layer.attributes["group"]
    plain.add("conv", _output(layer), names, **_window(layer), filters=filters, group=group)


def _dense(layer: Layer, plain: Plain) -> None:
    """`Gemm` and `MatMul` by a constant, whose weights become outputs × inputs."""
    attributes, x, matrix = layer.attributes, layer.input(0), layer.input(1)
    scaled = attributes.get("alpha", 1.0) != 1 or attributes.get("beta", 1.0) != 1
    _require(layer, not scaled and not attributes.get("transA", 0), "plain")
    weight = _value(layer, matrix)
    _require(layer, weight.ndim == 2, "by a matrix")
    if not attributes.get("transB", 0):
        weight = weight.T
    bias = layer.input(2)
    names = [_name(x), plain.constant(f"{_output(layer)}.weight", weight)]
    if bias is not None:
        names.append(plain.constant(_name(bias), _value(layer, bias).reshape(-1)))
    plain.add("dense", _output(layer), names, filters=weight.shape[0])


def _normalization(layer: Layer, plain: Plain) -> None:
    scale, shift, mean, variance = (_value(layer, layer.input(i)) for i in (1, 2, 3, 4))
    factor = scale / np.sqrt(variance + layer.attributes["epsilon"])
    offset, output = shift - mean * factor, _output(layer)
    shape = (-1, *(1,) * (len(layer.inputs[0].shape) - 2)) if layer.inputs[0] else (-1,)
    by = plain.constant(f"{output}.factor", factor.reshape(shape).astype(np.float32))
    to = plain.constant(f"{output}.offset", offset.reshape(shape).astype(np.float32))
    plain.add("mul", f"{output}.scaled", [_name(layer.inputs[0]), by])
    plain.add("add", output, [f"{output}.scaled", to])


def _clip(layer: Layer, plain: Plain) -> None:
    low, high = (_bound(layer, index) for index in (1, 2))
    plain.add("clip", _output(layer), [_name(layer.inputs[0])], low=low, high=high)


def _bound(layer: Layer, index: int) -> float | None:
    bound = layer.input(index)
    return None if bound is None else float(_value(layer, bound))


def _pool(op: str) -> Callable[[Layer, Plain], None]:
    def pool(layer: Layer, plain: Plain) -> None:
        _require(layer, len(layer.attributes["kernel_shape"]) == 2, "of two dimensions")
        _require(layer, not layer.attributes.get("ceil_mode", 0), "rounded down")
        padded = any(layer.attributes["pads"]) and not layer.attributes.get("count_include_pad", 0)
        _require(layer, op == "max_pool" or not padded, "without padding")
        plain.add(op, _output(layer), [_name(layer.inputs[0])], **_window(layer))

    return pool


def _simple(op: str, *attributes: str) -> Callable[[Layer, Plain], None]:
    def simple(layer: Layer, plain: Plain) -> None:
        names = list(_taken(layer, plain))
        plain.add(op, _output(layer), names, **{n: _json(layer.attributes[n]) for n in attributes})

    return simple


def _reshape(layer: Layer, plain: Plain) -> None:
    shape = [int(size) for size in _value(layer, layer.input(1))]
    _require(layer, shape[1:].count(0) == 0, "to sizes that are told")
    # The first axis is the batch, which was bound to 1 only to know the shapes.
    shape[0] = 0 if shape[0] in (0, 1) else shape[0]
    plain.add("reshape", _output(layer), [_name(layer.inputs[0])], shape=shape)


def _flatten(layer: Layer, plain: Plain) -> None:
    _require(layer, layer.attributes["axis"] == 1, "of all axes but the first")
    plain.add("flatten", _output(layer), [_name(layer.inputs[0])])


_PLAIN: Mapping[str, Callable[[Layer, Plain], None]] = {
    "Add": _simple("add"),
    "AveragePool": _pool("average_pool"),
    "BatchNormalization": _normalization,
    "Clip": _clip,
    "Concat": _simple("concat", "axis"),
    "Conv": _convolution,
    "Dropout": _simple("identity"),
    "Flatten": _flatten,
    "Gemm": _dense,
    "GlobalAveragePool": _simple("global_average_pool"),
    "Identity": _simple("identity"),
    "MatMul": _dense,
    "MaxPool": _pool("max_pool"),
    "Mul": _simple("mul"),
    "Relu": _simple("relu"),
    "Reshape": _reshape,
    "Sigmoid": _simple("sigmoid"),
    "Softmax": _simple("softmax", "axis"),
    "Transpose": _simple("transpose", "perm"),
}


def _window(layer: Layer) -> dict[str, Any]:
    names = {"kernel_shape": "kernel", "strides": "strides", "pads": "pads"}
    window = {short: _json(layer.attributes[long]) for long, short in names.items()}
    dilations = layer.attributes.get("dilations", (1, 1))
    return {**window, "dilations": _json(dilations)}


def _taken(layer: Layer, plain: Plain) -> Iterator[str]:
    for tensor in layer.inputs:
        if tensor is not None and tensor.kind == "const":
            yield plain.constant(tensor.name, _value(layer, tensor))
        elif tensor is not None:
            yield tensor.name


def _value(layer: Layer, tensor: Tensor | None) -> NDArray[Any]:
    known = tensor is not None and tensor.value is not None
    _require(layer, known, "with constant weights")
    assert tensor is not None
    assert tensor.value is not None
    return np.asarray(tensor.value)


def _require(layer: Layer, holds: bool, what: str) -> None:
    if not holds:
        raise UnsupportedOp(
            f"{layer.operator} has a plain form only {what}",
            where=layer.name,
            fix="use a backend that opens ONNX itself, such as onnxruntime",
        )


def _name(tensor: Tensor | None) -> str:
    assert tensor is not None
    return tensor.name


def _output(layer: Layer) -> str:
    return _name(layer.outputs[0])


def _json(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
