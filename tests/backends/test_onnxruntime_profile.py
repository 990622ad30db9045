from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import onnx
import pytest

pytest.importorskip("onnxruntime")

from dlscope.backends.onnxruntime import OnnxRuntimeBackend
from dlscope.core.trace import Level
from dlscope.testing.small_models import SMALL_MODELS

SMALL = SMALL_MODELS["convolutions"]
SLACK_NS = 2_000


def _traced(path: Path, iterations: int, *levels: Level, **options):
    feeds = {"x": SMALL.feed(1)}
    predictor, (tracer,) = OnnxRuntimeBackend().open_traced(path, options, levels)
    predictor.predict(feeds)
    tracer.start()
    start_ns = time.perf_counter_ns()
    for _ in range(iterations):
        predictor.predict(feeds)
    end_ns = time.perf_counter_ns()
    tracer.stop()
    predictor.predict(feeds)
    return tracer, tracer.drain(), (start_ns, end_ns)


def test_without_optimisation_every_node_of_the_file_is_a_layer(tmp_path: Path) -> None:
    path = SMALL.build(tmp_path / "model.onnx")
    _, found, (start_ns, end_ns) = _traced(path, 2, Level.LAYER, graph_optimization="disabled")
    assert found.diagnostics == ()
    nodes = [(node.name, node.op_type) for node in onnx.load(path).graph.node]
    spans = found.trace.spans
    assert [(span.name, span.type) for span in spans] == nodes * 2
    assert [span.id for span in spans] == list(range(1, len(spans) + 1))
    for span in spans:
        assert start_ns - SLACK_NS <= span.start_ns <= span.end_ns <= end_ns + SLACK_NS
        assert (span.process, span.thread) == (os.getpid(), threading.get_native_id())
    assert spans[0].attributes["output_shape"] == "1x8x6x6"
    told = spans[0].attributes
    # A convolution of 8 filters of 3×3×3 with their biases, over 3×12×12.
    assert (told["output_bytes"], told["activation_bytes"]) == (1152, 1728)
    assert told["parameter_bytes"] == 4 * (8 * 27 + 8)
    assert told["allocator_in_use_bytes"] >= told["output_bytes"]


def test_kernels_are_asked_for(tmp_path: Path) -> None:
    path = SMALL.build(tmp_path / "model.onnx")
    _, found, _ = _traced(path, 1, Level.MODEL, Level.LAYER, Level.KERNEL)
    levels = {span.level for span in found.trace}
    assert levels == {Level.LAYER, Level.KERNEL}


def test_a_session_is_profiled_once(tmp_path: Path) -> None:
    tracer, _, _ = _traced(SMALL.build(tmp_path / "model.onnx"), 1, Level.LAYER)
    tracer.start()
    tracer.stop()
    (diagnostic,) = tracer.drain().diagnostics
    assert diagnostic.what == ("onnxruntime failed to start: a session can be profiled only once")


def test_without_layers_there_is_no_profile(tmp_path: Path) -> None:
    path = SMALL.build(tmp_path / "model.onnx")
    predictor, tracers = OnnxRuntimeBackend().open_traced(path, {}, [Level.MODEL])
    assert tracers == ()
    assert "y" in predictor.predict({"x": SMALL.feed(1)})


def test_says_what_it_cannot_see() -> None:
    found = {each.level: each for each in OnnxRuntimeBackend.capabilities()}
    assert found[Level.LAYER].is_available
    assert found[Level.KERNEL].is_available
    assert not found[Level.COUNTER].is_available
    assert found[Level.LIBRARY].reason == (
        "ONNX Runtime does not tell which functions of its own library a layer calls"
    )


def test_with_several_threads_for_operators_others_than_the_caller_run_them(
    tmp_path: Path,
) -> None:
    path = SMALL.build(tmp_path / "model.onnx")
    _, serial, _ = _traced(path, 1, Level.LAYER)
    assert set(serial.trace["thread"]) == {threading.get_native_id()}
    _, found, _ = _traced(path, 1, Level.LAYER, inter_op_threads=2)
    assert set(found.trace["thread"]) - {threading.get_native_id()}
