"""`python -m dlscope.methods.bounds.layer_times`: what each kind of layer takes inside a model.

A benchmark is fed with random numbers; some code takes longer for some numbers than for others
(powers of exactly 1, numbers that are nearly 0). What a layer takes in the model itself is told by
the framework's own profile, where it has one.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from statistics import median
from typing import Any

from dlscope.agents.channel import private_channel
from dlscope.backends.base import Backend
from dlscope.core import registry
from dlscope.core.errors import DlscopeError
from dlscope.core.trace import Level, Span, Trace
from dlscope.graph.read import read_graph
from dlscope.methods.bounds.end_to_end_child import feeds_of
from dlscope.methods.bounds.setups import Setup
from dlscope.tracing.draining import drained

LayerTimes = Mapping[str, float]
"""ns of all layers of an operator in one prediction, by the framework's name of the operator."""

_ITERATIONS = 15
_WARM = 3
_PATIENCE_S = 600.0


def layer_times(graph: Path, setup: Setup, *, threads: int = 1) -> LayerTimes:
    """The medians over some predictions, in a process of its own; nothing where nothing is told."""
    order = {"graph": str(graph), "setup": setup.to_json(), "threads": threads}
    done = subprocess.run(
        [sys.executable, "-m", "dlscope.methods.bounds.layer_times"],
        input=json.dumps(order),
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_S,
    )
    if done.returncode or not done.stdout:
        return {}
    found: dict[str, float] = json.loads(done.stdout)
    return found


def main() -> None:
    """Answer the one order that comes."""
    channel = private_channel()
    try:
        found = profiled(json.loads(sys.stdin.read()))
    except DlscopeError:
        # Another process tells why the setup does not work at all.
        found = {}
    channel.write(json.dumps(found))
    channel.flush()


def profiled(order: Mapping[str, Any]) -> LayerTimes:
    """The times of a setup without layers elsewhere."""
    setup = Setup.from_json(order["setup"])
    backend: Backend = registry.load("backends", setup.backend)()
    path, options = Path(order["graph"]), {**setup.options, "threads": order["threads"]}
    feeds = feeds_of(read_graph(path))
    predictor, tracers = backend.open_traced(path, options, [Level.LAYER])
    for _ in range(_WARM):
        predictor.predict(feeds)
    for tracer in tracers:
        tracer.start()
    models = []
    for number in range(_ITERATIONS):
        begin = time.perf_counter_ns()
        predictor.predict(feeds)
        end = time.perf_counter_ns()
        models.append(Span(number + 1, 0, Level.MODEL, "model", begin, end, iteration=number))
    for tracer in reversed(tracers):
        tracer.stop()
    traces, _ = drained(tracers, Trace(models))
    predictor.close()
    return by_operator(traces[0]) if traces else {}


def by_operator(trace: Trace) -> LayerTimes:
    """The median over iterations of what all spans of an operator take together."""
    sums: dict[tuple[str, int], float] = defaultdict(float)
    for span in trace:
        if span.level == Level.LAYER:
            sums[span.type, span.iteration] += span.duration_ns
    operators: dict[str, list[float]] = defaultdict(list)
    for (operator, _), duration in sums.items():
        operators[operator].append(duration)
    return {operator: float(median(each)) for operator, each in sorted(operators.items())}


if __name__ == "__main__":
    main()
