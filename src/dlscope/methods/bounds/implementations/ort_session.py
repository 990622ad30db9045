"""ONNX Runtime sessions that neither copy nor allocate: inputs and outputs are bound beforehand."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, final

import numpy as np
import onnx
import onnxruntime
from numpy.typing import NDArray

from dlscope.methods.bounds.implementation import Runnable

Arrays = Mapping[str, NDArray[Any]]

UNCHANGED = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
EXTENDED = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
"""All but what changes layouts."""
ALL = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
_PROVIDERS = ("CPUExecutionProvider",)
_ONLY_FATAL = 4


def session_of(
    model: onnx.ModelProto, level: Any, *, threads: int = 1, saved_to: Path | None = None
) -> Any:
    """A session of `model`, optimised to `level`; the optimised graph is written to `saved_to`."""
    settings = onnxruntime.SessionOptions()
    settings.graph_optimization_level = level
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = 1
    # It writes to standard error by itself; errors reach Python as exceptions.
    settings.log_severity_level = _ONLY_FATAL
    if saved_to is not None:
        settings.optimized_model_filepath = str(saved_to)
    return onnxruntime.InferenceSession(model.SerializeToString(), settings, list(_PROVIDERS))


def optimised(model: onnx.ModelProto, level: Any) -> onnx.ModelProto:
    """The graph that ONNX Runtime makes of `model` at `level`."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "optimised.onnx"
        session_of(model, level, saved_to=path)
        return onnx.load(path)


def kernels(nodes: Iterable[onnx.NodeProto]) -> dict[str, str]:
    """Notes on the nodes that a session runs one by one: their operators, and how many they are."""
    named = [f"{node.domain or 'ai.onnx'}.{node.op_type}" for node in nodes]
    return {"kernel": ", ".join(dict.fromkeys(named)), "kernels": str(len(named))}


@final
class OrtRunnable(Runnable):
    """A session with one set of arrays bound to it; run once to learn what it gives."""

    def __init__(
        self,
        session: Any,
        feeds: Arrays,
        names: Sequence[str],
        notes: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self._session = session
        self.notes = notes
        # The binding points into these arrays.
        self._feeds = {name: np.ascontiguousarray(array) for name, array in feeds.items()}
        self._outputs = session.run(list(names), self._feeds)
        self._binding = session.io_binding()
        for name, array in self._feeds.items():
            self._binding.bind_ortvalue_input(name, _shared(array))
        for name, array in zip(names, self._outputs, strict=True):
            self._binding.bind_ortvalue_output(name, _shared(array))

    def run(self) -> None:
        """One run of the session."""
        self._session.run_with_iobinding(self._binding)

    def outputs(self) -> Sequence[NDArray[Any]]:
        """The bound outputs, as the session gives them."""
        return [value.numpy() for value in self._binding.get_outputs()]

    def close(self) -> None:
        """Let the session go."""
        del self._binding
        del self._session


def _shared(array: NDArray[Any]) -> Any:
    return onnxruntime.OrtValue.ortvalue_from_numpy(array)
