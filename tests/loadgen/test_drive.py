from __future__ import annotations

from pathlib import Path

import pytest

from dlscope.core.errors import MeasurementError
from dlscope.loadgen.drive import drive

MS = 1_000_000

KINDS = {
    "online": {},
    "batched": {},
    "offline": {},
    "server": {"rate_qps": 100, "latency_bound_ms": 50},
    "burst": {"burst": {"size": 3, "period_ms": 100}},
    "uniform": {"rate_qps": 100},
    "interactive": {"users": 2, "think_time_ms": 10},
    "single_stream": {},
    "multi_stream": {},
    "server_mlperf": {"rate_qps": 100, "latency_bound_ms": 50},
    "offline_mlperf": {"samples_per_query": 30},
}


@pytest.mark.parametrize("kind", KINDS)
def test_issues_every_type_of_scenario(of_type, serving, clock, kind: str) -> None:
    scenario = of_type(kind, **{"min_queries": 30, "min_duration_ms": 0, **KINDS[kind]})
    samples = drive(scenario, serving(2 * MS), clock)
    assert len(samples) == 30
    assert samples.ok.all()
    assert (samples.latency_ns >= 2 * MS).all()


def test_samples_of_a_query_follow_one_another_round_the_end(of_type, serving, clock) -> None:
    system = serving(1, samples=5)
    drive(of_type("multi_stream", samples_per_query=3, min_queries=40), system, clock)
    assert set(system.asked) == {(0, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 0), (4, 0, 1)}


def test_a_query_asks_for_a_batch_at_least(of_type, serving, clock) -> None:
    system = serving(1)
    drive(of_type("batched", batch_size=4, min_queries=2), system, clock)
    assert {len(query) for query in system.asked} == {4}


def test_offline_asks_for_its_samples_a_batch_at_a_time(of_type, serving, clock) -> None:
    system = serving(1)
    scenario = of_type("offline", samples_per_query=10, batch_size=4)
    samples = drive(scenario, system, clock)
    assert [len(query) for query in system.asked] == [4, 4, 4]
    assert len(samples) == 3


def test_an_answer_after_its_time_is_a_failed_query(of_type, serving, clock) -> None:
    scenario = of_type("online", timeout_ms=5, min_queries=3)
    samples = drive(scenario, serving(1 * MS, 6 * MS, 5 * MS), clock)
    assert samples.ok.tolist() == [True, False, True]


def test_a_server_far_behind_is_not_waited_for(of_type, serving, clock) -> None:
    scenario = of_type("server", rate_qps=1000, latency_bound_ms=20, min_queries=100)
    samples = drive(scenario, serving(10 * MS), clock)
    assert len(samples) == 100
    assert 0 < samples.ok.sum() < 20


def test_a_trace_asks_for_its_own_samples(of_type, serving, clock, tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_text("scheduled_ns,sample_id\n0,3\n10,1\n20,3\n")
    samples = drive(of_type("replay", trace_file=str(path)), serving(2), clock)
    assert samples.sample.tolist() == [3, 1, 3]
    assert samples.latency_ns.tolist() == [2, 2, 2]


def test_refuses_a_system_without_samples(of_type, serving, clock) -> None:
    with pytest.raises(MeasurementError) as caught:
        drive(of_type("online"), serving(1, samples=0), clock)
    assert caught.value.describe() == (
        "MeasurementError: the system has no sample to be asked for\n"
        "  where  scenario tiny\n"
        "  fix    give it a data set with at least one item that can be prepared"
    )
