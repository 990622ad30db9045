"""`LayerTracer`: when each node of the reference evaluator began and ended."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any, final

from dlscope.core.trace import Attribute, Level
from dlscope.tracing.sources.host_spans import Caller, HostSpans
from dlscope.tracing.sources.tensor_text import tensor_attributes
from dlscope.tracing.tracer import Drained, Tracer


@final
class LayerTracer(Tracer):
    """A LAYER span for each node of the graph; those inside a control-flow node lie in its span."""

    name = "reference"
    levels = (Level.LAYER,)

    def __init__(self, evaluator: Any) -> None:
        self._times: list[tuple[int, int, int, int]] = []
        self._outputs: dict[int, dict[str, Attribute]] = {}
        self._nodes = list(evaluator.rt_nodes_)
        self._is_on = False
        for place, node in enumerate(self._nodes):
            node.run = self._timed(place, node.run)

    def _timed(self, place: int, run: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            start_ns = time.perf_counter_ns()
            results = run(*args, **kwargs)
            end_ns = time.perf_counter_ns()
            if self._is_on:
                self._times.append((place, start_ns, end_ns, threading.get_native_id()))
                if place not in self._outputs:
                    self._outputs[place] = _attributes(results)
            return results

        return timed

    def _start(self) -> None:
        self._times.clear()
        self._outputs.clear()
        self._is_on = True

    def _stop(self) -> None:
        self._is_on = False

    def _drain(self) -> Drained:
        spans = HostSpans(self.name)
        for place, start_ns, end_ns, thread in self._times:
            proto = self._nodes[place].onnx_node
            spans.add(
                Level.LAYER,
                proto.name or next(filter(None, proto.output), proto.op_type),
                start_ns,
                end_ns - start_ns,
                type=proto.op_type,
                attributes=self._outputs[place],
                caller=Caller(os.getpid(), thread),
            )
        return Drained(spans.trace())


def _attributes(results: Any) -> dict[str, Attribute]:
    arrays = [each for each in results if hasattr(each, "nbytes")]
    return tensor_attributes(
        "output",
        [each.shape for each in arrays],
        [each.dtype.name for each in arrays],
        sum(each.nbytes for each in arrays),
    )
