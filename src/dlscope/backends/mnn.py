"""MNN on the CPU, from ONNX files that its own converter has rewritten."""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
from pathlib import Path
from typing import Any, final

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import ModelProto, helper

from dlscope.backends.base import Backend, Options, Predictor, Tensors, TensorSpec
from dlscope.backends.narrowed import narrowed
from dlscope.backends.onnx_signature import read_model, signature
from dlscope.backends.recorded_signature import record, recorded
from dlscope.backends.silenced import silenced
from dlscope.core.errors import LoadError

with silenced():
    import MNN

_MODEL = "model.mnn"
# The converter as a program of its own: what it prints is kept, and its crash is not ours. The
# module is named directly because importing `MNN.tools` installs a distribution over the network.
_CONVERTER = "import sys, _tools; _tools.mnnconvert(sys.argv)"
_HELD = {
    "float32": ("float32", MNN.Halide_Type_Float),
    "int32": ("int32", MNN.Halide_Type_Int),
    "int64": ("int32", MNN.Halide_Type_Int),
    "uint8": ("uint8", MNN.Halide_Type_Uint8),
}
"""How MNN holds a tensor of ONNX: as which type of NumPy, and under which name of its own."""


@final
class MnnPredictor(Predictor):
    """One session, planned anew whenever the shape of an input changes."""

    def __init__(self, folder: Path, options: Options) -> None:
        self.inputs, self.outputs = recorded(folder)
        with silenced():
            self._interpreter = MNN.Interpreter(str(folder / _MODEL))
            self._session = self._interpreter.createSession(_settings(options))
        self._threads = options.threads
        self._planned: tuple[tuple[int, ...], ...] | None = None

    def report(self) -> dict[str, str | int | float | bool]:
        """What the session was made with; precision `high` is float32 throughout."""
        return {"precision": "float32", "device": "cpu", "threads": self._threads}

    def _predict(self, feeds: Tensors) -> Tensors:
        arrays = [
            narrowed(feeds[spec.name], spec, _HELD[spec.dtype][0], "MNN") for spec in self.inputs
        ]
        self._plan(tuple(array.shape for array in arrays))
        for spec, array in zip(self.inputs, arrays, strict=True):
            self._input(spec).copyFrom(_tensor(array, spec))
        self._interpreter.runSession(self._session)
        return {spec.name: self._output(spec) for spec in self.outputs}

    def _plan(self, shapes: tuple[tuple[int, ...], ...]) -> None:
        if self._planned == shapes:
            return
        for spec, shape in zip(self.inputs, shapes, strict=True):
            self._interpreter.resizeTensor(self._input(spec), shape)
        self._interpreter.resizeSession(self._session)
        self._planned = shapes

    def _input(self, spec: TensorSpec) -> Any:
        return self._interpreter.getSessionInput(self._session, spec.name)

    def _output(self, spec: TensorSpec) -> NDArray[Any]:
        found = self._interpreter.getSessionOutput(self._session, spec.name)
        held, kind = _HELD[spec.dtype]
        # Filled by MNN through the tensor, which is a view of it.
        array = np.empty(found.getShape(), held)
        layout = MNN.Tensor_DimensionType_Caffe
        tensor = MNN.Tensor(array.shape, kind, array, layout)
        found.copyToHostTensor(tensor)
        copied: NDArray[Any] = np.array(tensor.getNumpyData(), spec.dtype).reshape(array.shape)
        return copied

    def _close(self) -> None:
        del self._session, self._interpreter


@final
class MnnBackend(Backend):
    """MNN's interpreter in full precision."""

    name = "mnn"
    converts = True
    converter = "1"

    @classmethod
    def version(cls) -> str:
        """Version of the `MNN` distribution."""
        return importlib.metadata.version("MNN")

    def _open(self, model: Path, options: Options) -> Predictor:
        return MnnPredictor(model, options)

    def _convert(self, model: Path, options: Options, folder: Path) -> None:  # noqa: ARG002 - one form for all
        graph = read_model(model)
        inputs, outputs = signature(graph, model)
        _require_types((*inputs, *outputs), model)
        record(folder, inputs, outputs)
        source = folder / "model.onnx"
        onnx.save(_with_strides(graph), source)
        _run_converter(source, folder / _MODEL, model)
        source.unlink()


def _settings(options: Options) -> dict[str, str | int]:
    return {"backend": "CPU", "precision": "high", "numThread": options.threads}


def _tensor(array: NDArray[Any], spec: TensorSpec) -> Any:
    return MNN.Tensor(array.shape, _HELD[spec.dtype][1], array, MNN.Tensor_DimensionType_Caffe)


def _require_types(specs: tuple[TensorSpec, ...], model: Path) -> None:
    strange = next((spec for spec in specs if spec.dtype not in _HELD), None)
    if strange is not None:
        raise LoadError(
            f"MNN takes no tensor of {strange.dtype}, as {strange.name!r} is",
            where=str(model),
            fix="choose another backend",
        )


def _with_strides(model: ModelProto) -> ModelProto:
    """`model` with strides written out: what is left out MNN takes for 0, and divides by it."""
    for node in model.graph.node:
        given = {attribute.name: attribute for attribute in node.attribute}
        if "kernel_shape" in given and "strides" not in given:
            ones = [1] * len(given["kernel_shape"].ints)
            node.attribute.append(helper.make_attribute("strides", ones))
    return model


def _run_converter(source: Path, target: Path, model: Path) -> None:
    arguments = ["-f", "ONNX", "--modelFile", str(source), "--MNNModel", str(target)]
    told = subprocess.run(
        [sys.executable, "-c", _CONVERTER, *arguments, "--bizCode", "dlscope"],
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if not target.is_file():
        lines = told.stdout.strip().splitlines()
        raise LoadError(
            f"mnn cannot convert the model: {lines[-1] if lines else 'the converter ended'}",
            where=str(model),
            fix="export the model again, or choose another backend",
        )
