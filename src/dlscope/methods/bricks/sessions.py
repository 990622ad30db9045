"""Bricks as sessions of ONNX Runtime, with tensors where they lie in their model."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, final

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray
from onnx import helper

from dlscope.backends.onnxruntime import OPTIMIZATION, quiet_settings
from dlscope.core.errors import BackendError, DlscopeError
from dlscope.graph.body import value_name
from dlscope.graph.brick import Brick, BrickTensor
from dlscope.graph.brick_model import brick_feed, brick_model
from dlscope.graph.program import element_type
from dlscope.methods.bricks.buffers import ALIGNMENT_BYTES, Placed
from dlscope.methods.bricks.composed_model import Step

_PROVIDERS = ["CPUExecutionProvider"]
_NUMBERS = 1 << 18
"""So many different ones are in a region; then they repeat."""
_ENVIRONMENT_ALLOCATORS = "session.use_env_allocators"


@final
@dataclass(frozen=True)
class Bound:
    """A session with its tensors in place: calling `run` computes it once, and nothing else."""

    session: Any
    binding: Any
    arrays: tuple[NDArray[Any], ...]

    def run(self) -> None:
        """Compute once."""
        self.session.run_with_iobinding(self.binding, None)


@final
class Sessions:
    """Opens models in one environment: one arena for all, no optimisation, equal threads."""

    def __init__(self, *, threads: int, is_shared_arena: bool) -> None:
        self._threads = threads
        self._is_shared_arena = is_shared_arena
        if threads > 1:
            onnxruntime.set_global_thread_pool_sizes(threads, 1)
        if is_shared_arena:
            memory = onnxruntime.OrtMemoryInfo(
                "Cpu",
                onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR,
                0,
                onnxruntime.OrtMemType.DEFAULT,
            )
            onnxruntime.create_and_register_allocator(memory, None)
        self._settings = self._made()

    def _made(self) -> Any:
        settings = quiet_settings(self._threads)
        settings.graph_optimization_level = OPTIMIZATION["disabled"]
        if self._threads > 1:
            settings.use_per_session_threads = False
        if self._is_shared_arena:
            settings.add_session_config_entry(_ENVIRONMENT_ALLOCATORS, "1")
        return settings

    def open(
        self, model: onnx.ModelProto | str, weights: Mapping[str, NDArray[Any]] | None = None
    ) -> tuple[Any, int]:
        """A session for a model or the file of one, and what opening it took, in ns.

        A file is read first: opened by its path, one graph may take longer than from memory. The
        `weights` that the model says are elsewhere are copied.
        Raises `BackendError` with ONNX Runtime's words, and for a file that cannot be read.
        """
        source = _read(model) if isinstance(model, str) else model.SerializeToString()
        settings = self._made() if weights else self._settings
        start = time.perf_counter_ns()
        if weights:
            held = [onnxruntime.OrtValue.ortvalue_from_numpy(each) for each in weights.values()]
            settings.add_external_initializers(list(weights), held)
        try:
            session = onnxruntime.InferenceSession(source, settings, providers=_PROVIDERS)
        # Its exceptions have no common base but this one.
        except Exception as error:
            raise BackendError(
                f"ONNX Runtime refuses it: {str(error).strip().splitlines()[0]}",
                where="brick",
                fix="generate the suite with the version of ONNX Runtime that is installed here",
            ) from error
        return session._sess, time.perf_counter_ns() - start


@final
class Memory:
    """The region of one model and what lies beside it: its inputs, and all integers."""

    def __init__(self, region: NDArray[np.uint8], placed: Placed) -> None:
        self._region = region
        self._placed = placed
        self._beside: dict[int, NDArray[Any]] = {}

    def bind(self, session: Any, brick: Brick, step: Step) -> Bound:
        """The brick on the memory that `step` gives it.

        Raises `BackendError` where it fails on a first run.
        """
        binding = onnxruntime.capi._pybind_state.SessionIOBinding(session)
        inputs = [
            self._array(number, brick.tensors[place], partial(brick_feed, brick, place))
            for number, place in zip(step.inputs, brick.inputs, strict=True)
        ]
        outputs = [
            self._array(number, brick.tensors[place])
            for number, place in zip(step.outputs, brick.outputs, strict=True)
        ]
        for place, array in zip(brick.inputs, inputs, strict=True):
            _bind(binding.bind_input, brick, place, array)
        for place, array in zip(brick.outputs, outputs, strict=True):
            _bind(binding.bind_output, brick, place, array)
        bound = Bound(session, binding, (*inputs, *outputs))
        tried(bound, brick.label)
        return bound

    def _array(
        self, number: int, tensor: BrickTensor, feed: Callable[[], NDArray[Any]] | None = None
    ) -> NDArray[Any]:
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(element_type(tensor.dtype)))
        offset = self._placed.offsets.get(number)
        if offset is not None and not tensor.is_discrete:
            flat: NDArray[Any] = np.frombuffer(self._region, dtype, tensor.elements, offset)
            return flat.reshape(tensor.shape)
        known = self._beside.get(number)
        if known is None or known.nbytes != tensor.size_bytes:
            known = np.zeros(tensor.shape, dtype) if feed is None else feed()
            self._beside[number] = known
        shaped: NDArray[Any] = known.view(dtype).reshape(tensor.shape)
        return shaped


def null_sessions(sessions: Sessions, count: int) -> list[Bound]:
    """Sessions that do nothing, to one element each: what is left is what a session costs."""
    model = brick_model(NULL)
    found = []
    for _ in range(count):
        session, _ = sessions.open(model)
        arrays = (np.ones(1, np.float32), np.ones(1, np.float32))
        binding = onnxruntime.capi._pybind_state.SessionIOBinding(session)
        _bind(binding.bind_input, NULL, 0, arrays[0])
        _bind(binding.bind_output, NULL, 1, arrays[1])
        found.append(Bound(session, binding, arrays))
    return found


def whole_model(sessions: Sessions, source: onnx.ModelProto | str) -> tuple[Bound, int]:
    """A model, or that in the file `source`, on inputs drawn once and outputs that stay in place.

    With what opening it took, in ns. Raises `BackendError` where ONNX Runtime refuses it.
    """
    session, opened_ns = sessions.open(source)
    name = source if isinstance(source, str) else source.graph.name
    if isinstance(source, str):
        source = onnx.load(source, load_external_data=False)
    model: onnx.ModelProto = source
    generator = np.random.default_rng(0)
    binding = onnxruntime.capi._pybind_state.SessionIOBinding(session)
    arrays = []
    for value, is_input in (
        *((each, True) for each in model.graph.input),
        *((each, False) for each in model.graph.output),
    ):
        kind = value.type.tensor_type
        shape = tuple(each.dim_value for each in kind.shape.dim)
        dtype = np.dtype(helper.tensor_dtype_to_np_dtype(kind.elem_type))
        array = _drawn(shape, dtype, generator) if is_input else np.zeros(shape, dtype)
        bind = binding.bind_input if is_input else binding.bind_output
        bind(value.name, _CPU, kind.elem_type, shape, array.ctypes.data)
        arrays.append(array)
    bound = Bound(session, binding, tuple(arrays))
    tried(bound, name)
    return bound, opened_ns


def timed_once(bound: Bound) -> tuple[int, int]:
    """Wall time and CPU time of the thread for one run, in ns."""
    run, binding = bound.session.run_with_iobinding, bound.binding
    c0 = time.thread_time_ns()
    t0 = time.perf_counter_ns()
    run(binding, None)
    t1 = time.perf_counter_ns()
    return t1 - t0, time.thread_time_ns() - c0


def tried(bound: Bound, where: str) -> None:
    """Run once. Raises `BackendError` with ONNX Runtime's words where that fails."""
    try:
        bound.run()
    except DlscopeError:
        raise
    # Its exceptions have no common base but this one.
    except Exception as error:
        raise BackendError(
            f"ONNX Runtime cannot run it: {str(error).strip().splitlines()[0]}",
            where=where,
            fix="generate the suite with the version of ONNX Runtime that is installed here",
        ) from error


def region(size_bytes: int) -> NDArray[np.uint8]:
    """Aligned memory full of ordinary numbers, so that no arithmetic is slow for being odd."""
    floats = -(-size_bytes // 4) + ALIGNMENT_BYTES
    numbers = np.random.default_rng(0).standard_normal(min(floats, _NUMBERS), dtype=np.float32)
    memory: NDArray[np.uint8] = np.resize(numbers, floats).view(np.uint8)
    start = -memory.ctypes.data % ALIGNMENT_BYTES
    return memory[start : start + size_bytes]


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise BackendError(
            f"the whole model cannot be read: {error.strerror}",
            where=path,
            fix="run it again: the model is cut anew",
        ) from error


def _drawn(
    shape: tuple[int, ...], dtype: np.dtype[Any], generator: np.random.Generator
) -> NDArray[Any]:
    if dtype.kind == "f":
        return generator.standard_normal(shape).astype(dtype)
    return np.ones(shape, dtype)


def _bind(bind: Any, brick: Brick, place: int, array: NDArray[Any]) -> None:
    tensor = brick.tensors[place]
    bind(value_name(place), _CPU, element_type(tensor.dtype), tensor.shape, array.ctypes.data)


def _cpu() -> Any:
    state = onnxruntime.capi._pybind_state
    return state.OrtDevice(state.OrtDevice.cpu(), state.OrtDevice.default_memory(), 0)


_CPU = _cpu()
NULL = Brick.from_json(
    {
        "tensors": [
            {"dtype": "float32", "shape": [1], "kind": "input"},
            {"dtype": "float32", "shape": [1], "kind": "activation"},
        ],
        "layers": [
            {
                "domain": "",
                "op_type": "Identity",
                "opset": 17,
                "attributes": {},
                "inputs": [0],
                "outputs": [1],
            }
        ],
        "outputs": [1],
    }
)
"""What a null session runs."""
