from __future__ import annotations

import pytest

from dlscope.methods.evaluation.analyses.throughput import throughput_per_s
from dlscope.testing.analyses import example_run

LATENCIES = (1_000_000, 2_000_000, 2_000_000, 2_000_000, 93_000_000)


def test_a_batch_divided_by_the_trimmed_mean() -> None:
    run = example_run("r-1", latencies_ns=LATENCIES, batch_size=4)
    assert throughput_per_s(run) == pytest.approx(4 / 2e-3)


def test_a_stream_is_counted_over_its_whole_duration() -> None:
    run = example_run("r-1", latencies_ns=LATENCIES, batch_size=4, pipeline="stream")
    assert throughput_per_s(run) == pytest.approx(5 * 4 / 100e-3)


def test_no_queries_no_throughput() -> None:
    assert throughput_per_s(example_run("r-1", latencies_ns=())) is None
