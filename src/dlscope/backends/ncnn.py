"""ncnn on the CPU, from ONNX files that its converter pnnx has rewritten in float32."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import subprocess
import sys
from pathlib import Path
from typing import Any, final

import ncnn
import numpy as np
import onnx
from numpy.typing import NDArray

from dlscope.backends.base import Backend, Options, Predictor, Tensors, TensorSpec
from dlscope.backends.narrowed import narrowed
from dlscope.backends.onnx_signature import read_model, signature
from dlscope.backends.recorded_signature import Specs, record, recorded
from dlscope.core.errors import BackendError, LoadError

_STEM = "model"
_PARAM, _BIN = f"{_STEM}.ncnn.param", f"{_STEM}.ncnn.bin"
_SHORT = {"float32": "f32", "int32": "i32", "int64": "i64"}
"""Types it takes, and what pnnx calls them; whole numbers are held in 32 bits."""
_HALF = ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage")


@final
class NcnnPredictor(Predictor):
    """One net. ncnn knows no batch: the items of one are answered one after another."""

    def __init__(self, folder: Path, options: Options) -> None:
        self.inputs, self.outputs = recorded(folder)
        self._threads = options.threads
        self._net = ncnn.Net()
        self._net.opt.use_vulkan_compute = False
        self._net.opt.num_threads = options.threads
        for option in _HALF:
            setattr(self._net.opt, option, False)
        self._net.load_param(str(folder / _PARAM))
        self._net.load_model(str(folder / _BIN))

    def report(self) -> dict[str, str | int | float | bool]:
        """What the net was loaded with; no half precision is allowed."""
        return {
            "precision": "float32",
            "device": "cpu",
            "threads": self._threads,
            "items_at_once": 1,
        }

    def _predict(self, feeds: Tensors) -> Tensors:
        sizes = {feeds[spec.name].shape[0] for spec in self.inputs}
        if len(sizes) != 1 or 0 in sizes:
            raise BackendError(
                f"the inputs have {', '.join(map(str, sorted(sizes)))} items",
                where=type(self).__name__,
                fix="feed at least one item, and as many to every input",
            )
        items = [self._item(feeds, index) for index in range(sizes.pop())]
        return {
            spec.name: np.stack([item[place] for item in items]).astype(spec.dtype, copy=False)
            for place, spec in enumerate(self.outputs)
        }

    def _item(self, feeds: Tensors, index: int) -> list[NDArray[Any]]:
        extractor = self._net.create_extractor()
        for place, spec in enumerate(self.inputs):
            held = "float32" if spec.dtype == "float32" else "int32"
            array = narrowed(feeds[spec.name][index], spec, held, "ncnn")
            # What it is given must outlive the extractor, and rows of it be aligned.
            extractor.input(f"in{place}", ncnn.Mat(array).clone())
        return [self._extracted(extractor, place) for place in range(len(self.outputs))]

    def _extracted(self, extractor: Any, place: int) -> NDArray[Any]:
        failed, found = extractor.extract(f"out{place}")
        if failed:
            raise BackendError(
                f"ncnn could not compute output {self.outputs[place].name!r}",
                where=type(self).__name__,
                fix="check the shapes that were fed, or choose another backend",
            )
        array = np.array(found)
        shape = self.outputs[place].shape[1:]
        return array if None in shape else array.reshape([size or 0 for size in shape])

    def _close(self) -> None:
        del self._net


@final
class NcnnBackend(Backend):
    """ncnn in float32, one item at a time."""

    name = "ncnn"
    converts = True
    converter = "1"

    @classmethod
    def version(cls) -> str:
        """Version of the `ncnn` distribution."""
        return importlib.metadata.version("ncnn")

    def _open(self, model: Path, options: Options) -> Predictor:
        return NcnnPredictor(model, options)

    def _convert(self, model: Path, options: Options, folder: Path) -> None:  # noqa: ARG002 - one form for all
        graph = read_model(model)
        inputs, outputs = signature(graph, model)
        _require_items(inputs, outputs, model)
        record(folder, inputs, outputs)
        source = folder / f"{_STEM}.onnx"
        onnx.save(graph, source)
        _run_pnnx(source, inputs, model)
        for path in folder.iterdir():
            # It also writes Python files, and forms between the two.
            if path.name not in (_PARAM, _BIN) and path.name.startswith(_STEM):
                path.unlink()


def _require_items(inputs: Specs, outputs: Specs, model: Path) -> None:
    """Refuse what pnnx could only guess about: types, free sizes, and where the batch is."""
    for spec in inputs:
        if spec.dtype not in _SHORT or None in spec.shape[1:]:
            raise LoadError(
                f"ncnn needs every size but the batch, of floats or whole numbers; input "
                f"{spec.name!r} is {spec}",
                where=str(model),
                fix="give its axes sizes in the manifest, or choose another backend",
            )
    for spec in (*inputs, *outputs):
        if not spec.shape or spec.shape[0] not in (None, 1):
            raise LoadError(
                f"ncnn answers one item at a time; the first axis of {spec.name!r} is none of "
                f"items: {spec}",
                where=str(model),
                fix="export the model with a first axis of items, or choose another backend",
            )


def _run_pnnx(source: Path, inputs: Specs, model: Path) -> None:
    shapes = ",".join(_shape(spec) for spec in inputs)
    told = subprocess.run(
        # Its own choice would be weights of half precision, which move outputs by a hundredth.
        [_pnnx(), source, f"inputshape={shapes}", "fp16=0"],
        check=False,
        cwd=source.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    if told.returncode or not (source.parent / _BIN).is_file():
        lines = told.stdout.strip().splitlines()
        raise LoadError(
            f"pnnx cannot convert the model: {lines[-1] if lines else 'it ended'}",
            where=str(model),
            fix="export the model again, or choose another backend",
        )


def _pnnx() -> Path:
    """The program itself: the command of that name is Python, and reads PyTorch before it."""
    spec = importlib.util.find_spec("pnnx")
    if spec is None or spec.origin is None:
        raise LoadError(
            "the converter pnnx is not installed",
            where="dlscope.backends.ncnn",
            fix="pip install 'dlscope[ncnn]'",
        )
    return Path(spec.origin).with_name("pnnx.exe" if sys.platform == "win32" else "pnnx")


def _shape(spec: TensorSpec) -> str:
    sizes = (1, *spec.shape[1:])
    return f"[{','.join(map(str, sizes))}]{_SHORT[spec.dtype]}"
