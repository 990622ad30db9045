"""TVM: an ONNX file compiled to a shared library for the processor, and run by its machine."""

from __future__ import annotations

import importlib.metadata
import os
import threading
from pathlib import Path
from typing import final

# Both are read when TVM starts its threads. Bound to cores, they would fight for them with other
# work; and by itself TVM takes half of the cores at most.
os.environ.setdefault("TVM_BIND_THREADS", "0")
os.environ.setdefault("TVM_NUM_THREADS", str(os.cpu_count() or 1))

import tvm
from tvm import relax
from tvm.support.cc import get_cc

from dlscope.backends.base import Backend, Options, Predictor, Tensors
from dlscope.backends.onnx_signature import read_model, signature
from dlscope.backends.recorded_signature import record, recorded
from dlscope.backends.silenced import silenced
from dlscope.backends.tvm_compiler import TARGET, compile_model
from dlscope.core.errors import LoadError

_LIBRARY = "model.so"
_ANY_CORE = 1
_pool = threading.local()


@final
class TvmPredictor(Predictor):
    """One compiled function; `threads` is set before each call, as predictors share a pool.

    There are never more than TVM_NUM_THREADS of them, by default the number of cores.
    """

    def __init__(self, folder: Path, options: Options) -> None:
        self.inputs, self.outputs = recorded(folder)
        library = tvm.runtime.load_module(str(folder / _LIBRARY))
        self._machine = relax.VirtualMachine(library, tvm.cpu())
        self._function = self._machine["main"]
        self._threads = min(options.threads, int(os.environ["TVM_NUM_THREADS"]))

    def report(self) -> dict[str, str | int | float | bool]:
        """What the code was compiled for; `tuning` searches for a better schedule: none was."""
        return {
            "precision": "float32",
            "device": "cpu",
            "threads": self._threads,
            "target": TARGET,
            "tuning": "none",
        }

    def _predict(self, feeds: Tensors) -> Tensors:
        _set_threads(self._threads)
        result = self._function(*(tvm.runtime.tensor(feeds[spec.name]) for spec in self.inputs))
        results = [result] if isinstance(result, tvm.runtime.Tensor) else result
        return {
            # What `numpy` hands out is a copy.
            spec.name: array.numpy()
            for spec, array in zip(self.outputs, results, strict=True)
        }

    def _close(self) -> None:
        del self._function, self._machine


@final
class TvmBackend(Backend):
    """TVM's relax front end and its LLVM code generator, without tuning.

    The first opening of a model compiles it, which takes a C compiler for the last step.
    """

    name = "tvm"
    converts = True
    converter = "1"

    @classmethod
    def version(cls) -> str:
        """Version of the `apache-tvm` distribution."""
        return importlib.metadata.version("apache-tvm")

    def _open(self, model: Path, options: Options) -> Predictor:
        return TvmPredictor(model, options)

    def _convert(self, model: Path, options: Options, folder: Path) -> None:  # noqa: ARG002 - one form for all
        _require_c_compiler(model)
        graph = read_model(model)
        record(folder, *signature(graph, model))
        with silenced():
            compile_model(graph, folder / _LIBRARY)


def _require_c_compiler(model: Path) -> None:
    if get_cc() is None:
        raise LoadError(
            "TVM links what it compiles with a C compiler, and there is none on the path",
            where=str(model),
            fix="install one, such as g++ or clang, or choose another backend",
        )


def _set_threads(threads: int) -> None:
    # TVM has a pool for each thread that calls it.
    if getattr(_pool, "size", None) != threads:
        tvm.get_global_func("runtime.config_threadpool")(_ANY_CORE, threads)
        _pool.size = threads
