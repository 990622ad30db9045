"""`python -m dlscope.methods.bounds.layer_times`: what each kind of layer takes inside a model.

A benchmark is fed with random numbers; some code takes longer for some numbers than for others
(powers of exactly 1, numbers that are nearly 0). What a layer takes in the model itself is told by
the framework's own profile, where it has one.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Mapping, Set
from pathlib import Path
from typing import Any

from dlscope.agents.channel import told_to_parent
from dlscope.backends.base import Backend
from dlscope.core import registry
from dlscope.core.errors import DlscopeError
from dlscope.core.trace import Level, Span, Trace
from dlscope.graph.read import read_graph
from dlscope.methods.bounds.clocks import CONTENDED, FEWEST_CALM, Clocks, taken_ns
from dlscope.methods.bounds.end_to_end_child import feeds_of
from dlscope.methods.bounds.setups import Setup
from dlscope.tracing.draining import drained

LayerTimes = Mapping[str, float]
"""ns of all layers of an operator in one prediction, by the framework's name of the operator."""

_ITERATIONS = 15
_WARM = 3
_LATE_NS = 5_000_000_000
_PART = 5
_PATIENCE_S = 600.0


def layer_times(graph: Path, setup: Setup, *, threads: int = 1) -> LayerTimes:
    """Over some predictions, in a process of its own; nothing where nothing is told."""
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
    tell = told_to_parent()
    try:
        found = profiled(json.loads(sys.stdin.read()))
    except DlscopeError:
        # Another process tells why the setup does not work at all.
        found = {}
    tell(found)


def profiled(order: Mapping[str, Any]) -> LayerTimes:
    """The times of a setup without layers elsewhere."""
    setup = Setup.from_json(order["setup"])
    backend: Backend = registry.load("backends", setup.backend)()
    path, options = Path(order["graph"]), {"threads": order["threads"], **setup.options}
    feeds = feeds_of(read_graph(path))
    predictor, tracers = backend.open_traced(path, options, [Level.LAYER])
    for _ in range(_WARM):
        predictor.predict(feeds)
    for tracer in tracers:
        tracer.start()
    models, calm = _iterated(lambda: predictor.predict(feeds))
    for tracer in reversed(tracers):
        tracer.stop()
    traces, _ = drained(tracers, Trace(models))
    predictor.close()
    return by_operator(traces[0], calm) if traces else {}


def _iterated(predict: Callable[[], Any]) -> tuple[list[Span], set[int]]:
    """Predictions until there are enough calm ones, or it is late; the numbers of those that count.

    Too few calm ones are not better than all.
    """
    models: list[Span] = []
    calm: set[int] = set()
    clocks = Clocks()
    late_ns = clocks.wall() + _LATE_NS
    while len(calm) < _ITERATIONS and (clocks.wall() < late_ns or len(models) < _ITERATIONS):
        number = len(models)
        begin = clocks.begin()
        predict()
        end = clocks.end()
        passed_ns = end.wall_ns - begin.wall_ns
        ends = begin.wall_ns, end.wall_ns
        models.append(Span(number + 1, 0, Level.MODEL, "model", *ends, iteration=number))
        if passed_ns - taken_ns(begin, end) <= CONTENDED * passed_ns:
            calm.add(number)
    return models, calm if len(calm) >= FEWEST_CALM else set(range(len(models)))


def by_operator(trace: Trace, counting: Set[int] | None = None) -> LayerTimes:
    """What the layers of an operator take together, each what a fifth of its iterations lie below.

    Only iterations that are `counting`, if they are told. Each layer by itself: other work that
    takes the core away meets a long sum of layers nearly every time, but one layer seldom; a sum
    would make long layers longer and leave short ones as they are.
    """
    taken: dict[tuple[str, int], list[float]] = defaultdict(list)
    for number, spans in _iterations(trace).items():
        if counting is not None and number not in counting:
            continue
        places: dict[str, int] = defaultdict(int)
        for span in spans:
            taken[span.type, places[span.type]].append(span.duration_ns)
            places[span.type] += 1
    operators: dict[str, float] = defaultdict(float)
    for (operator, _), durations in taken.items():
        operators[operator] += sorted(durations)[len(durations) // _PART]
    return dict(sorted(operators.items()))


def _iterations(trace: Trace) -> Mapping[int, list[Span]]:
    """The spans of layers of each iteration, in the order in which they began."""
    found: dict[int, list[Span]] = defaultdict(list)
    for span in trace:
        if span.level == Level.LAYER:
            found[span.iteration].append(span)
    return {number: sorted(each, key=lambda span: span.start_ns) for number, each in found.items()}


if __name__ == "__main__":
    main()
