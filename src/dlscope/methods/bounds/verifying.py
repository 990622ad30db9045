"""`Achieved`: what a change really saved, from turns of both setups side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from dlscope.core.stats import Interval, bootstrap_interval
from dlscope.methods.bounds.end_to_end import calm_rounds, latency_ns
from dlscope.store.benchmarks import BenchmarkResult


@final
@dataclass(frozen=True)
class Achieved:
    """The median saving over rounds, ns, with its 95 % interval; `failed` says why there is none.

    Below 0 the change made it slower.
    """

    saving_ns: float
    interval_ns: Interval
    latency_ns: float
    failed: str = ""


def achieved(before: BenchmarkResult, after: BenchmarkResult) -> Achieved:
    """What `after` saves over `before`, both from the same rounds.

    A round is a pair: what slows the machine down for a while slows both. Pairs that other work
    held up are left out.
    """
    if after.status != "ok":
        return Achieved(0.0, Interval(0.0, 0.0), 0.0, after.reason)
    pairs = calm_rounds(before, after)
    first, second = (np.asarray(each.samples_ns, np.float64)[pairs] for each in (before, after))
    saved = first - second
    interval = bootstrap_interval(saved, _median)
    return Achieved(float(np.median(saved)), interval, latency_ns(after))


def _median(values: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.median(values, axis=-1))
