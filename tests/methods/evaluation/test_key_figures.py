from __future__ import annotations

import dataclasses

import pytest

from dlscope.core.run import Energy, Metric, Probe
from dlscope.methods.evaluation.key_figures import key_figures
from dlscope.testing.analyses import example_run

RUN = example_run("r-1")


def told(*runs) -> dict[str, str]:
    return dict(key_figures(runs))


def test_tells_what_a_reader_asks_first_with_intervals() -> None:
    assert key_figures([RUN, example_run("r-2", batch_size=2)]) == (
        ("top-1", "100.0 % [44, 100], 3 of 3"),
        ("latency p50", "1.20 ms [1.10, 1.30], p90 1.40 ms"),
        ("trimmed mean", "1.20 ms [1.07, 1.33], 5 queries"),
        ("throughput", "1\u202f667 1/s at batch 2, optimal batch 2"),
        ("cold start", "40.0 ms: load 30.0 ms · first prediction 10.0 ms"),
        ("peak memory", "3.91 KiB above 1000 B"),
    )


def test_a_metric_that_counts_nothing_has_its_value_and_ends() -> None:
    run = dataclasses.replace(RUN, metrics=(Metric("mean_iou", 0.5, 0.25, 0.75, 9),))
    assert told(run)["mean iou"] == "0.500 [0.25, 0.75]"
    bare = dataclasses.replace(RUN, metrics=(Metric("mean_iou", 0.5, None, None, 9),))
    assert told(bare)["mean iou"].strip() == "0.500"


@pytest.mark.parametrize(
    ("energy", "words"),
    [
        (Energy("rapl", 1.0, 2.0, 0.125), "0.125 J per inference (rapl)"),
        (Energy(reason="no counter can be read"), "not measured: no counter can be read"),
    ],
)
def test_energy_is_told_or_why_it_was_not_measured(energy: Energy, words: str) -> None:
    assert told(dataclasses.replace(RUN, energy=energy))["energy"] == words


def test_what_was_not_measured_is_left_out() -> None:
    run = example_run("r-1", latencies_ns=(), mode="accuracy")
    bare = dataclasses.replace(run, stages=(), memory_bytes={}, metrics=())
    assert told(bare) == {}
    assert "latency p50" not in told(run)


def test_several_models_frameworks_or_no_runs_have_no_key_figures() -> None:
    assert told(RUN, example_run("r-2", framework="torch")) == {}
    assert told(RUN, example_run("r-2", model="other")) == {}
    assert told() == {}


def test_under_load_the_tail_is_told() -> None:
    run = example_run("r-1", type="server", name="server")
    assert "latency p50" not in told(run)
    assert told(run)["latency p99, server"] == "1.40 ms, 5 queries"


def test_a_search_tells_its_peak_or_that_there_is_none() -> None:
    probe = Probe(119.5, 3, 50, 2_000_000, 900, holds=True, confirms=True)
    searched = dataclasses.replace(example_run("r-1", mode="find_peak"), probes=(probe,) * 3)
    assert told(searched)["peak"] == "119.5 queries/s"
    assert told(dataclasses.replace(searched, probes=(probe,)))["peak"] == "none was confirmed"
