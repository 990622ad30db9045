from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from dlscope.backends.isolated.backend import IsolatedOnnxRuntime
from dlscope.backends.isolated.remote_tracer import RemoteTracer
from dlscope.core.trace import Level
from dlscope.testing.small_models import SMALL_MODELS

HERE = Path(sys.executable)


def test_layers_are_brought_home_onto_the_clock_here(tmp_path: Path) -> None:
    model = SMALL_MODELS["convolutions"].build(tmp_path / "model.onnx")
    feeds = {"x": SMALL_MODELS["convolutions"].feed(1)}
    backend = IsolatedOnnxRuntime(HERE)
    backend.import_framework()
    predictor, (tracer,) = backend.open_traced(model, None, {Level.LAYER})
    with predictor:
        tracer.start()
        began = time.perf_counter_ns()
        predictor.predict(feeds)
        over = time.perf_counter_ns()
        tracer.stop()
        trace = tracer.drain().trace
    backend.close()
    layers = trace.take(trace["level"] == Level.LAYER)
    assert len(layers) >= 2
    slack_ns = RemoteTracer.resolution_ns
    assert (layers["start_ns"] >= began - slack_ns).all()
    assert (layers["end_ns"] <= over + slack_ns).all()
    assert set(layers["process"].tolist()) == {os.getpid()}
