"""LiteRT, once called TensorFlow Lite, on the CPU."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import Any, Literal, final

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from dlscope.backends.base import Backend, Options, Predictor, Tensors, TensorSpec
from dlscope.core.errors import GraphError, LoadError
from dlscope.graph.signature import TensorSignature
from dlscope.graph.tflite_signature import (
    TfliteSignature,
    is_tflite,
    read_tflite_signature,
)

_RESOLVERS = {
    "xnnpack": OpResolverType.BUILTIN,
    "none": OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
}
_DELEGATE = "DELEGATE"
_CONVERTED = "model.tflite"


@final
class LiteRtOptions(Options):
    """`delegate` none uses LiteRT's own kernels in place of XNNPACK's."""

    delegate: Literal["xnnpack", "none"] = "xnnpack"


@final
class LiteRtPredictor(Predictor):
    """One interpreter, planned anew whenever the shape of an input changes.

    It is planned when it is opened too, with 1 for free axes, unless that is too small for it.

    Names are those of the file's signature where it has exactly one, else those of its tensors.
    Quantised inputs and outputs are passed as the whole numbers they are: the report has their
    scales and zero points.
    """

    def __init__(self, path: Path, options: LiteRtOptions) -> None:
        signature = _read(path)
        self._interpreter = Interpreter(
            model_path=str(path),
            num_threads=options.threads,
            experimental_op_resolver_type=_RESOLVERS[options.delegate],
        )
        self._options = options
        self._feeds, self._fetches = signature.input_places, signature.output_places
        details = _details(self._interpreter)
        self.inputs = _specs(signature.inputs, self._feeds, details)
        self.outputs = _specs(signature.outputs, self._fetches, details)
        self._quantized = _quantized(signature, details)
        self._planned: tuple[tuple[int, ...], ...] | None = None
        self._plan_ahead()

    def report(self) -> dict[str, str | int | float | bool]:
        """What was asked for, and how many pieces of the graph the delegate took over."""
        return {
            "precision": "quantized" if self._quantized else "float32",
            "device": "cpu",
            "threads": self._options.threads,
            "delegate": self._options.delegate,
            "delegated_parts": _delegated_parts(self._interpreter),
            **self._quantized,
        }

    def _predict(self, feeds: Tensors) -> Tensors:
        arrays = [np.asarray(feeds[spec.name], order="C") for spec in self.inputs]
        self._plan(tuple(array.shape for array in arrays))
        for place, array in zip(self._feeds, arrays, strict=True):
            self._interpreter.set_tensor(place, array)
        self._interpreter.invoke()
        return {
            # What `get_tensor` hands out is a copy.
            spec.name: self._interpreter.get_tensor(place)
            for spec, place in zip(self.outputs, self._fetches, strict=True)
        }

    def _plan_ahead(self) -> None:
        try:
            self._interpreter.allocate_tensors()
        except RuntimeError:
            if all(None not in spec.shape for spec in self.inputs):
                raise
            # A free axis cannot always be 1; what else may be wrong, the first prediction says.
            return
        shapes = (entry["shape"].tolist() for entry in self._interpreter.get_input_details())
        self._planned = tuple(map(tuple, shapes))

    def _plan(self, shapes: tuple[tuple[int, ...], ...]) -> None:
        if shapes == self._planned:
            return
        # A plan that fails must not be taken for the one that was there.
        self._planned = None
        for place, shape in zip(self._feeds, shapes, strict=True):
            self._interpreter.resize_tensor_input(place, shape)
        self._interpreter.allocate_tensors()
        self._planned = shapes

    def _close(self) -> None:
        del self._interpreter


@final
class LiteRtBackend(Backend):
    """LiteRT's interpreter, with XNNPACK unless told otherwise.

    It opens TFLite files; an ONNX file is written as one first, by dlscope itself.
    """

    name = "litert"
    formats = frozenset({"tflite", "onnx"})
    options = LiteRtOptions
    converts = True
    converter = "1"

    @classmethod
    def version(cls) -> str:
        """Version of the `ai-edge-litert` distribution."""
        return importlib.metadata.version("ai-edge-litert")

    def _open(self, model: Path, options: LiteRtOptions) -> Predictor:
        path = model / _CONVERTED if model.is_dir() else model
        return LiteRtPredictor(path, options)

    def _is_native(self, model: Path) -> bool:
        return is_tflite(model)

    def _convert(self, model: Path, options: LiteRtOptions, folder: Path) -> None:  # noqa: ARG002 - one form for all
        from dlscope.backends.onnx_to_tflite.translate import convert

        convert(model, folder / _CONVERTED)


def _read(path: Path) -> TfliteSignature:
    try:
        return read_tflite_signature(path)
    except GraphError as error:
        raise LoadError(error.what, where=error.where, fix=error.fix) from error


def _details(interpreter: Any) -> dict[int, dict[str, Any]]:
    listed = (*interpreter.get_input_details(), *interpreter.get_output_details())
    return {entry["index"]: entry for entry in listed}


def _specs(
    tensors: tuple[TensorSignature, ...],
    places: tuple[int, ...],
    details: dict[int, dict[str, Any]],
) -> tuple[TensorSpec, ...]:
    return tuple(
        TensorSpec(tensor.name, tensor.dtype, _shape(tensor, details[place]))
        for tensor, place in zip(tensors, places, strict=True)
    )


def _shape(tensor: TensorSignature, details: dict[str, Any]) -> tuple[int | None, ...]:
    # A file that does not tell the rank of a tensor means the one it was planned with.
    axes = tensor.shape if tensor.shape is not None else details["shape"].tolist()
    return tuple(axis if isinstance(axis, int) else None for axis in axes)


def _quantized(signature: TfliteSignature, details: dict[int, dict[str, Any]]) -> dict[str, str]:
    named = zip(
        (*signature.inputs, *signature.outputs),
        (*signature.input_places, *signature.output_places),
        strict=True,
    )
    found = {}
    for tensor, place in named:
        scale, zero = details[place]["quantization"]
        if scale:
            found[f"quantization of {tensor.name}"] = f"{scale:.8g} · (q − {zero})"
    return found


def _delegated_parts(interpreter: Any) -> int:
    operators = interpreter._get_ops_details()
    return sum(operator["op_name"] == _DELEGATE for operator in operators)
