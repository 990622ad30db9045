from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.run import Samples
from dlscope.core.stats import percentile, percentile_interval
from dlscope.store.latencies import latencies


def samples(latencies_ns: list[int], gap_ns: int = 0) -> Samples:
    ends = np.cumsum(np.array(latencies_ns, dtype=np.int64) + gap_ns)
    starts = ends - np.array(latencies_ns, dtype=np.int64)
    return Samples(starts, starts, ends, np.ones(len(ends), dtype=np.bool_))


def test_no_answers_have_no_latencies() -> None:
    assert latencies(Samples.empty()) == {}


def test_they_are_those_of_the_statistics() -> None:
    given = samples(list(range(1_000_000, 2_000_000, 10_000)))
    told = latencies(given)
    interval = percentile_interval(given.latency_ns, 0.5)
    assert told["p50_ns"] == percentile(given.ordered_ns, 0.5)
    assert told["p90_ns"] == percentile(given.ordered_ns, 0.9)
    assert (told["p50_lo_ns"], told["p50_hi_ns"]) == (interval.lo, interval.hi)


def test_the_rate_counts_what_was_answered_over_the_whole_time() -> None:
    # Four queries of 1 ms, each 1 ms after the one before: 7 ms from first issue to last answer.
    told = latencies(samples([1_000_000] * 4, gap_ns=1_000_000))
    assert told["queries_per_s"] == pytest.approx(4 / 7e-3)
