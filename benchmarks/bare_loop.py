"""Is a latency through dlscope the latency of the framework?

Two comparisons, each printed as ratio dlscope / bare (1.00 is no difference) with its spread:

1. In one process and one session: blocks of a bare `session.run` loop and of dlscope's closed loop
   around its predictor take turns.
2. In fresh processes: a bare loop and a whole `dlscope evaluate` (pipeline mode preloaded) take
   turns. Two processes differ by a few percent for reasons of their own, such as where their
   memory lies; that spread is printed too, as bare against bare.

    python benchmarks/bare_loop.py [--rounds 8] [--seconds 2] [--threads 1]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import cycle
from pathlib import Path
from statistics import median

import numpy as np

import dlscope
from dlscope.backends.onnxruntime import OnnxRuntimeBackend, OnnxRuntimePredictor
from dlscope.catalog.assets import fetch
from dlscope.catalog.finder import find
from dlscope.core.manifest import ModelManifest
from dlscope.core.stats import bootstrap_interval, trimmed_mean
from dlscope.loadgen.closed_loop import closed_loop
from dlscope.loadgen.stop_rule import StopRule
from dlscope.tracing.clock import MonotonicClock

MODEL = "efficientnet-lite0"


def bare(graph: str, seconds: float, threads: int) -> float:
    """Trimmed mean latency in ns of a `session.run` loop written without dlscope."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    generator = np.random.default_rng(0)
    inputs = [generator.standard_normal((1, 3, 224, 224), dtype=np.float32) for _ in range(20)]
    for _ in range(5):
        session.run(None, {"input": inputs[0]})
    latencies = []
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        feeds = {"input": inputs[len(latencies) % 20]}
        before = time.perf_counter_ns()
        session.run(None, feeds)
        latencies.append(time.perf_counter_ns() - before)
    return float(trimmed_mean(np.sort(np.array(latencies))))


def bare_in_a_fresh_process(graph: str, seconds: float, threads: int) -> float:
    """What `bare` gives in a process that has done nothing else."""
    command = [sys.executable, __file__, "--bare", graph]
    command += ["--seconds", str(seconds), "--threads", str(threads)]
    return float(json.loads(subprocess.run(command, check=True, capture_output=True).stdout))


def through_dlscope(seconds: float, threads: int, store: str) -> float:
    """Trimmed mean latency in ns of the same model through a whole Run."""
    report = dlscope.evaluate(
        MODEL,
        scenario={
            "name": "online",
            "mode": "performance",
            "min_queries": 10,
            "min_duration_ms": seconds * 1e3,
        },
        options={"threads": threads},
        store=store,
        rerun=True,
    )
    return float(report.table("latency").column("mean_ns")[0])


def side_by_side(graph: Path, blocks: int, queries: int, threads: int) -> list[float]:
    """Ratios of trimmed means, block by block, in this process and one session."""
    generator = np.random.default_rng(0)
    feeds = [
        {"input": generator.standard_normal((1, 3, 224, 224), dtype=np.float32)} for _ in range(20)
    ]
    with OnnxRuntimeBackend().open(graph, {"threads": threads}) as predictor:
        assert isinstance(predictor, OnnxRuntimePredictor)
        run = predictor._session.run
        rule = StopRule(queries, 0, 0, 0)
        clock = MonotonicClock()

        def through() -> float:
            samples = closed_loop(
                lambda index: predictor.predict(feeds[index]), cycle(range(20)), rule, clock
            )
            return float(trimmed_mean(np.sort(samples.latency_ns)))

        def alone() -> float:
            latencies = []
            for index in range(queries):
                before = time.perf_counter_ns()
                run(None, feeds[index % 20])
                latencies.append(time.perf_counter_ns() - before)
            return float(trimmed_mean(np.sort(np.array(latencies))))

        alone()
        pairs = [
            (through(), alone()) if i % 2 else (alone(), through())[::-1] for i in range(blocks)
        ]
    return [mine / bare for mine, bare in pairs]


def tell(title: str, ratios: Sequence[float]) -> None:
    """One line with median, 95 % interval and range."""
    interval = bootstrap_interval(np.array(ratios), lambda rows: np.median(rows, axis=-1))
    print(
        f"{title}: median {median(ratios):.4f}, 95 % [{interval.lo:.4f}, {interval.hi:.4f}], "
        f"from {min(ratios):.4f} to {max(ratios):.4f}, {len(ratios)} pairs",
        flush=True,
    )


def main() -> None:
    """Print one line for each comparison."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bare", metavar="GRAPH")
    asked = parser.parse_args()
    if asked.bare:
        print(json.dumps(bare(asked.bare, asked.seconds, asked.threads)))
        return
    model = find("models", MODEL)
    assert isinstance(model, ModelManifest)
    graph = fetch(model).paths["graph"]
    tell("one process  ", side_by_side(graph, 20, 100, asked.threads))
    against_bare, bare_against_bare = [], []
    with tempfile.TemporaryDirectory() as store:
        for _ in range(asked.rounds):
            before = bare_in_a_fresh_process(str(graph), asked.seconds, asked.threads)
            through = through_dlscope(asked.seconds, asked.threads, store)
            after = bare_in_a_fresh_process(str(graph), asked.seconds, asked.threads)
            against_bare.append(through / ((before + after) / 2))
            bare_against_bare.append(after / before)
    tell("fresh process", against_bare)
    tell("bare / bare  ", bare_against_bare)


if __name__ == "__main__":
    main()
