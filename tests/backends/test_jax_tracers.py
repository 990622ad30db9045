from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("jax")

import jax

from dlscope.backends.jax import JaxBackend
from dlscope.backends.jax_tracers import XPlaneTracer
from dlscope.core.trace import UNRESOLVED, Level, Span, Trace
from dlscope.testing.small_models import SMALL_MODELS
from dlscope.tracing.merge import merge
from dlscope.tracing.tracer import Drained, Tracer

SMALL = SMALL_MODELS["convolutions"]


def _opened(folder: Path) -> tuple[Any, Tracer]:
    path = SMALL.build(folder / "model.onnx")
    predictor, (tracer,) = JaxBackend().open_traced(path, {}, [Level.MODEL, Level.COMPILER])
    predictor.predict({"x": SMALL.feed(2)})
    return predictor, tracer


def _model(number: int, start_ns: int, end_ns: int) -> Span:
    told = {"process": os.getpid(), "thread": threading.get_native_id()}
    return Span(number, 0, Level.MODEL, "model", start_ns, end_ns, tracer="model", **told)


def _traced(folder: Path, predictions: int) -> tuple[Drained, Trace]:
    """What the tracer saw of so many predictions, and the predictions."""
    predictor, tracer = _opened(folder)
    feeds = {"x": SMALL.feed(2)}
    wanted = predictor.predict(feeds)["y"]
    tracer.start()
    models = []
    for number in range(1, predictions + 1):
        start_ns = time.perf_counter_ns()
        got = predictor.predict(feeds)["y"]
        models.append(_model(number, start_ns, time.perf_counter_ns()))
        np.testing.assert_array_equal(got, wanted)
    tracer.stop()
    predictor.predict(feeds)
    return tracer.drain(), Trace(models)


def test_what_was_compiled_runs_in_each_prediction(tmp_path: Path) -> None:
    drained, models = _traced(tmp_path, 3)
    assert drained.diagnostics == ()
    spans = drained.trace.spans
    assert spans
    assert {(span.level, span.tracer, span.parent_id) for span in spans} == {
        (Level.COMPILER, "xplane", UNRESOLVED)
    }
    assert all(span.attributes["hlo_module"] for span in spans)
    assert "convolution" in {span.type for span in spans} | {span.name for span in spans}
    merged = merge([models, drained.trace])
    assert merged.diagnostics == ()
    inside = [
        sorted(span.name for span in merged.trace if model.start_ns <= span.start_ns < model.end_ns)
        for model in merged.trace.named("model")
    ]
    assert inside[0] == inside[1] == inside[2]
    assert sum(map(len, inside)) == len(merged.trace)


def test_a_tracer_that_finds_another_at_work_says_so(tmp_path: Path) -> None:
    _, tracer = _opened(tmp_path)
    jax.profiler.start_trace(str(tmp_path / "other"))
    try:
        tracer.start()
    finally:
        jax.profiler.stop_trace()
    (told,) = tracer.drain().diagnostics
    assert told.kind == "tracer_failed"
    assert told.what.startswith("xplane failed to start: Profile has already been started")


def test_only_the_compiler_is_seen_and_the_others_say_why() -> None:
    told = {each.level: each for each in JaxBackend.capabilities()}
    assert [level.name for level, each in told.items() if each.is_available] == ["COMPILER"]
    assert set(told) == {Level.COMPILER, Level.LAYER, Level.LIBRARY, Level.KERNEL}
    assert all(told[level].reason and told[level].fix for level in (Level.LAYER, Level.KERNEL))
    assert told[Level.LIBRARY].reason == "XLA does not tell which functions of a library it calls"
    assert JaxBackend.levels == ("MODEL", "COMPILER")


def test_other_levels_have_no_tracer_and_every_level_the_same_report(tmp_path: Path) -> None:
    path = SMALL.build(tmp_path / "model.onnx")
    plain, none = JaxBackend().open_traced(path, {}, [Level.MODEL, Level.LAYER])
    traced, (tracer,) = JaxBackend().open_traced(path, {}, [Level.COMPILER])
    assert none == ()
    assert isinstance(tracer, XPlaneTracer)
    for predictor in (plain, traced):
        predictor.predict({"x": SMALL.feed(1)})
    assert plain.report() == traced.report()
    assert "compile_ms" not in plain.report()
