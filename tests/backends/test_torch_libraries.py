from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

import torch

from dlscope.backends.torch import TorchBackend
from dlscope.core.trace import Level
from dlscope.testing.small_models import SMALL_MODELS, ModelBuilder

SLACK_NS = 1_000
ITERATIONS = 3
# Libraries read their environment when they are first used: a process of its own for each.
TRACED = """
import dataclasses, json, os, sys
import numpy as np
from pathlib import Path
from dlscope.backends.torch import TorchBackend
from dlscope.core.trace import Level
model, made, iterations, *levels = sys.argv[1:]
levels = [Level[name] for name in levels]
predictor, tracers = TorchBackend().open_traced(Path(model), {"threads": 1}, levels)
feeds = {"x": np.random.default_rng(0).random((2, 3, 64, 64), np.float32)}
predictor.predict(feeds)
for tracer in tracers:
    tracer.start()
os.write(1, b"a word between\\n")
for _ in range(int(iterations)):
    wanted = predictor.predict(feeds)
for tracer in reversed(tracers):
    tracer.stop()
drained = [tracer.drain() for tracer in tracers]
rows = [dataclasses.asdict(span) for each in drained for span in each.trace]
told = [dataclasses.asdict(item) for each in drained for item in each.diagnostics]
Path(made).write_text(json.dumps({"spans": rows, "diagnostics": told}))
os.write(1, b"a word after\\n")
"""
needs_onednn = pytest.mark.skipif(
    not (torch.backends.mkldnn.is_available() and torch.backends.mkl.is_available()),
    reason="this PyTorch has no oneDNN, or no MKL",
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Convolutions that go to oneDNN, and a dense layer that goes to MKL."""
    net = ModelBuilder()
    stem = net.add("Conv", "x", net.weight(64, 3, 7, 7, fan_in=147), strides=[2, 2], pads=[3] * 4)
    wide = net.add(
        "Conv", net.add("Relu", stem), net.weight(64, 64, 3, 3, fan_in=576), pads=[1] * 4
    )
    flat = net.add("Flatten", net.add("GlobalAveragePool", net.add("Relu", wide)))
    net.add("Gemm", flat, net.weight(10, 64, fan_in=64), transB=1, output="y")
    return net.save(
        tmp_path_factory.mktemp("net") / "net.onnx",
        {"x": (np.float32, ["N", 3, 64, 64])},
        {"y": (np.float32, ["N", 10])},
    )


def _run(model: Path, folder: Path, levels: str, **environment: str) -> tuple[Any, str]:
    made = folder / "trace.json"
    done = subprocess.run(
        [sys.executable, "-c", TRACED, str(model), str(made), str(ITERATIONS), *levels.split()],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, **environment},
    )
    return json.loads(made.read_text()), done.stdout


@pytest.fixture(scope="module")
def traced(model: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, str]:
    folder = tmp_path_factory.mktemp("timed")
    return _run(model, folder, "MODEL LAYER LIBRARY", ONEDNN_VERBOSE_TIMESTAMP="1")


def _level(found: Any, level: Level) -> list[Any]:
    return [span for span in found["spans"] if span["level"] == level]


def _holders(span: Any, layers: list[Any]) -> list[Any]:
    return [
        layer
        for layer in layers
        if layer["start_ns"] - SLACK_NS <= span["start_ns"]
        and span["end_ns"] <= layer["end_ns"] + SLACK_NS
    ]


@needs_onednn
def test_every_primitive_of_onednn_lies_in_a_convolution(traced: tuple[Any, str]) -> None:
    found, _ = traced
    assert found["diagnostics"] == []
    layers = _level(found, Level.LAYER)
    primitives = [span for span in found["spans"] if span["tracer"] == "onednn"]
    convolutions = [span for span in primitives if span["name"] == "convolution"]
    assert len(convolutions) == 2 * ITERATIONS
    for span in primitives:
        (holder,) = _holders(span, layers)
        assert holder["type"] == "Conv"
        assert holder["thread"] == span["thread"]
        assert holder["process"] == span["process"]
    assert convolutions[0]["attributes"]["problem"].startswith("mb2_ic3oc64_ih64oh32kh7")
    assert "synthetic_ts" not in convolutions[0]["attributes"]


@needs_onednn
def test_every_call_of_mkl_lies_in_the_dense_layer_that_made_it(traced: tuple[Any, str]) -> None:
    found, _ = traced
    calls = [span for span in found["spans"] if span["tracer"] == "mkl"]
    assert [span["name"] for span in calls] == ["SGEMM"] * ITERATIONS
    for span in calls:
        (holder,) = _holders(span, _level(found, Level.LAYER))
        assert holder["type"] == "Gemm"
        assert span["attributes"]["synthetic_ts"] is True


@needs_onednn
def test_ids_are_unique_and_words_of_others_come_out(traced: tuple[Any, str]) -> None:
    found, said = traced
    ids = [span["id"] for span in _level(found, Level.LIBRARY)]
    assert ids == list(range(1, len(ids) + 1))
    assert said == "a word between\na word after\n"


@needs_onednn
def test_without_perf_the_kernels_are_what_onednn_says_it_ran(model: Path, tmp_path: Path) -> None:
    environment = {"ONEDNN_VERBOSE_TIMESTAMP": "1", "PATH": ""}
    found, _ = _run(model, tmp_path, "MODEL LAYER KERNEL", **environment)
    assert found["diagnostics"] == []
    assert _level(found, Level.LIBRARY) == []
    kernels = _level(found, Level.KERNEL)
    assert {span["attributes"]["source"] for span in kernels} == {"impl"}
    assert sum(s["attributes"]["primitive"] == "convolution" for s in kernels) == 2 * ITERATIONS
    assert all(len(_holders(span, _level(found, Level.LAYER))) == 1 for span in kernels)


@needs_onednn
def test_without_timestamps_primitives_are_placed_in_their_layers(
    model: Path, tmp_path: Path
) -> None:
    found, _ = _run(model, tmp_path, "LAYER LIBRARY", ONEDNN_VERBOSE_TIMESTAMP="0")
    primitives = [span for span in found["spans"] if span["tracer"] == "onednn"]
    assert len([span for span in primitives if span["name"] == "convolution"]) == 2 * ITERATIONS
    for span in primitives:
        (holder,) = _holders(span, _level(found, Level.LAYER))
        assert holder["type"] == "Conv"
        assert span["attributes"]["synthetic_ts"] is True


@needs_onednn
def test_a_tracer_that_cannot_start_says_so_and_gives_output_back(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    small = SMALL_MODELS["dense"]
    path = small.build(tmp_path / "model.onnx")
    predictor, (tracer,) = TorchBackend().open_traced(path, {}, [Level.LIBRARY])

    def refuse(level: int) -> None:
        raise RuntimeError(f"no verbose mode {level}")

    monkeypatch.setattr(torch.backends.mkl, "verbose", refuse)
    tracer.start()
    os.write(1, b"here\n")
    predictor.predict({"x": small.feed(1)})
    tracer.stop()
    found = tracer.drain()
    assert len(found.trace) == 0
    assert [each.what for each in found.diagnostics] == [
        "verbose failed to start: no verbose mode 1"
    ]
    assert capfd.readouterr().out == "here\n"
