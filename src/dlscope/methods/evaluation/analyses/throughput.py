"""Items per second, counted as the pipeline mode demands."""

from __future__ import annotations

import numpy as np

from dlscope.core.run import Run
from dlscope.core.stats import trimmed_mean


def throughput_per_s(run: Run) -> float | None:
    """Items per second of one Run, None when no query was answered.

    Batch size divided by the trimmed mean batch latency; in pipeline mode `stream`, where
    neighbouring batches overlap, all answered items divided by the duration of the whole run.
    """
    latencies = run.samples.latency_ns
    if not latencies.size:
        return None
    if run.plan.scenario.pipeline == "stream":
        return int(latencies.size) * run.plan.batch_size / (run.samples.duration_ns / 1e9)
    return run.plan.batch_size / (float(trimmed_mean(np.sort(latencies))) / 1e9)
