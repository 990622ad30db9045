"""OpenVINO on the CPU, its telemetry shut off."""

from __future__ import annotations

import importlib
import importlib.metadata
import sys
from collections import Counter
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal, final

import numpy as np
from pydantic import Field

from dlscope.backends.base import Backend, Options, Predictor, Tensors, TensorSpec
from dlscope.backends.hardware_counters import counter_capability
from dlscope.backends.narrowed import require_fitting
from dlscope.backends.openvino_counters import SETTINGS, CountedRequest, CounterTracer
from dlscope.core.errors import LoadError
from dlscope.core.trace import Level
from dlscope.tracing.tracer import Capability, Tracer


def _imported_without_telemetry() -> Any:
    # `import openvino` sends a usage event to a web service. Where its telemetry distribution
    # cannot be imported it uses a stub of its own that does nothing.
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # None forbids
    return importlib.import_module("openvino")


openvino = _imported_without_telemetry()

_DEVICE = "CPU"
_ELEMENT_TYPES = {"f32": "float32", "f16": "float16", "bf16": "bfloat16"}
_NO_LIBRARY = Capability(
    Level.LIBRARY,
    CounterTracer.name,
    is_available=False,
    reason="OpenVINO does not tell which functions of its own library a layer calls",
    fix="trace down to LAYER, or KERNEL",
)


@final
class OpenVinoOptions(Options):
    """`precision` is what OpenVINO may compute in; the CPU may not have it: see the report.

    `batch_size` fixes the first axis of each input where the graph leaves it free: OpenVINO plans a
    model of known shapes better. With 0 it stays free.
    """

    precision: Literal["f32", "bf16", "f16"] = "f32"
    batch_size: int = Field(default=0, ge=0)


@final
class OpenVinoPredictor(Predictor):
    """One compiled model with one stream, made for latency."""

    def __init__(
        self, path: Path, options: OpenVinoOptions, settings: Mapping[str, Any] | None = None
    ) -> None:
        model = _read(path)
        if options.batch_size:
            _fix_batch(model, options.batch_size)
        asked = {**_settings(options), **(settings or {})}
        self._compiled = openvino.Core().compile_model(model, _DEVICE, asked)
        self._request = self._compiled.create_infer_request()
        self.inputs = tuple(_spec(port, port.node.friendly_name) for port in model.inputs)
        self.outputs = tuple(_spec(port, _output_name(port)) for port in model.outputs)
        self._names = tuple(spec.name for spec in self.outputs)
        self._feed_names = tuple(spec.name for spec in self.inputs)
        self._wide = tuple(spec for spec in self.inputs if spec.dtype == "int64")

    def traced(self, levels: Collection[Level]) -> Tracer:
        """A tracer, not started yet, of the predictions from now on."""
        request = CountedRequest(self._request)
        self._request = request
        return CounterTracer(request, self._compiled, levels)

    def report(self) -> dict[str, str | int | float | bool]:
        """What the compiled model says it does, which may differ from what was asked."""
        compiled = self._compiled
        precision = compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        return {
            "precision": _ELEMENT_TYPES.get(precision, precision),
            "layer_precisions": _layer_precisions(compiled),
            "device": ", ".join(compiled.get_property("EXECUTION_DEVICES")).lower(),
            "threads": int(compiled.get_property("INFERENCE_NUM_THREADS")),
            "streams": int(compiled.get_property("NUM_STREAMS")),
            "performance_hint": str(compiled.get_property("PERFORMANCE_HINT")).lower(),
            "build": openvino.get_version(),
        }

    def _predict(self, feeds: Tensors) -> Tensors:
        for spec in self._wide:
            require_fitting(feeds[spec.name], spec, "int32", "OpenVINO")
        by_position = {index: feeds[name] for index, name in enumerate(self._feed_names)}
        # Inputs are read in place; outputs would otherwise be overwritten by the next call.
        results = self._request.infer(by_position, share_inputs=True, share_outputs=False)
        return dict(zip(self._names, results.to_tuple(), strict=True))

    def _close(self) -> None:
        del self._request
        del self._compiled


@final
class OpenVinoBackend(Backend):
    """OpenVINO, CPU plugin."""

    name = "openvino"
    levels = ("MODEL", "LAYER", "KERNEL")
    options = OpenVinoOptions

    @classmethod
    def version(cls) -> str:
        """Version of the distribution: the library's own adds a build number and a branch."""
        return importlib.metadata.version("openvino")

    @classmethod
    def capabilities(cls) -> tuple[Capability, ...]:
        """What can be seen of OpenVINO on the CPU."""
        seen = (Capability(level, CounterTracer.name) for level in CounterTracer.levels)
        return (*seen, _NO_LIBRARY, counter_capability())

    def _open(self, model: Path, options: OpenVinoOptions) -> Predictor:
        return OpenVinoPredictor(model, options)

    def _open_traced(
        self, model: Path, options: OpenVinoOptions, levels: Collection[Level]
    ) -> tuple[Predictor, tuple[Tracer, ...]]:
        if not set(CounterTracer.levels) & set(levels):
            return OpenVinoPredictor(model, options), ()
        predictor = OpenVinoPredictor(model, options, SETTINGS)
        return predictor, (predictor.traced(levels),)


def _read(path: Path) -> Any:
    # `Core.read_model` tries every front end in turn; others write to standard error on the way.
    front_end = openvino.frontend.FrontEndManager().load_by_framework("onnx")
    try:
        model = front_end.convert(front_end.load(str(path)))
    except Exception as error:
        # Above the last line it says where in its own source it failed.
        reason = str(error).strip().splitlines()[-1].rstrip(".")
        raise _refusal(path, f"openvino cannot open the model: {reason}") from error
    if not model.outputs:
        raise _refusal(path, "the file holds no ONNX graph")
    return model


def _fix_batch(model: Any, batch_size: int) -> None:
    """Set the first axis of each input whose first axis is free."""
    shapes = {}
    for port in model.inputs:
        shape = port.partial_shape
        if shape.rank.is_static and len(shape) and shape[0].is_dynamic:
            shape[0] = batch_size
            shapes[port] = shape
    if shapes:
        model.reshape(shapes)


def _refusal(path: Path, what: str) -> LoadError:
    return LoadError(what, where=str(path), fix="export the model again, or choose another backend")


def _settings(options: OpenVinoOptions) -> dict[str, str | int]:
    return {
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": 1,
        "INFERENCE_NUM_THREADS": options.threads,
        "INFERENCE_PRECISION_HINT": options.precision,
    }


def _spec(port: Any, name: str) -> TensorSpec:
    shape = tuple(None if axis.is_dynamic else axis.get_length() for axis in port.partial_shape)
    return TensorSpec(name, np.dtype(port.element_type.to_dtype()).name, shape)


def _output_name(port: Any) -> str:
    # A tensor can have gathered several names; the result node keeps the one of the graph.
    name: str = port.node.friendly_name
    return name.rpartition("/sink_port_")[0] or name


def _layer_precisions(compiled: Any) -> str:
    counts: Counter[str] = Counter()
    for layer in compiled.get_runtime_model().get_ops():
        info = layer.get_rt_info()
        if info["layerType"].astype(str) not in {"Input", "Output", "Const"}:
            counts[info["runtimePrecision"].astype(str)] += 1
    return ", ".join(f"{precision}: {count}" for precision, count in sorted(counts.items()))
