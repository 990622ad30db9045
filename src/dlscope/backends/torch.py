"""PyTorch: an ONNX file, translated operator by operator and run eagerly, on the CPU or a GPU."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, final

import numpy as np
import torch
from numpy.typing import NDArray

from dlscope.backends.base import Backend, Options, Predictor, Tensors
from dlscope.backends.onnx_signature import read_model, signature
from dlscope.backends.onnx_to_torch.translate import translate
from dlscope.backends.torch_tracers import capabilities, traced
from dlscope.core.errors import LoadError
from dlscope.core.trace import Level
from dlscope.tracing.tracer import Capability, Tracer

_IMAGE_AXES = 4


@final
class TorchOptions(Options):
    """`channels_last` keeps the channels of a pixel side by side in memory.

    `tensor_float_32` lets a GPU multiply float32 numbers with 10 bits of mantissa.
    """

    channels_last: bool = False
    device: Literal["cpu", "gpu"] = "cpu"
    tensor_float_32: bool = False


@final
class TorchPredictor(Predictor):
    """One module, run without gradients; `threads` is set before each call, being global.

    On a GPU a prediction brings its inputs there and its outputs back: both belong to the answer.
    """

    def __init__(self, path: Path, options: TorchOptions) -> None:
        model = read_model(path)
        self.inputs, self.outputs = signature(model, path)
        self._module = translate(model, path)
        self._device = _device(options, path)
        self._module.to(self._device)
        self._memory_format = torch.contiguous_format
        if options.channels_last:
            self._memory_format = torch.channels_last
            self._module.to(memory_format=torch.channels_last)
        self._options = options
        self._staging: dict[str, torch.Tensor] = {}

    def traced(self, levels: Collection[Level]) -> tuple[Tracer, ...]:
        """Tracers, not started yet, of the predictions from now on."""
        clock, tracers = traced(self._module, levels, self._device)
        self._module = clock.module
        return tracers

    def report(self) -> dict[str, str | int | float | bool]:
        """How PyTorch was built and what this predictor has set."""
        kinds = {str(buffer.dtype) for buffer in self._module.buffers()}
        floats = sorted(kind.removeprefix("torch.") for kind in kinds if "float" in kind)
        return {
            "precision": ", ".join(floats) or "float32",
            "device": self._device_name(),
            "threads": self._options.threads,
            "channels_last": self._options.channels_last,
            "mkldnn": bool(torch.backends.mkldnn.is_available() and torch.backends.mkldnn.enabled),
            "mkl": torch.backends.mkl.is_available(),
            "cpu_capability": torch.backends.cpu.get_cpu_capability(),
            "matmul_precision": torch.get_float32_matmul_precision(),
            **self._gpu_report(),
        }

    def _device_name(self) -> str:
        if self._device.type == "cpu":
            return "cpu"
        return str(torch.cuda.get_device_name(self._device))

    def _gpu_report(self) -> dict[str, str | int | float | bool]:
        if self._device.type == "cpu":
            return {}
        return {
            "tensor_float_32": self._options.tensor_float_32,
            "cuda": str(torch.version.cuda),
            "device_peak_bytes": torch.cuda.max_memory_allocated(self._device),
        }

    def _predict(self, feeds: Tensors) -> Tensors:
        if torch.get_num_threads() != self._options.threads:
            torch.set_num_threads(self._options.threads)
        if self._device.type == "cuda":
            # Global too; cuDNN's own default is the shorter mantissa.
            torch.backends.cudnn.allow_tf32 = self._options.tensor_float_32
            torch.backends.cuda.matmul.allow_tf32 = self._options.tensor_float_32
        with torch.inference_mode():
            # Called by itself, a module from a graph prints what fails to standard error.
            results = self._module.forward(
                *(self._tensor(spec.name, feeds[spec.name]) for spec in self.inputs)
            )
        return {
            # A result may be a view of a weight or of what was fed: the caller gets its own.
            spec.name: np.array(result.cpu().numpy(), order="C")
            for spec, result in zip(self.outputs, results, strict=True)
        }

    def _tensor(self, name: str, array: NDArray[Any]) -> torch.Tensor:
        if self._device.type == "cuda":
            tensor = self._staged(name, array).to(self._device, non_blocking=True)
        else:
            # PyTorch cannot express read-only memory or backward strides; it warns or refuses.
            is_usable = array.flags.writeable and array.flags.c_contiguous
            tensor = torch.from_numpy(array if is_usable else np.array(array, order="C"))
        if tensor.ndim == _IMAGE_AXES:
            return tensor.contiguous(memory_format=self._memory_format)
        return tensor

    def _staged(self, name: str, array: NDArray[Any]) -> torch.Tensor:
        """A copy of `array` in memory that the GPU can read by itself, several times as fast."""
        staging = self._staging.get(name)
        if staging is None or staging.shape != array.shape:
            dtype = torch.from_numpy(np.empty(0, array.dtype)).dtype
            staging = torch.empty(array.shape, dtype=dtype, pin_memory=True)
            self._staging[name] = staging
        np.copyto(staging.numpy(), array)
        return staging

    def _close(self) -> None:
        self._staging.clear()
        del self._module


def _device(options: TorchOptions, path: Path) -> torch.device:
    if options.device == "cpu":
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise LoadError(
            "PyTorch sees no GPU here",
            where=str(path),
            fix="install a PyTorch build for the GPU and its driver, or set device: cpu",
        )
    return torch.device("cuda")


@final
class TorchBackend(Backend):
    """PyTorch, eager. Nothing in the file is executed: only its graph is read."""

    name = "torch"
    devices = ("cpu", "gpu")
    levels = ("MODEL", "LAYER", "LIBRARY", "KERNEL")
    options = TorchOptions
    serial: ClassVar[Mapping[str, Any]] = {"threads": 1}

    @classmethod
    def version(cls) -> str:
        """Version of PyTorch with its build, such as 2.13.0+cpu."""
        return str(torch.__version__)

    @classmethod
    def capabilities(cls) -> tuple[Capability, ...]:
        """What can be seen of PyTorch on the CPU."""
        return capabilities()

    def _open(self, model: Path, options: TorchOptions) -> Predictor:
        return TorchPredictor(model, options)

    def _open_traced(
        self, model: Path, options: TorchOptions, levels: Collection[Level]
    ) -> tuple[Predictor, tuple[Tracer, ...]]:
        predictor = TorchPredictor(model, options)
        return predictor, predictor.traced(levels)
