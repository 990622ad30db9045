"""`python -m dlscope.methods.profiling.child`: one run of a leveled experiment, in its own process.

It opens the model with the tracers of its levels, warms up, and carries out one iteration each
time it is asked, or many of which nothing is kept. Only then does it stop its tracers, convert
what they saw, and write its spans. Orders and answers are lines of JSON on standard input and on
what was standard output; everything that a framework prints goes to the log.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.agents.channel import Tell, carry_out
from dlscope.backends.base import Backend
from dlscope.core import registry
from dlscope.core.trace import Level, Span, Trace
from dlscope.store.parquet import write_spans
from dlscope.tracing.draining import drained
from dlscope.tracing.merge import merge

_SCHEDULING = Path("/proc/thread-self/schedstat")
_MODEL = "dlscope"


def main() -> None:
    """Serve one experiment until standard input ends."""
    # Library tracers read what is written to standard output.
    carry_out(sys.stdin.readline, _serve)


def _serve(order: Mapping[str, Any], tell: Tell) -> None:
    child = ProfiledRun(order)
    tell({"ready": child.report})
    for line in sys.stdin:
        if line.strip() == "finish":
            tell(child.finish(Path(order["into"])))
            return
        tell(_answered(child, line.split()))


def _answered(child: ProfiledRun, words: Sequence[str]) -> dict[str, int]:
    if words[0] == "repeat":
        return {"iterations": child.repeat(int(words[1]))}
    return child.iterate()


@final
class ProfiledRun:
    """One opened model with its tracers running."""

    def __init__(self, order: Mapping[str, Any]) -> None:
        levels = [Level[name] for name in order["levels"]]
        backend: Backend = registry.load("backends", order["backend"])()
        self._feeds = _feeds(Path(order["feeds"]))
        self._run = int(order["run"])
        self._predictor, self._tracers = backend.open_traced(
            Path(order["graph"]), order["options"], [each for each in levels if each > Level.MODEL]
        )
        self._models: list[Span] = []
        for number in range(-int(order["warmup"]), 0):
            self._timed(number)
        self.report = dict(self._predictor.report())
        for tracer in self._tracers:
            tracer.start()
        # What a tracer sets up at its first event is no cost of the level.
        self._timed(-1)

    def iterate(self) -> dict[str, int]:
        """One measured iteration: wall and CPU time, and how long it had to wait for a core."""
        waited, number = _waited_ns(), sum(span.iteration >= 0 for span in self._models)
        span = self._timed(number)
        return {
            "duration_ns": span.duration_ns,
            "cpu_ns": span.cpu_ns,
            "waited_ns": _waited_ns() - waited,
        }

    def repeat(self, duration_ns: int) -> int:
        """How many iterations, none of them kept, follow one another in `duration_ns`; at least 1.

        The last one may end later.
        """
        iterations, end_ns = 0, time.perf_counter_ns() + duration_ns
        while not iterations or time.perf_counter_ns() < end_ns:
            self._predictor.predict(self._feeds)
            iterations += 1
        return iterations

    def finish(self, into: Path) -> dict[str, Any]:
        """Stop the tracers, write the spans of all measured iterations, tell what went wrong."""
        for tracer in reversed(self._tracers):
            tracer.stop()
        model = Trace(span for span in self._models if span.iteration >= 0)
        traces, diagnostics = drained(self._tracers, model)
        merged = merge([model, *traces])
        write_spans(into, merged.trace)
        self._predictor.close()
        told = [*diagnostics, *merged.diagnostics]
        return {"diagnostics": [[each.kind, each.what, each.count] for each in told]}

    def _timed(self, iteration: int) -> Span:
        cpu, start = time.process_time_ns(), time.perf_counter_ns()
        self._predictor.predict(self._feeds)
        end = time.perf_counter_ns()
        cpu = time.process_time_ns() - cpu
        span = Span(
            *(len(self._models) + 1, 0, Level.MODEL, "model", start, end),
            tracer=_MODEL,
            run=self._run,
            iteration=iteration,
            process=os.getpid(),
            thread=threading.get_native_id(),
            cpu_ns=cpu,
        )
        self._models.append(span)
        return span


def _feeds(path: Path) -> dict[str, NDArray[Any]]:
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _waited_ns() -> int:
    """How long this thread has waited for a core so far; 0 where the system does not tell."""
    try:
        return int(_SCHEDULING.read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return 0


if __name__ == "__main__":
    main()
