from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from dlscope.backends.tensorflow import TensorFlowBackend
from dlscope.core.trace import Level, Span, Trace
from dlscope.testing.small_models import SMALL_MODELS
from dlscope.tracing.draining import drained
from dlscope.tracing.merge import merge

SMALL = SMALL_MODELS["convolutions"]


def traced(folder: Path, iterations: int, *levels: Level):
    """What is seen of so many predictions, and the spans of those."""
    path = SMALL.build(folder / "model.onnx")
    predictor, (tracer,) = TensorFlowBackend().open_traced(path, {}, levels)
    feeds = {"x": SMALL.feed(2)}
    wanted = predictor.predict(feeds)["y"]
    tracer.start()
    models = []
    for number in range(iterations):
        start_ns = time.perf_counter_ns()
        np.testing.assert_array_equal(predictor.predict(feeds)["y"], wanted)
        ends = (start_ns, time.perf_counter_ns())
        place = {"iteration": number, "process": os.getpid()}
        models.append(Span(number + 1, 0, Level.MODEL, "model", *ends, **place))
    tracer.stop()
    predictor.predict(feeds)
    return drained([tracer], Trace(models)), Trace(models)


def test_every_iteration_runs_the_same_operators_inside_its_prediction(tmp_path: Path) -> None:
    ((trace,), diagnostics), models = traced(tmp_path, 3, Level.LAYER)
    assert diagnostics == ()
    by_iteration = [
        [span.name for span in trace if span.iteration == number] for number in range(3)
    ]
    assert by_iteration[0]
    assert by_iteration[0] == by_iteration[1] == by_iteration[2]
    merged = merge([models, trace])
    assert merged.diagnostics == ()
    by_id = {span.id: span for span in merged.trace}
    for span in merged.trace:
        if span.level == Level.LAYER:
            parent = by_id[span.parent_id]
            assert (parent.level, parent.iteration) == (Level.MODEL, span.iteration)


def test_each_node_of_the_model_is_told_by_one_operator_at_most(tmp_path: Path) -> None:
    ((trace,), _), _ = traced(tmp_path, 1, Level.LAYER)
    told = [span.attributes["original_layers"] for span in trace if span.attributes]
    assert told
    assert len(set(told)) == len(told)


def test_kernels_are_the_classes_of_operators_inside_their_layers(tmp_path: Path) -> None:
    ((trace,), _), models = traced(tmp_path, 1, Level.LAYER, Level.KERNEL)
    merged = merge([models, trace])
    assert merged.diagnostics == ()
    by_id = {span.id: span for span in merged.trace}
    kernels = [span for span in merged.trace if span.level == Level.KERNEL]
    assert kernels
    for kernel in kernels:
        layer = by_id[kernel.parent_id]
        assert (layer.level, layer.type) == (Level.LAYER, kernel.name)


def test_the_profiler_may_be_started_again(tmp_path: Path) -> None:
    path = SMALL.build(tmp_path / "model.onnx")
    predictor, (tracer,) = TensorFlowBackend().open_traced(path, {}, [Level.LAYER])
    counts = []
    for _ in range(2):
        tracer.start()
        predictor.predict({"x": SMALL.feed(1)})
        tracer.stop()
        found = tracer.drain()
        assert found.diagnostics == ()
        counts.append(len(found.trace))
    assert counts[0] == counts[1] > 0


def test_two_profilers_at_once_are_told(tmp_path: Path) -> None:
    path = SMALL.build(tmp_path / "model.onnx")
    _, (first,) = TensorFlowBackend().open_traced(path, {}, [Level.LAYER])
    _, (second,) = TensorFlowBackend().open_traced(path, {}, [Level.LAYER])
    first.start()
    second.start()
    first.stop()
    second.stop()
    assert first.drain().diagnostics == ()
    (told,) = second.drain().diagnostics
    assert told.kind == "tracer_failed"
    assert told.what.startswith("tensorflow failed to start: ")


def test_without_a_deeper_level_there_is_no_tracer(tmp_path: Path) -> None:
    path = SMALL.build(tmp_path / "model.onnx")
    _, tracers = TensorFlowBackend().open_traced(path, {}, [Level.LIBRARY])
    assert tracers == ()


def test_says_what_it_can_see_and_what_it_cannot() -> None:
    told = {each.level: each for each in TensorFlowBackend.capabilities()}
    assert told[Level.LAYER].is_available
    assert told[Level.KERNEL].is_available
    assert told[Level.LIBRARY].reason == (
        "TensorFlow does not tell which functions of a library an operator calls"
    )
