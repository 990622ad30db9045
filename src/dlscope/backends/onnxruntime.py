"""ONNX Runtime on the CPU."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, final

import numpy as np
import onnxruntime
from pydantic import Field

from dlscope.backends.base import Backend, Options, Predictor, Tensors, TensorSpec
from dlscope.backends.hardware_counters import counter_capability
from dlscope.backends.onnxruntime_profile import ProfileTracer
from dlscope.core.errors import LoadError
from dlscope.core.trace import Level
from dlscope.tracing.tracer import Capability, Tracer

OPTIMIZATION = {
    "all": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL,
    "extended": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
    "basic": onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC,
    "disabled": onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL,
}
_PROVIDERS = {"cpu": "CPUExecutionProvider"}
_ONLY_FATAL = 4
_PREAMBLE = re.compile(r"^\[ONNXRuntimeError\] : \d+ : \w+ : (Load model from .* failed:)?")
# ONNX Runtime names element types as C++ does.
_DTYPES = {"float": "float32", "double": "float64", "string": "object"}
_NO_LIBRARY = Capability(
    Level.LIBRARY,
    ProfileTracer.name,
    is_available=False,
    reason="ONNX Runtime does not tell which functions of its own library a layer calls",
    fix="trace down to LAYER, or KERNEL",
)


@final
class OnnxRuntimeOptions(Options):
    """`threads` is shared by the loops inside one operator, `inter_op_threads` by operators."""

    inter_op_threads: int = Field(default=1, ge=1)
    graph_optimization: Literal["all", "extended", "basic", "disabled"] = "all"
    execution_provider: Literal["cpu"] = "cpu"


@final
class OnnxRuntimePredictor(Predictor):
    """One session, whose graph was optimised when it was opened."""

    def __init__(
        self, path: Path, options: OnnxRuntimeOptions, profile: ProfileTracer | None = None
    ) -> None:
        provider = _PROVIDERS[options.execution_provider]
        settings = _settings(options)
        if profile is not None:
            profile.switch_on(settings)
        session = _session(path, settings, provider)
        if profile is not None:
            profile.follow(session)
        self.inputs = tuple(_spec(value, path) for value in session.get_inputs())
        self.outputs = tuple(_spec(value, path) for value in session.get_outputs())
        self._options = options
        self._providers: list[str] = session.get_providers()
        self._names = [spec.name for spec in self.outputs]
        self._session = session

    def report(self) -> dict[str, str | int | float | bool]:
        """Settings of the session; ONNX Runtime computes in the types the graph declares."""
        settings = self._session.get_session_options()
        return {
            "precision": "float32",
            "device": onnxruntime.get_device().lower(),
            "providers": ", ".join(self._providers),
            "threads": settings.intra_op_num_threads,
            "inter_op_threads": settings.inter_op_num_threads,
            "graph_optimization": self._options.graph_optimization,
        }

    def _predict(self, feeds: Tensors) -> Tensors:
        arrays = self._session.run(self._names, feeds)
        return dict(zip(self._names, arrays, strict=True))

    def _close(self) -> None:
        del self._session


@final
class OnnxRuntimeBackend(Backend):
    """ONNX Runtime, CPU execution provider."""

    name = "onnxruntime"
    levels = ("MODEL", "LAYER", "KERNEL")
    options = OnnxRuntimeOptions
    serial: ClassVar[Mapping[str, Any]] = {"inter_op_threads": 1}

    @classmethod
    def version(cls) -> str:
        """Version of the `onnxruntime` distribution."""
        version: str = onnxruntime.__version__
        return version

    @classmethod
    def capabilities(cls) -> tuple[Capability, ...]:
        """What can be seen of ONNX Runtime on the CPU."""
        seen = (Capability(level, ProfileTracer.name) for level in ProfileTracer.levels)
        return (*seen, _NO_LIBRARY, counter_capability())

    def _open(self, model: Path, options: OnnxRuntimeOptions) -> Predictor:
        return OnnxRuntimePredictor(model, options)

    def _open_traced(
        self, model: Path, options: OnnxRuntimeOptions, levels: Collection[Level]
    ) -> tuple[Predictor, tuple[Tracer, ...]]:
        if not set(ProfileTracer.levels) & set(levels):
            return OnnxRuntimePredictor(model, options), ()
        profile = ProfileTracer(levels)
        return OnnxRuntimePredictor(model, options, profile), (profile,)


def _session(path: Path, settings: Any, provider: str) -> Any:
    try:
        return onnxruntime.InferenceSession(str(path), settings, providers=[provider])
    # Its exceptions have no common base but this one.
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise LoadError(
            f"onnxruntime cannot open the model: {_PREAMBLE.sub('', lines[0]).rstrip('.')}",
            where=str(path),
            fix="export the model again, or choose another backend",
        ) from error


def quiet_settings(threads: int = 1, inter_op_threads: int = 1) -> Any:
    """Settings of a session that writes nothing to standard error by itself.

    Errors reach Python as exceptions.
    """
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = threads
    settings.inter_op_num_threads = inter_op_threads
    settings.log_severity_level = _ONLY_FATAL
    return settings


def _settings(options: OnnxRuntimeOptions) -> Any:
    settings = quiet_settings(options.threads, options.inter_op_threads)
    settings.graph_optimization_level = OPTIMIZATION[options.graph_optimization]
    if options.inter_op_threads > 1:
        # Otherwise operators follow one another, whatever the number of threads.
        settings.execution_mode = onnxruntime.ExecutionMode.ORT_PARALLEL
    return settings


def _spec(value: Any, path: Path) -> TensorSpec:
    kind = value.type
    if not kind.startswith("tensor("):
        raise LoadError(
            f"{value.name!r} is a {kind}, and only tensors can be fed and fetched",
            where=str(path),
            fix="export the model with tensors for inputs and outputs",
        )
    word = kind.removeprefix("tensor(").removesuffix(")")
    shape = tuple(size if isinstance(size, int) else None for size in value.shape)
    return TensorSpec(value.name, np.dtype(_DTYPES.get(word, word)).name, shape)
