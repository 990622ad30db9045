"""ExecuTorch: an ONNX file lowered to a program whose parts XNNPACK takes over, on the CPU."""

from __future__ import annotations

import importlib.metadata
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any, final

import numpy as np
import torch
from numpy.typing import NDArray

from dlscope.backends.base import Backend, Options, Predictor, Tensors
from dlscope.backends.onnx_signature import read_model, signature
from dlscope.backends.recorded_signature import record, recorded
from dlscope.backends.silenced import silenced
from dlscope.core.errors import BackendError

with silenced():
    from executorch.extension.pybindings import portable_lib
    from executorch.runtime import Runtime

_PROGRAM = "model.pte"
_LOWERING = "lowering.json"
_pool: list[int] = []


@final
class ExecuTorchPredictor(Predictor):
    """One program. Its entry for batches, with memory for the largest, is loaded when needed.

    `threads` holds for the whole process: only the first model that is opened can set it. The
    report has the number that is really used.
    """

    def __init__(self, folder: Path, options: Options) -> None:
        self.inputs, self.outputs = recorded(folder)
        self._lowering = json.loads((folder / _LOWERING).read_text(encoding="utf-8"))
        self._entries: dict[str, int] = self._lowering.pop("entries")
        self._methods: dict[str, Any] = {}
        with silenced():
            _start_pool(options.threads)
            self._program = Runtime.get().load_program(folder / _PROGRAM)
        self._method(1)

    def report(self) -> dict[str, str | int | float | bool]:
        """How the program was lowered; what XNNPACK did not take over, ExecuTorch's kernels do."""
        return {
            "precision": "float32",
            "device": "cpu",
            "threads": portable_lib._threadpool_get_thread_count(),
            "delegate": "xnnpack",
            **self._lowering,
            "largest_batch": max(self._entries.values()),
        }

    def _predict(self, feeds: Tensors) -> Tensors:
        arrays = [feeds[spec.name] for spec in self.inputs]
        _require_elements(arrays)
        method = self._method(self._batch(arrays))
        results = method.execute([_tensor(array) for array in arrays])
        return {
            spec.name: np.array(result.numpy(), order="C")
            for spec, result in zip(self.outputs, results, strict=True)
        }

    def _batch(self, arrays: list[NDArray[Any]]) -> int:
        """The size of the free axis, 1 without one."""
        given = zip(self.inputs, arrays, strict=True)
        return max((array.shape[0] for spec, array in given if None in spec.shape), default=1)

    def _method(self, batch: int) -> Any:
        entry = next((name for name, limit in self._entries.items() if batch <= limit), None)
        if entry is None:
            largest = max(self._entries.values())
            raise BackendError(
                f"the program has memory for batches of up to {largest}, got {batch}",
                where=type(self).__name__,
                fix="feed a smaller batch, or choose another backend",
            )
        if entry not in self._methods:
            with silenced():
                self._methods[entry] = self._program.load_method(entry)
        return self._methods[entry]

    def _close(self) -> None:
        self._methods.clear()
        del self._program


@final
class ExecuTorchBackend(Backend):
    """ExecuTorch's runtime, with XNNPACK where it can."""

    name = "executorch"
    converts = True
    converter = "1"

    @classmethod
    def version(cls) -> str:
        """Version of the `executorch` distribution."""
        return importlib.metadata.version("executorch")

    def _open(self, model: Path, options: Options) -> Predictor:
        return ExecuTorchPredictor(model, options)

    def _convert(self, model: Path, options: Options, folder: Path) -> None:  # noqa: ARG002 - one form for all
        graph = read_model(model)
        record(folder, *signature(graph, model))
        with silenced():
            from dlscope.backends.executorch_lowering import lower

            lowered = asdict(lower(graph, model))
        (folder / _PROGRAM).write_bytes(lowered.pop("content"))
        (folder / _LOWERING).write_text(json.dumps(lowered), encoding="utf-8")


def _start_pool(threads: int) -> None:
    # Programs that are loaded keep the pool they found: it must not be replaced under them.
    if not _pool:
        portable_lib._unsafe_reset_threadpool(threads)
        _pool.append(threads)


def _require_elements(arrays: list[NDArray[Any]]) -> None:
    # ExecuTorch ends the whole process there.
    if any(array.size == 0 for array in arrays):
        raise BackendError(
            "ExecuTorch takes no tensor without elements",
            where=ExecuTorchPredictor.__name__,
            fix="feed at least one item, or choose another backend",
        )


def _tensor(array: NDArray[Any]) -> torch.Tensor:
    # PyTorch cannot express read-only memory or backward strides; it warns or refuses.
    is_usable = array.flags.writeable and array.flags.c_contiguous
    return torch.from_numpy(array if is_usable else np.array(array, order="C"))
