"""Does the streaming pipeline gain where preparing an item takes about as long as predicting it?

`dlscope evaluate` with one thread for the prediction, in pipeline modes sequential and stream, take
turns; printed is the ratio of their throughputs, round by round, its median and its spread. It
needs two free cores.

    python benchmarks/streaming.py [--rounds 6] [--seconds 3]
"""

from __future__ import annotations

import argparse
import tempfile
from statistics import median

import dlscope

MODEL = "efficientnet-lite0"


def throughput(pipeline: str, seconds: float, store: str) -> tuple[float, float]:
    """Items per second, and the share of preparation in the time of an item."""
    report = dlscope.evaluate(
        MODEL,
        scenario={"name": "quick", "pipeline": pipeline, "min_duration_ms": seconds * 1e3},
        options={"threads": 1},
        store=store,
        rerun=True,
    )
    stages = report.table("stages")
    prepared = sum(
        float(row["share"]) for row in stages if row["stage"] in ("decode", "preprocess")
    )
    return float(next(iter(report.table("latency")))["throughput_per_s"]), prepared


def main() -> None:
    """Print one line a round, then the verdict."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=3.0)
    asked = parser.parse_args()
    ratios = []
    with tempfile.TemporaryDirectory() as store:
        for number in range(1, asked.rounds + 1):
            one_by_one, prepared = throughput("sequential", asked.seconds, store)
            overlapped, _ = throughput("stream", asked.seconds, store)
            ratios.append(overlapped / one_by_one)
            print(
                f"round {number}: stream / sequential = {ratios[-1]:.2f}, "
                f"preparing takes {prepared:.0%} of an item",
                flush=True,
            )
    print(f"median {median(ratios):.2f}, from {min(ratios):.2f} to {max(ratios):.2f}")


if __name__ == "__main__":
    main()
