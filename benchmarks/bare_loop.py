"""Is a latency through dlscope the latency of the framework?

Two comparisons, each printed as ratio dlscope / bare (1.00 is no difference) with its spread:

1. In one process and one session: a bare `session.run` and dlscope's closed loop around its
   predictor take turns, query by query.
2. In fresh processes: a bare loop and a whole `dlscope evaluate` (pipeline mode preloaded) take
   turns. Two processes differ by a few percent for reasons of their own, such as where their
   memory lies; that spread is printed too, as bare against bare.

    python benchmarks/bare_loop.py [--pairs 2000] [--rounds 8] [--seconds 2] [--threads 1]
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from itertools import repeat
from pathlib import Path
from statistics import median

import numpy as np
from numpy.typing import NDArray

import dlscope
from dlscope.backends.onnxruntime import OnnxRuntimeBackend, OnnxRuntimePredictor
from dlscope.catalog.assets import fetch
from dlscope.catalog.finder import find
from dlscope.core.manifest import ModelManifest
from dlscope.core.stats import Interval, bootstrap_interval, trimmed_mean
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


def side_by_side(graph: Path, pairs: int, threads: int) -> tuple[float, Interval]:
    """Ratio of trimmed means and its 95 % interval, query by query in one process and session.

    Neighbours in time are compared, so a machine that drifts favours neither; who goes first
    changes with every pair.
    """
    generator = np.random.default_rng(0)
    feeds = [
        {"input": generator.standard_normal((1, 3, 224, 224), dtype=np.float32)} for _ in range(20)
    ]
    clock, once = MonotonicClock(), StopRule(1, 0, 0, 0)
    with OnnxRuntimeBackend().open(graph, {"threads": threads}) as predictor:
        assert isinstance(predictor, OnnxRuntimePredictor)
        run = predictor._session.run

        def through(index: int) -> int:
            samples = closed_loop(
                lambda each: predictor.predict(feeds[each]), repeat(index), once, clock
            )
            return int(samples.latency_ns[0])

        def alone(index: int) -> int:
            before = time.perf_counter_ns()
            run(None, feeds[index])
            return time.perf_counter_ns() - before

        for index in range(20):
            alone(index)
        latencies = np.empty((pairs, 2))
        for number in range(pairs):
            index = number % 20
            if number % 2:
                latencies[number] = through(index), alone(index)
            else:
                latencies[number] = (alone(index), through(index))[::-1]
    return _ratio(latencies), _ratio_interval(latencies)


def _ratio(latencies: NDArray[np.float64]) -> float:
    mine, bare_mean = (float(trimmed_mean(np.sort(column))) for column in latencies.T)
    return mine / bare_mean


def _ratio_interval(latencies: NDArray[np.float64]) -> Interval:
    """Pairs are drawn together, in blocks of neighbours."""
    n = len(latencies)
    block = math.ceil(math.sqrt(n))
    generator = np.random.default_rng(0)
    ratios = []
    for _ in range(1000):
        starts = generator.integers(0, n, size=(math.ceil(n / block), 1))
        ratios.append(_ratio(latencies[((starts + np.arange(block)) % n).ravel()[:n]]))
    lo, hi = np.quantile(ratios, [0.025, 0.975])
    return Interval(float(lo), float(hi))


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
    parser.add_argument("--pairs", type=int, default=2000)
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
    ratio, interval = side_by_side(graph, asked.pairs, asked.threads)
    print(
        f"one process  : {ratio:.4f}, 95 % [{interval.lo:.4f}, {interval.hi:.4f}], "
        f"{asked.pairs} pairs of queries",
        flush=True,
    )
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
