"""`TracedModel`: the model of an evaluation opened anew, its inside recorded during the queries.

The tracers are those of a profile, and so is the merging. But all levels are recorded in one run,
so every latency in it includes what recording cost: a condition of the Run says so.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, final

from dlscope.backends.base import Backend, Predictor, Tensors
from dlscope.backends.renamed import renamed
from dlscope.core.run import Condition
from dlscope.core.trace import Level, Trace
from dlscope.tracing.capture import LiveSpan, SpanBuffer
from dlscope.tracing.draining import drained
from dlscope.tracing.environment import trace_environment
from dlscope.tracing.merge import INCOMPLETE, merge
from dlscope.tracing.tracer import Diagnostic

DIAGNOSTICS = "trace_diagnostics.json"
"""The artifact of a Run that says what is wrong with the spans below its predictions."""
TRACED = "tracing"
"""The condition of a Run that nothing was recorded inside its predictions."""
_BAD = (INCOMPLETE, "tracer_failed", "capped")
_WARMUP = 1


def traced_levels(backend: type[Backend], deepest: Level) -> tuple[Level, ...]:
    """The levels below the model down to `deepest` that can be seen of `backend` here."""
    seen = {each.level for each in backend.capabilities() if each.is_available}
    return tuple(sorted(level for level in seen if Level.MODEL < level <= deepest))


def prepare_environment(deepest: Level) -> None:
    """Set what libraries read when they are loaded; to be called before the framework is."""
    os.environ.update(trace_environment([level for level in Level if level <= deepest]))


@dataclass(frozen=True)
class Inside:
    """The spans of a Run, and what must be known of those below its predictions."""

    trace: Trace
    conditions: tuple[Condition, ...] = ()
    artifacts: Mapping[str, str] = field(default_factory=dict)


@final
class SpannedPredictor(Predictor):
    """Another predictor whose every prediction is a MODEL span, numbered as an iteration."""

    def __init__(self, predictor: Predictor, spans: SpanBuffer) -> None:
        self.inputs, self.outputs = predictor.inputs, predictor.outputs
        self._predictor, self._spans = predictor, spans
        self._numbers = itertools.count(-_WARMUP)

    def report(self) -> Mapping[str, str | int | float | bool]:
        """The report of the predictor itself."""
        return self._predictor.report()

    def _predict(self, feeds: Tensors) -> Tensors:
        with self._spans.span("model", Level.MODEL) as span:
            if isinstance(span, LiveSpan):
                span.iteration = next(self._numbers)
            return self._predictor.predict(feeds)

    def _close(self) -> None:
        self._predictor.close()


@final
class TracedModel:
    """The model at `graph` with tracers of `levels`; `predictor` records into `spans`, too."""

    def __init__(
        self,
        backend: Backend,
        graph: Path,
        options: Mapping[str, Any],
        tensors: Mapping[str, str],
        levels: Collection[Level],
        spans: SpanBuffer,
    ) -> None:
        self._levels = tuple(sorted(levels))
        opened, self._tracers = backend.open_traced(graph, options, levels)
        self._plain = renamed(opened, tensors)
        self.predictor = SpannedPredictor(self._plain, spans)

    def start(self, feeds: Tensors, warmup: int) -> None:
        """Warm up, then begin to record; what a tracer sets up at its first event is no query."""
        for _ in range(warmup):
            self._plain.predict(feeds)
        for tracer in self._tracers:
            tracer.start()
        for _ in range(_WARMUP):
            self.predictor.predict(feeds)

    def inside(self, spans: Trace) -> Inside:
        """`spans` of the whole Run with what lies below its measured predictions, now over."""
        for tracer in reversed(self._tracers):
            tracer.stop()
        is_model = spans["level"] == Level.MODEL
        measured = spans.take(~is_model | (spans["iteration"] >= 0))
        traces, told = drained(self._tracers, measured.take(measured["level"] == Level.MODEL))
        merged = merge([measured, *traces])
        diagnostics = (*told, *merged.diagnostics)
        text = json.dumps([dataclasses.asdict(each) for each in diagnostics])
        return Inside(merged.trace, self._conditions(diagnostics), {DIAGNOSTICS: text})

    def _conditions(self, diagnostics: Collection[Diagnostic]) -> tuple[Condition, ...]:
        """That nothing was recorded, which does not hold, and that what was is whole."""
        names = ", ".join(level.name for level in self._levels)
        traced = Condition(
            TRACED,
            f"{names} recorded during the queries",
            "nothing below MODEL",
            holds=False,
            advice="latencies include the cost of recording: measure without --trace-level, or "
            "have both apart with `dlscope profile`",
        )
        bad = "; ".join(each.what for each in diagnostics if each.kind in _BAD)
        whole = Condition(
            "spans of the queries",
            bad or "all spans have their place",
            "every span has one parent",
            not bad,
            f"see {DIAGNOSTICS} of the run" if bad else "",
        )
        return traced, whole


def inside_of(spans: Trace, traced: TracedModel | None) -> Inside:
    """What a Run tells of its predictions: `spans` alone where nothing below was recorded."""
    if traced is None:
        return Inside(spans)
    with traced.predictor:
        return traced.inside(spans)
