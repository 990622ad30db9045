"""OpenCV's own inference engine (its module `dnn`), on the CPU."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import final

import cv2
import numpy as np

from dlscope.backends.base import Backend, Options, Predictor, Tensors
from dlscope.backends.narrowed import require_fitting
from dlscope.backends.onnx_signature import read_model, signature
from dlscope.core.errors import LoadError


@final
class OpenCvPredictor(Predictor):
    """One network, planned anew by OpenCV whenever the shape of an input changes.

    `threads` holds for the whole process, and is set again before each prediction.
    """

    def __init__(self, path: Path, options: Options) -> None:
        self.inputs, self.outputs = signature(read_model(path), path)
        # The older engine computes some operators wrongly, an average over padding among them.
        self._net = cv2.dnn.readNetFromONNX(str(path), cv2.dnn.ENGINE_NEW)
        if self._net.empty():
            raise LoadError(
                "opencv cannot open the model: it came out empty",
                where=str(path),
                fix="export the model again, or choose another backend",
            )
        self._threads = options.threads
        self._names = [spec.name for spec in self.outputs]

    def report(self) -> dict[str, str | int | float | bool]:
        """The engine and what it may use; OpenCV computes in float32 on a CPU."""
        return {
            "precision": "float32",
            "device": "cpu",
            "threads": self._threads,
            "engine": "new",
            "winograd": True,
        }

    def _predict(self, feeds: Tensors) -> Tensors:
        if cv2.getNumThreads() != self._threads:
            cv2.setNumThreads(self._threads)
        for spec in self.inputs:
            if spec.dtype == "int64":
                require_fitting(feeds[spec.name], spec, "int32", "OpenCV")
            # OpenCV takes neither gaps nor backward steps, and may write into what it is given.
            self._net.setInput(np.array(feeds[spec.name], order="C"), spec.name)
        results = self._net.forward(self._names)
        return {
            # What it hands out is its own memory, written to by the next prediction.
            spec.name: np.array(result, order="C").astype(spec.dtype, copy=False)
            for spec, result in zip(self.outputs, results, strict=True)
        }

    def _close(self) -> None:
        del self._net


@final
class OpenCvBackend(Backend):
    """OpenCV DNN with the engine that came with version 5."""

    name = "opencv"

    @classmethod
    def version(cls) -> str:
        """Version of the distribution: the library's own lacks the number of the build."""
        return importlib.metadata.version("opencv-python-headless")

    def _open(self, model: Path, options: Options) -> Predictor:
        return OpenCvPredictor(model, options)
