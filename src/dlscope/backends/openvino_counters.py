"""`CounterTracer`: what OpenVINO's performance counters tell of the inferences of a run."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, final

from dlscope.core.trace import Attribute, Level
from dlscope.tracing.sources.host_spans import Caller
from dlscope.tracing.sources.openvino import (
    STEP_NS,
    TRACER,
    NodeTime,
    Reading,
    mean_between,
    read_openvino,
)
from dlscope.tracing.sources.tensor_text import tensor_attributes
from dlscope.tracing.tracer import Drained, Tracer

SETTINGS: Mapping[str, bool] = {"PERF_COUNT": True}
"""A model must be compiled with these to be traced."""

_STEP = timedelta(microseconds=1)
_KINDS = {"f": "float", "bf": "bfloat", "i": "int", "u": "uint"}
_DTYPE = re.compile(r"(bf|f|i|u)(\d+)")


@final
class CountedRequest:
    """An inference request that counts its inferences and tells their times to who listens."""

    def __init__(self, request: Any) -> None:
        self._request = request
        self._inferences = 0
        self.heard: list[tuple[int, int]] | None = None

    def infer(self, *args: Any, **kwargs: Any) -> Any:
        """As the request itself does it."""
        start_ns = time.perf_counter_ns()
        results = self._request.infer(*args, **kwargs)
        self._inferences += 1
        if self.heard is not None:
            self.heard.append((start_ns, time.perf_counter_ns()))
        return results

    def reading(self) -> Reading:
        """The counters of all inferences so far."""
        # Before the first of them there are none to be read.
        counters = self._request.profiling_info if self._inferences else ()
        return Reading(self._inferences, tuple(map(_node_time, counters)))


@final
class CounterTracer(Tracer):
    """LAYER spans of the nodes of the compiled graph, KERNEL spans of the kernels they run.

    The counters are read before and after the run: they tell means, see `mean_between`.
    """

    name = TRACER
    levels = (Level.LAYER, Level.KERNEL)
    resolution_ns = STEP_NS

    def __init__(self, request: CountedRequest, compiled: Any, levels: Collection[Level]) -> None:
        self._request = request
        self._compiled = compiled
        self._levels = levels
        self._heard: list[tuple[int, int]] = []
        self._before = self._after = Reading(0, ())
        self._caller = Caller()

    def _start(self) -> None:
        self._caller = Caller(os.getpid(), threading.get_native_id())
        self._before = self._request.reading()
        self._heard = []
        self._request.heard = self._heard

    def _stop(self) -> None:
        self._request.heard = None
        self._after = self._request.reading()

    def _drain(self) -> Drained:
        known = {
            node.get_friendly_name(): _told(node)
            for node in self._compiled.get_runtime_model().get_ops()
        }
        nodes = [
            replace(node, attributes=known.get(node.name, {}))
            for node in mean_between(self._before, self._after)
        ]
        return Drained(read_openvino(nodes, self._heard, self._caller, self._levels))


def _node_time(counter: Any) -> NodeTime:
    return NodeTime(
        counter.node_name,
        counter.node_type,
        counter.exec_type,
        counter.status.name,
        counter.real_time // _STEP * STEP_NS,
        counter.cpu_time // _STEP * STEP_NS,
    )


def _told(node: Any) -> dict[str, Attribute]:
    """What the compiled graph tells of a node: the layers it was made of, and its output."""
    info = {key: value.astype(str) for key, value in node.get_rt_info().items()}
    found: dict[str, Attribute] = {
        "original_layers": info.get("originalLayersNames", ""),
        "output_layout": info.get("outputLayouts", ""),
        "precision": info.get("runtimePrecision", ""),
    }
    shape = node.get_output_partial_shape(0) if node.get_output_size() else None
    if shape is not None and shape.is_static:
        dtype = node.get_output_element_type(0).get_type_name()
        found |= tensor_attributes("output", [shape.to_shape()], [_dtype(dtype)])
    return {key: value for key, value in found.items() if value}


def _dtype(word: str) -> str:
    """NumPy's name of an element type: `f32` is float32."""
    match = _DTYPE.fullmatch(word)
    return f"{_KINDS[match[1]]}{match[2]}" if match else word
