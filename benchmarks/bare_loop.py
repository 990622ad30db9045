"""Is a latency through dlscope the latency of the framework?

A bare `session.run` loop in a fresh process and `dlscope evaluate` (pipeline mode preloaded) take
turns on the same model with the same options; printed is the ratio of their trimmed means, round
by round, its median and its spread. 1.00 is no difference.

    python benchmarks/bare_loop.py [--rounds 8] [--seconds 3] [--threads 1]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from statistics import median

import numpy as np

import dlscope
from dlscope.catalog.assets import fetch
from dlscope.catalog.finder import find
from dlscope.core.manifest import ModelManifest
from dlscope.core.stats import bootstrap_interval, trimmed_mean

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


def through_dlscope(seconds: float, threads: int, store: str) -> tuple[float, float, float]:
    """Trimmed mean latency in ns of the same model through a whole Run, with its interval."""
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
    row = next(iter(report.table("latency")))
    return float(row["mean_ns"]), float(row["ci_lo_ns"]), float(row["ci_hi_ns"])


def main() -> None:
    """Print one line a round, then the verdict."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--bare", metavar="GRAPH")
    asked = parser.parse_args()
    if asked.bare:
        print(json.dumps(bare(asked.bare, asked.seconds, asked.threads)))
        return
    model = find("models", MODEL)
    assert isinstance(model, ModelManifest)
    graph = str(fetch(model).paths["graph"])
    ratios, inside = [], 0
    with tempfile.TemporaryDirectory() as store:
        for number in range(1, asked.rounds + 1):
            mean, lo, hi = through_dlscope(asked.seconds, asked.threads, store)
            command = [sys.executable, __file__, "--bare", graph]
            command += ["--seconds", str(asked.seconds), "--threads", str(asked.threads)]
            alone = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
            ratios.append(mean / alone)
            inside += lo <= alone <= hi
            print(
                f"round {number}: dlscope / bare = {ratios[-1]:.3f}, bare in interval: "
                f"{lo <= alone <= hi}"
            )
    interval = bootstrap_interval(np.array(ratios), lambda rows: np.median(rows, axis=-1))
    print(
        f"median {median(ratios):.3f}, 95 % [{interval.lo:.3f}, {interval.hi:.3f}], "
        f"from {min(ratios):.3f} to {max(ratios):.3f}; bare mean inside the Run's interval in "
        f"{inside} of {asked.rounds} rounds"
    )


if __name__ == "__main__":
    main()
