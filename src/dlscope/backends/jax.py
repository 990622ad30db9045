"""JAX: an ONNX file, translated operator by operator and compiled by XLA for each shape."""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, final

# Read when JAX is first imported: else it takes three quarters of a GPU's memory at once.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

import jax
import numpy as np
from jax.experimental import checkify

from dlscope.backends.base import Backend, Options, Predictor, Tensors
from dlscope.backends.jax_tracers import XPlaneTracer, capabilities
from dlscope.backends.onnx_graph.program import Program
from dlscope.backends.onnx_signature import read_model
from dlscope.backends.onnx_to_jax.translate import translate
from dlscope.backends.xla_threads import start_pool
from dlscope.core.errors import LoadError
from dlscope.core.trace import Level
from dlscope.tracing.tracer import Capability, Tracer

_Shapes = tuple[tuple[int, ...], ...]


@final
class JaxOptions(Options):
    """`threads` holds for the whole process: only the first model that is opened can set it.

    The report has the number that is really used. `device` gpu is the first GPU.
    """

    device: Literal["cpu", "gpu"] = "cpu"


@final
class JaxPredictor(Predictor):
    """One function, compiled at the first prediction of each shape of its inputs.

    A model of fixed shapes is compiled when it is opened. Float32 is multiplied with its whole
    mantissa, whole numbers have 64 bits where the graph says so, and an index out of bounds is an
    error. On a GPU a prediction brings its inputs there and its outputs back.
    """

    def __init__(self, path: Path, options: JaxOptions) -> None:
        self._threads = start_pool(options.threads)
        self._device = _device(options, path)
        program = Program.of(read_model(path), path)
        function, weights = translate(program)
        self.inputs, self.outputs = program.inputs, program.outputs
        self._function = jax.jit(checkify.checkify(function, errors=checkify.user_checks))
        self._compiled: dict[_Shapes, Any] = {}
        self._compile_ns = 0
        with _exact():
            self._weights = jax.device_put(weights, self._device)
        shapes = [spec.shape for spec in self.inputs]
        if all(None not in shape for shape in shapes):
            self._compile([np.zeros(spec.shape, spec.dtype) for spec in self.inputs])

    def report(self) -> dict[str, str | int | float | bool]:
        """What was compiled so far and where it runs; `threads` is the size of XLA's own pool."""
        return {
            "precision": "float32",
            "device": "cpu" if self._device.platform == "cpu" else self._device.device_kind,
            "threads": self._threads,
            "matmul_precision": "highest",
            "compiled_shapes": len(self._compiled),
            "compile_ms": round(self._compile_ns / 1e6, 3),
        }

    def _predict(self, feeds: Tensors) -> Tensors:
        arrays = [feeds[spec.name] for spec in self.inputs]
        compiled = self._compiled.get(tuple(array.shape for array in arrays))
        if compiled is None:
            compiled = self._compile(arrays)
        with jax.enable_x64(True):
            error, results = compiled(self._weights, jax.device_put(arrays, self._device))
            jax.block_until_ready(results)
            error.throw()
        return {
            # What JAX hands out is read-only, and may be memory it was fed.
            spec.name: np.array(result)
            for spec, result in zip(self.outputs, results, strict=True)
        }

    def _compile(self, arrays: list[Any]) -> Any:
        began = time.perf_counter_ns()
        with _exact(), jax.default_device(self._device):
            given = jax.device_put(arrays, self._device)
            compiled = self._function.lower(self._weights, given).compile()
        self._compile_ns += time.perf_counter_ns() - began
        self._compiled[tuple(array.shape for array in arrays)] = compiled
        return compiled

    def _close(self) -> None:
        self._compiled.clear()
        del self._function, self._weights


@final
class JaxBackend(Backend):
    """JAX, through XLA. Nothing in the file is executed: only its graph is read."""

    name = "jax"
    devices = ("cpu", "gpu")
    levels = ("MODEL", "COMPILER")
    options = JaxOptions

    @classmethod
    def version(cls) -> str:
        """Version of the `jax` distribution."""
        return str(jax.__version__)

    @classmethod
    def capabilities(cls) -> tuple[Capability, ...]:
        """What can be seen of JAX on the processor."""
        return capabilities()

    def _open(self, model: Path, options: JaxOptions) -> Predictor:
        return JaxPredictor(model, options)

    def _open_traced(
        self, model: Path, options: JaxOptions, levels: Collection[Level]
    ) -> tuple[Predictor, tuple[Tracer, ...]]:
        is_seen = Level.COMPILER in levels and options.device == "cpu"
        return self._open(model, options), (XPlaneTracer(),) if is_seen else ()


@contextmanager
def _exact() -> Iterator[None]:
    # Both are settings of this thread: the caller's own JAX keeps what it has.
    with jax.enable_x64(True), jax.default_matmul_precision("highest"):
        yield


def _device(options: JaxOptions, path: Path) -> Any:
    try:
        return jax.devices(options.device)[0]
    except RuntimeError as error:
        raise LoadError(
            "JAX sees no GPU here",
            where=str(path),
            fix="install JAX with support for the GPU and its driver, or set device: cpu",
        ) from error
