"""`latencies`: what a listing tells of the samples of a Run."""

from __future__ import annotations

from collections.abc import Mapping

from dlscope.core.run import Samples
from dlscope.core.stats import percentile, percentile_interval


def latencies(samples: Samples) -> Mapping[str, int | float]:
    """Median with its 95 % interval and 0.9 percentile, in ns, and answers per second.

    The rate is of answered queries over the whole of the measured part. Empty where no query was
    answered.
    """
    ordered = samples.ordered_ns
    if not ordered.size:
        return {}
    interval = percentile_interval(samples.latency_ns, 0.5)
    return {
        "p50_ns": int(percentile(ordered, 0.5)),
        "p50_lo_ns": interval.lo,
        "p50_hi_ns": interval.hi,
        "p90_ns": int(percentile(ordered, 0.9)),
        "queries_per_s": _rate(ordered.size, samples.duration_ns),
    }


def _rate(answers: int, duration_ns: int) -> float:
    return answers / (max(duration_ns, 1) / 1e9)
