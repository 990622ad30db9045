"""PyTorch on the CPU: an ONNX file, translated operator by operator and run eagerly."""

from __future__ import annotations

from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from dlscope.backends.base import Backend, Options, Predictor, Tensors
from dlscope.backends.onnx_signature import read_model, signature
from dlscope.backends.onnx_to_torch.translate import translate

_IMAGE_AXES = 4


@final
class TorchOptions(Options):
    """`channels_last` keeps the channels of a pixel side by side in memory."""

    channels_last: bool = False


@final
class TorchPredictor(Predictor):
    """One module, run without gradients; `threads` is set before each call, being global."""

    def __init__(self, path: Path, options: TorchOptions) -> None:
        model = read_model(path)
        self.inputs, self.outputs = signature(model, path)
        self._module = translate(model, path)
        self._memory_format = torch.contiguous_format
        if options.channels_last:
            self._memory_format = torch.channels_last
            self._module.to(memory_format=torch.channels_last)
        self._options = options

    def report(self) -> dict[str, str | int | float | bool]:
        """How PyTorch was built and what this predictor has set."""
        kinds = {str(buffer.dtype) for buffer in self._module.buffers()}
        floats = sorted(kind.removeprefix("torch.") for kind in kinds if "float" in kind)
        return {
            "precision": ", ".join(floats) or "float32",
            "device": "cpu",
            "threads": self._options.threads,
            "channels_last": self._options.channels_last,
            "mkldnn": bool(torch.backends.mkldnn.is_available() and torch.backends.mkldnn.enabled),
            "mkl": torch.backends.mkl.is_available(),
            "cpu_capability": torch.backends.cpu.get_cpu_capability(),
            "matmul_precision": torch.get_float32_matmul_precision(),
        }

    def _predict(self, feeds: Tensors) -> Tensors:
        if torch.get_num_threads() != self._options.threads:
            torch.set_num_threads(self._options.threads)
        with torch.inference_mode():
            # Called by itself, a module from a graph prints what fails to standard error.
            results = self._module.forward(
                *(self._tensor(feeds[spec.name]) for spec in self.inputs)
            )
        return {
            # A result may be a view of a weight or of what was fed: the caller gets its own.
            spec.name: np.array(result.numpy(), order="C")
            for spec, result in zip(self.outputs, results, strict=True)
        }

    def _tensor(self, array: NDArray[Any]) -> torch.Tensor:
        # PyTorch cannot express read-only memory or backward strides; it warns or refuses.
        is_usable = array.flags.writeable and array.flags.c_contiguous
        tensor = torch.from_numpy(array if is_usable else np.array(array, order="C"))
        if tensor.ndim == _IMAGE_AXES:
            return tensor.contiguous(memory_format=self._memory_format)
        return tensor

    def _close(self) -> None:
        del self._module


@final
class TorchBackend(Backend):
    """PyTorch, eager, on the CPU. Nothing in the file is executed: only its graph is read."""

    name = "torch"
    options = TorchOptions

    @classmethod
    def version(cls) -> str:
        """Version of PyTorch with its build, such as 2.13.0+cpu."""
        return str(torch.__version__)

    def _open(self, model: Path, options: TorchOptions) -> Predictor:
        return TorchPredictor(model, options)
