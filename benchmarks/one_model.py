"""The latency of one graph as several benchmark programs tell it, in turns.

    python benchmarks/one_model.py openvino      a bare loop, benchmark_app, dlscope
    python benchmarks/one_model.py onnxruntime   a bare loop, optimum-benchmark, dlscope

EfficientNet-Lite0, batch 1, one thread, float32: left to itself OpenVINO would take bfloat16 on a
processor that has instructions for it, and need little more than half the time. Each program is a
process of its own in each round, and all open the same weights. What is not installed is named;
`make peers` makes an environment that has all.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import onnx
from overhead import Rows, tell

import dlscope
from dlscope.catalog.assets import fetch
from dlscope.catalog.finder import find
from dlscope.core.manifest import ModelManifest
from dlscope.stacks.system import system

MODEL = "efficientnet-lite0"
SHAPE = (1, 3, 224, 224)
SECONDS = 2.5
WARM = 5

Infer = Callable[[Any], Any]


def main() -> None:
    """Measure with one library and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("library", choices=("openvino", "onnxruntime"))
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--bare", metavar="GRAPH", help=argparse.SUPPRESS)
    parser.add_argument("--optimum", metavar="FOLDER", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.bare:
        sys.stdout.write(json.dumps(bare_ms(asked.library, asked.bare)))
    elif asked.optimum:
        sys.stdout.write(json.dumps(optimum_ms(asked.optimum)))
    elif importlib.util.find_spec(asked.library) is None:
        print(f"skipped: {asked.library} is not installed")
    else:
        by_turns(asked.library, asked.rounds)


def by_turns(library: str, rounds: int) -> None:
    """Every program in every round, and each ratio to the bare loop of its round."""
    cpu = system().cpu
    print(f"{MODEL} on {library}: {cpu.model}, {cpu.effective_cores} cores")
    model = find("models", MODEL)
    assert isinstance(model, ModelManifest)
    graph = str(fetch(model).paths["graph"])
    with tempfile.TemporaryDirectory() as folder:
        programs = {
            "bare loop": partial(alone, library, "--bare", graph),
            **others(library, graph, Path(folder)),
            "dlscope evaluate": partial(through_dlscope, library, {}, folder),
        }
        if library == "openvino":
            # The others fix the batch, too; left free, as the graph has it, it costs some percent.
            fixed = {"batch_size": 1}
            programs["dlscope, batch fixed"] = partial(through_dlscope, library, fixed, folder)
        rows: Rows = {name: [] for name in programs}
        for _ in range(rounds):
            for name, program in programs.items():
                rows[name].append({"ms": program()})
    bare = [row["ms"] for row in rows["bare loop"]]
    for measured in rows.values():
        for row, own in zip(measured, bare, strict=True):
            row["ratio"] = row["ms"] / own
    tell(rows, {"ms": "median ms", "ratio": "ratio to bare"})


def others(library: str, graph: str, folder: Path) -> dict[str, Callable[[], float]]:
    """The programs of others that open a graph with `library` and are installed."""
    if library == "openvino":
        app = shutil.which("benchmark_app", path=str(Path(sys.executable).parent))
        if app:
            return {"benchmark_app": partial(benchmark_app_ms, app, graph)}
        print("benchmark_app skipped: it is not beside this Python")
    elif importlib.util.find_spec("optimum_benchmark"):
        hub = as_hub_model(graph, folder / "hub")
        return {"optimum-benchmark": partial(alone, library, "--optimum", str(hub))}
    else:
        print("optimum-benchmark skipped: it is not installed (make peers)")
    return {}


def alone(library: str, option: str, path: str) -> float:
    """Median latency in ms of this script's own loop, in a new process."""
    command = [sys.executable, __file__, library, option, path]
    own = {**os.environ, "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=own)
    if done.returncode:
        raise SystemExit(f"{shlex.join(command)} failed:\n{done.stderr[-1000:]}")
    return float(json.loads(done.stdout.splitlines()[-1]))


def bare_ms(library: str, graph: str) -> float:
    """Median latency in ms of an inference loop written without dlscope."""
    infer = {"openvino": bare_openvino, "onnxruntime": bare_onnxruntime}[library](graph)
    x_nchw = np.random.default_rng(0).standard_normal(SHAPE, dtype=np.float32)
    for _ in range(WARM):
        infer(x_nchw)
    latencies = []
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        before = time.perf_counter_ns()
        infer(x_nchw)
        latencies.append(time.perf_counter_ns() - before)
    return median(latencies) / 1e6


def bare_openvino(graph: str) -> Infer:
    """A compiled model of one thread."""
    import openvino

    options: dict[str, str | int] = {
        "INFERENCE_NUM_THREADS": 1,
        "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_PRECISION_HINT": "f32",
    }
    core = openvino.Core()
    model = core.read_model(graph)
    model.reshape(list(SHAPE))
    request = core.compile_model(model, "CPU", options).create_infer_request()
    return lambda x_nchw: request.infer([x_nchw])


def bare_onnxruntime(graph: str) -> Infer:
    """A session of one thread."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    return lambda x_nchw: session.run(None, {name: x_nchw})


def as_hub_model(graph: str, folder: Path) -> Path:
    """The same graph as a folder that optimum opens: its names, and a configuration beside it."""
    from transformers import ResNetConfig

    model = onnx.load(graph)
    names = {model.graph.input[0].name: "pixel_values", model.graph.output[0].name: "logits"}
    for value in (*model.graph.input, *model.graph.output):
        value.name = names.get(value.name, value.name)
    for node in model.graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    folder.mkdir()
    onnx.save(model, folder / "model.onnx")
    # It asks for the configuration of a network that it knows; what runs is the graph.
    ResNetConfig(num_labels=1000).save_pretrained(folder)
    return folder


def optimum_ms(folder: str) -> float:
    """Median latency in ms as optimum-benchmark tells it."""
    # The exporter that it imports, and that nothing here uses, has moved within PyTorch 2.13.
    moved = importlib.import_module("torch.onnx._internal.torchscript_exporter.symbolic_opset14")
    sys.modules["torch.onnx.symbolic_opset14"] = moved
    import optimum_benchmark

    config = optimum_benchmark.BenchmarkConfig(
        name="one_model",
        scenario=optimum_benchmark.InferenceConfig(
            iterations=10,
            duration=int(SECONDS),
            warmup_runs=WARM,
            input_shapes=dict(
                zip(("batch_size", "num_channels", "height", "width"), SHAPE, strict=True)
            ),
        ),
        launcher=optimum_benchmark.InlineConfig(),
        backend=optimum_benchmark.ORTConfig(
            model=folder,
            task="image-classification",
            library="transformers",
            model_type="resnet",
            device="cpu",
            intra_op_num_threads=1,
            inter_op_num_threads=1,
            session_options={"intra_op_num_threads": 1, "inter_op_num_threads": 1},
        ),
    )
    report = optimum_benchmark.Benchmark.launch(config)
    return 1e3 * float(report.forward.latency.p50)


def benchmark_app_ms(app: str, graph: str) -> float:
    """Median latency in ms as OpenVINO's own program tells it."""
    command = [app, "-m", graph, "-d", "CPU", "-api", "sync", "-hint", "none", "-t", "3"]
    command += ["-nthreads", "1", "-infer_precision", "f32"]
    command += ["-shape", "[" + ",".join(map(str, SHAPE)) + "]"]
    told = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    found = re.search(r"Median:\s+([0-9.]+) ms", told)
    if found is None:
        raise SystemExit(f"benchmark_app told no median:\n{told[-500:]}")
    return float(found[1])


def through_dlscope(library: str, options: Mapping[str, int], store: str) -> float:
    """Median latency in ms of a run that is measured anew."""
    report = dlscope.evaluate(
        MODEL,
        backend=library,
        scenario={
            "name": "online",
            "mode": "performance",
            "min_queries": 10,
            "min_duration_ms": 1e3 * SECONDS,
        },
        options={"threads": 1, **options},
        store=store,
        rerun=True,
    )
    (row,) = report.table("latency")
    if row["p50_ns"] is None:
        raise SystemExit(f"dlscope evaluate gave no latency: {row['reason']}")
    return float(row["p50_ns"]) / 1e6


if __name__ == "__main__":
    main()
