from __future__ import annotations

import json
import os
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from dlscope.core.errors import DataError, MeasurementError
from dlscope.core.run import Condition
from dlscope.loadgen.closed_loop import never
from dlscope.loadgen.mlperf.door import drive_with_mlperf
from dlscope.loadgen.mlperf.logs import parse_accuracy, parse_summary
from dlscope.loadgen.mlperf.settings import Override, Settings

FAST = {"rate_qps": 2000, "latency_bound_ms": 1000, "min_queries": 100}
LOGS = [
    "mlperf_log_accuracy.json",
    "mlperf_log_detail.txt",
    "mlperf_log_summary.txt",
    "mlperf_settings.json",
]


@pytest.fixture
def drive(scenario, tmp_path: Path):
    def run(kind: str, system, settings=None, watch=never, **fields):
        mode = fields.pop("as_mode", "performance")
        asked = scenario(kind, **fields)
        return drive_with_mlperf(asked, system, settings, tmp_path / "logs", watch, mode=mode)

    return run


@pytest.mark.parametrize(
    ("kind", "fields", "per_query"),
    [
        ("online", {}, 1),
        ("single_stream", {"min_queries": 150}, 1),
        ("multi_stream", {"min_queries": 700, "samples_per_query": 4}, 4),
        ("server", FAST, 1),
        ("offline", {"min_queries": 90}, 1),
    ],
)
def test_latencies_of_single_queries_are_loadgens_own(
    drive, fixed_latency, kind, fields, per_query
) -> None:
    system = fixed_latency()
    outcome = drive(kind, system, **fields)
    summary = parse_summary(outcome.artifacts["mlperf_log_summary.txt"])
    ordered = np.sort(outcome.samples.latency_ns)
    for name in ("50.00", "90.00", "95.00", "97.00", "99.00", "99.90"):
        told = int(summary[f"{name} percentile latency (ns)"])
        assert ordered[int(ordered.size * (float(name) / 100))] == told, name
    assert ordered[0] == int(summary["Min latency (ns)"])
    assert ordered[-1] == int(summary["Max latency (ns)"])
    assert summary["Result is"] == ("VALID" if outcome.detail.is_valid else "INVALID")
    queries = system.asked[-len(outcome.samples) :]
    assert {len(query) for query in queries} == {per_query}
    assert outcome.samples.sample.tolist() == [query[0] for query in queries]


def test_a_valid_test_meets_every_condition_and_keeps_its_logs(drive, fixed_latency) -> None:
    outcome = drive("server", fixed_latency(), **{**FAST, "min_queries": 500})
    assert outcome.detail.is_valid
    assert [(each.name, each.holds) for each in outcome.conditions] == [
        ("p99 within the bound", True),
        ("minimum duration", True),
        ("minimum queries", True),
        ("early stopping", True),
        ("every query answered", True),
        ("LoadGen errors", True),
    ]
    assert sorted(outcome.artifacts) == LOGS
    assert "Result is : VALID" in outcome.artifacts["mlperf_log_summary.txt"]


def test_times_are_on_the_monotonic_clock(drive, fixed_latency) -> None:
    before = time.perf_counter_ns()
    samples = drive("online", fixed_latency(0.001)).samples
    after = time.perf_counter_ns()
    assert before < samples.issued_ns[0]
    assert samples.completed_ns[-1] < after
    assert (samples.latency_ns >= 1_000_000).all()
    assert (samples.scheduled_ns == samples.issued_ns).all()
    assert (samples.issued_ns[1:] >= samples.completed_ns[:-1]).all()


def test_a_server_is_charged_from_the_schedule(drive, fixed_latency) -> None:
    samples = drive("server", fixed_latency(0.002), **FAST).samples
    gaps = np.diff(samples.scheduled_ns)
    # Arrivals come four times as fast as answers: the queue grows, and so does the latency.
    assert samples.completed_ns[-1] - samples.scheduled_ns[0] >= 2_000_000 * len(samples)
    assert samples.latency_ns[-1] > 20 * samples.latency_ns[0]
    assert (gaps >= 0).all()
    assert np.median(samples.lateness_ns) < np.median(samples.latency_ns)


def test_the_schedule_follows_its_seed(drive, fixed_latency) -> None:
    def gaps(seed: int) -> list[int]:
        seeds = {"subset": 1, "order": 2, "schedule": seed, "accuracy_log": 4}
        return np.diff(drive("server", fixed_latency(), seeds=seeds, **FAST).samples.scheduled_ns)

    first, again, other = gaps(3), gaps(3), gaps(5)
    assert (first == again).all()
    assert first[:50].tolist() != other[:50].tolist()


def test_offline_has_one_row_for_each_sample(drive, fixed_latency) -> None:
    system = fixed_latency(samples=7)
    outcome = drive("offline", system, min_queries=90)
    assert len(set(outcome.samples.scheduled_ns.tolist())) == 1
    assert len(outcome.samples) >= 90
    assert (np.diff(outcome.samples.completed_ns) >= 0).all()
    assert sorted(set(outcome.samples.sample.tolist())) == list(range(7))


def test_samples_are_loaded_before_and_unloaded_after(drive, fixed_latency) -> None:
    system = fixed_latency(samples=9)
    drive("online", system, Settings("SingleStream", {"single_stream_expected_latency_ns": 1e6}))
    assert [sorted(set(each)) for each in system.loaded] == [list(range(9))]
    assert system.unloaded == system.loaded


def test_accuracy_mode_asks_for_each_sample_once_with_its_answer(drive, responding) -> None:
    system = responding(latency_of=lambda _: 0.0)
    for kind, fields in (("online", {}), ("server", FAST), ("offline", {})):
        outcome = drive(kind, system, as_mode="accuracy", **fields)
        answers = parse_accuracy(outcome.artifacts["mlperf_log_accuracy.json"])
        assert answers == {n: [f"answer {n}".encode()] for n in range(system.samples)}
        assert outcome.conditions == ()


def test_a_failed_query_is_answered_and_counted(drive, fixed_latency) -> None:
    def fail(samples) -> None:
        if samples[0] == 3:
            raise DataError("spoiled", where="sample 3", fix="replace it")

    outcome = drive("online", fixed_latency(also=fail), min_queries=100)
    failed = outcome.samples.sample == 3
    assert failed.any()
    assert (outcome.samples.ok == ~failed).all()
    assert outcome.conditions[3] == Condition(
        "every query answered",
        f"{failed.sum()} of {len(failed)} failed",
        "≤ 0.1 %",
        holds=False,
        advice="see the log of the run",
    )


@pytest.mark.parametrize(("kind", "fields"), [("online", {}), ("server", FAST), ("offline", {})])
def test_an_unexpected_error_comes_out_and_the_next_test_runs(
    drive, fixed_latency, kind, fields
) -> None:
    calls = 0

    def break_down(samples) -> None:
        nonlocal calls
        calls += 1
        if calls == 20:
            raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        drive(kind, fixed_latency(also=break_down), **fields)
    assert calls == 20
    assert len(drive(kind, fixed_latency(), **fields).samples) >= 64


def test_samples_that_cannot_be_loaded_come_out(drive, fixed_latency, monkeypatch) -> None:
    system = fixed_latency()
    error = DataError("no room", where="memory", fix="load fewer")

    def load(samples) -> None:
        raise error

    monkeypatch.setattr(system, "load", load)
    settings = Settings("SingleStream", {"single_stream_expected_latency_ns": 1e6})
    with pytest.raises(DataError) as caught:
        drive("online", system, settings)
    assert caught.value is error
    assert system.asked == []


@pytest.mark.parametrize(
    ("kind", "fields"), [("online", {"min_queries": 20_000}), ("server", {**FAST, "rate_qps": 200})]
)
def test_ctrl_c_ends_a_test_and_the_next_one_runs(drive, fixed_latency, kind, fields) -> None:
    calls = 0

    def interrupt(samples) -> None:
        nonlocal calls
        calls += 1
        if calls == 20:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)

    with pytest.raises(KeyboardInterrupt):
        drive(kind, fixed_latency(0.001, also=interrupt), **fields)
    assert calls == 20
    assert len(drive("online", fixed_latency()).samples) == 64


def test_the_system_is_never_called_in_the_main_thread(drive, fixed_latency) -> None:
    threads = set()
    settings = Settings("SingleStream", {"single_stream_expected_latency_ns": 1e6})
    system = fixed_latency(also=lambda _: threads.add(threading.current_thread().name))
    drive("online", system, settings)
    drive("server", system, **FAST)
    assert threads == {"loadgen", "loadgen-server"}


def test_the_watch_ends_a_test(drive, fixed_latency) -> None:
    seen = []

    def watch(queries: int, elapsed_ns: int) -> bool:
        seen.append((queries, elapsed_ns))
        return queries == 10

    outcome = drive("online", fixed_latency(0.001), watch=watch, min_queries=5000)
    assert [queries for queries, _ in seen] == list(range(1, 11))
    assert seen[-1][1] >= 10_000_000
    assert len(outcome.samples) == 10
    assert outcome.samples.ok.all()
    assert outcome.conditions == (
        Condition(
            "LoadGen verdict", "ended after 10", "a whole test", False, "let it run to its end"
        ),
    )


def test_too_few_queries_for_early_stopping_are_invalid(drive, fixed_latency) -> None:
    outcome = drive("single_stream", fixed_latency(), min_queries=63)
    assert not outcome.detail.is_valid
    assert [each for each in outcome.conditions if not each.holds] == [
        Condition(
            "early stopping",
            "Only processed 63 queries. Need to process at least 64 queries for early stopping.",
            "99 % confidence",
            holds=False,
            advice="raise min_queries",
        )
    ]


def test_loadgens_errors_are_a_condition(drive, fixed_latency) -> None:
    outcome = drive("online", fixed_latency(0.001), min_duration_ms=500, max_queries=70)
    condition = outcome.conditions[-1]
    assert condition.name == "LoadGen errors"
    assert condition.measured == (
        "1: IssueQueryThread 0 Ending early: Max query count reached. query_count 70"
    )
    assert not condition.holds
    assert not outcome.detail.is_valid


def test_coalesced_queries_are_told_apart(drive, fixed_latency) -> None:
    settings = Settings("Server", {"server_coalesce_queries": True})
    system = fixed_latency(0.001)
    samples = drive("server", system, settings, **{**FAST, "rate_qps": 50_000}).samples
    assert len(samples) == sum(map(len, system.asked)) >= 100
    assert any(len(query) > 1 for query in system.asked)


def test_settings_are_kept_with_what_does_not_comply(drive, fixed_latency) -> None:
    override = Override("min_duration", 0, 600_000, 3, "it asks for less than mlperf.conf")
    settings = Settings("SingleStream", {"min_query_count": 70}, (override,))
    outcome = drive("online", fixed_latency(), settings)
    kept = Settings.from_json(json.loads(outcome.artifacts["mlperf_settings.json"]))
    assert kept.values == outcome.fields
    assert kept.values["min_query_count"] == 70
    assert kept.overrides == outcome.overrides == (override,)
    assert outcome.detail["effective_min_query_count"] == 70


def test_a_stray_audit_file_changes_nothing(drive, fixed_latency, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "audit.config").write_text("*.*.min_query_count = 5\n")
    outcome = drive("online", fixed_latency())
    assert outcome.detail["effective_min_query_count"] == 64


def test_refuses_a_second_test_in_the_same_process(drive, fixed_latency) -> None:
    errors = []

    def begin_another(samples) -> None:
        if not errors:
            with pytest.raises(MeasurementError) as caught:
                drive("online", fixed_latency())
            errors.append(str(caught.value))

    settings = Settings("SingleStream", {"single_stream_expected_latency_ns": 1e6})
    drive("online", fixed_latency(also=begin_another), settings)
    assert errors == [
        "MeasurementError: LoadGen is already running a test in this process\n"
        "  where  dlscope.loadgen.mlperf\n"
        "  fix    wait for it, or run the other test in a process of its own"
    ]


def test_refuses_a_system_without_samples(drive, fixed_latency) -> None:
    with pytest.raises(MeasurementError) as caught:
        drive("online", fixed_latency(samples=0))
    assert str(caught.value) == (
        "MeasurementError: the system has no sample to be asked for\n"
        "  where  scenario tiny\n"
        "  fix    give it a data set with at least one item that can be prepared"
    )
