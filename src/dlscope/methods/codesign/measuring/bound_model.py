"""`BoundModel`: a session of ONNX Runtime with its tensors in place, ready to be run and timed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnx import helper

from dlscope.backends.onnxruntime import quiet_settings
from dlscope.core.errors import BackendError

_PROVIDERS = ["CPUExecutionProvider"]
_ALIGNMENT = 64
_DTYPES = {"float": "float32"}
"""ONNX Runtime names element types as C++ does; integers have the same names in both."""


@final
class BoundModel:
    """The model in one file on inputs that are drawn once and outputs that stay where they are.

    Free axes are 1. Raises `BackendError` with ONNX Runtime's words where it refuses the model.
    """

    def __init__(self, path: Path, *, threads: int) -> None:
        try:
            session = onnxruntime.InferenceSession(
                path.read_bytes(), quiet_settings(threads), providers=_PROVIDERS
            )
            self._binding = onnxruntime.capi._pybind_state.SessionIOBinding(session._sess)
            self._session = session._sess
            generator = np.random.default_rng(0)
            self._arrays = [
                *(self._placed(each, _drawn, generator) for each in session.get_inputs()),
                *(self._placed(each, None, generator) for each in session.get_outputs()),
            ]
            self.run()
        # Its exceptions have no common base but this one.
        except Exception as error:
            raise BackendError(
                f"ONNX Runtime refuses it: {str(error).strip().splitlines()[0]}",
                where=path.stem,
                fix="take its precision out of the space, or update ONNX Runtime",
            ) from error

    def run(self) -> None:
        """Compute once, and nothing else."""
        self._session.run_with_iobinding(self._binding, None)

    def _placed(self, value: Any, fill: Any, generator: np.random.Generator) -> NDArray[Any]:
        shape = [axis if isinstance(axis, int) else 1 for axis in value.shape]
        name = value.type.removeprefix("tensor(").removesuffix(")")
        dtype = np.dtype(_DTYPES.get(name, name))
        array = _aligned(shape, dtype)
        if fill is not None:
            fill(array, generator)
        bind = self._binding.bind_output if fill is None else self._binding.bind_input
        kind = helper.np_dtype_to_tensor_dtype(dtype)
        bind(value.name, _cpu(), kind, shape, array.ctypes.data)
        return array


def _drawn(array: NDArray[Any], generator: np.random.Generator) -> None:
    """Numbers as they follow an activation: from 0 on, none so small that it is slow for that."""
    if array.dtype.kind == "f":
        array[...] = np.abs(generator.standard_normal(array.shape))
    else:
        limits = np.iinfo(array.dtype)
        array[...] = generator.integers(0, limits.max, array.shape)


def _aligned(shape: Sequence[int], dtype: np.dtype[Any]) -> NDArray[Any]:
    size = int(np.prod(shape)) * dtype.itemsize
    memory = np.zeros(size + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(shape)


def _cpu() -> Any:
    state = onnxruntime.capi._pybind_state
    return state.OrtDevice(state.OrtDevice.cpu(), state.OrtDevice.default_memory(), 0)
