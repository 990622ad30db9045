from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("openvino")

from dlscope.backends.openvino import OpenVinoBackend
from dlscope.core.trace import Level
from dlscope.testing.small_models import SMALL_MODELS

SMALL = SMALL_MODELS["convolutions"]


def test_the_nodes_of_each_inference_are_layers(tmp_path: Path) -> None:
    path = SMALL.build(tmp_path / "model.onnx")
    feeds = {"x": SMALL.feed(2)}
    predictor, (tracer,) = OpenVinoBackend().open_traced(path, {}, [Level.MODEL, Level.LAYER])
    wanted = predictor.predict(feeds)["y"]
    tracer.start()
    windows = []
    for _ in range(3):
        start_ns = time.perf_counter_ns()
        np.testing.assert_array_equal(predictor.predict(feeds)["y"], wanted)
        windows.append((start_ns, time.perf_counter_ns()))
    tracer.stop()
    predictor.predict(feeds)
    found = tracer.drain()
    assert found.diagnostics == ()
    spans = found.trace.spans
    names = [span.name for span in spans]
    count = len(names) // 3
    assert names == names[:count] * 3
    assert [span.type for span in spans].count("Convolution") == 6
    for place, span in enumerate(spans):
        start_ns, end_ns = windows[place // count]
        assert start_ns <= span.start_ns <= end_ns
        assert (span.process, span.thread) == (os.getpid(), threading.get_native_id())
        assert span.attributes["status"] == "EXECUTED"
        assert span.attributes["synthetic_ts"] is True
    convolution = next(span for span in spans if span.type == "Convolution")
    assert convolution.attributes["output_shape"] == "2x8x6x6"
    assert convolution.attributes["output_dtype"] == "float32"
    assert "t0" in str(convolution.attributes["original_layers"]).split(",")


def test_kernels_are_asked_for(tmp_path: Path) -> None:
    path = SMALL.build(tmp_path / "model.onnx")
    predictor, (tracer,) = OpenVinoBackend().open_traced(path, {}, [Level.KERNEL])
    tracer.start()
    predictor.predict({"x": SMALL.feed(1)})
    tracer.stop()
    found = tracer.drain().trace
    assert {span.level for span in found} == {Level.KERNEL}
    assert all(span.attributes["source"] == "exec_type" for span in found)


def test_without_layers_nothing_is_counted(tmp_path: Path) -> None:
    path = SMALL.build(tmp_path / "model.onnx")
    _, tracers = OpenVinoBackend().open_traced(path, {}, [Level.MODEL])
    assert tracers == ()


def test_says_what_it_cannot_see() -> None:
    found = {each.level: each for each in OpenVinoBackend.capabilities()}
    assert found[Level.LAYER].is_available
    assert found[Level.KERNEL].is_available
    assert not found[Level.COUNTER].is_available
    assert found[Level.LIBRARY].reason == (
        "OpenVINO does not tell which functions of its own library a layer calls"
    )
