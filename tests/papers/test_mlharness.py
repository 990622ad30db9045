"""MLHarness: the two doors of load generation, dlscope's own and LoadGen's, must agree."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from paper_figures import require_agreement
from scipy.stats import binom

from dlscope.catalog.finder import find
from dlscope.core.manifest import ScenarioManifest
from dlscope.core.stats import percentile
from dlscope.loadgen.drive import drive
from dlscope.loadgen.early_stopping import most_beyond, queries_needed, stream_estimate
from dlscope.loadgen.mlperf.door import MlperfOutcome, drive_with_mlperf
from dlscope.loadgen.mlperf.settings import Settings
from dlscope.loadgen.system_under_test import SystemUnderTest
from dlscope.loadgen.validity import scenario_conditions
from dlscope.tracing.clock import MonotonicClock

SERVICE_NS = 10_000_000
CONFIDENCE = 0.99
SCENARIOS = ("single_stream", "multi_stream", "server_mlperf", "offline_mlperf")


def _declared(name: str) -> ScenarioManifest:
    scenario = find("scenario", name)
    assert isinstance(scenario, ScenarioManifest)
    return scenario


def _multi_stream_queries() -> int:
    """What the catalog asks of a run, which is what early stopping needs."""
    (queries,) = {_declared("multi_stream").min_queries, queries_needed(1, 0.99)}
    return queries


def _least_duration_s() -> float:
    (duration_ms,) = {_declared(name).min_duration_ms for name in SCENARIOS}
    return duration_ms / 1000


COMPUTED = {
    "multi_stream_queries": _multi_stream_queries,
    "offline_samples": lambda: _declared("offline_mlperf").samples_per_query,
    "samples_of_a_stream": lambda: _declared("multi_stream").samples_per_query,
    "least_duration": _least_duration_s,
    "plain_percentile": lambda: float(percentile(np.arange(1, 101), 0.9)),
}


@pytest.mark.parametrize("name", COMPUTED)
def test_figure(name: str) -> None:
    require_agreement(COMPUTED[name](), name, "mlharness")


class Fixed(SystemUnderTest):
    """Answers after `service_ns`, kept to a few µs, as no plain sleep would."""

    samples = 8

    def __init__(self, service_ns: int = SERVICE_NS) -> None:
        self._service_ns = service_ns
        self._clock = MonotonicClock()

    def load(self, samples: Sequence[int]) -> None:
        pass

    def unload(self, samples: Sequence[int]) -> None:
        pass

    def answer(self, samples: Sequence[int]) -> None:
        del samples
        if self._service_ns:
            self._clock.sleep_until(self._clock.now_ns() + self._service_ns)


def _scenario(kind: str, **fields: Any) -> ScenarioManifest:
    return ScenarioManifest(schema_version=1, name="agreement", type=kind, **fields)


@pytest.mark.slow
def test_both_doors_agree_on_the_p90_of_a_stream(tmp_path: Path) -> None:
    """Within 1 % in at least one round: where others use the machine, either may be held up."""
    stream = _scenario("single_stream", min_queries=200, min_duration_ms=0)
    differences = []
    for number in range(5):
        own = drive(stream, Fixed(), MonotonicClock())
        theirs = drive_with_mlperf(stream, Fixed(), None, tmp_path / str(number))
        p90 = [float(percentile(np.sort(s.latency_ns), 0.9)) for s in (own, theirs.samples)]
        differences.append(abs(p90[0] / p90[1] - 1))
        assert theirs.detail["early_stopping_latency_ss"] == stream_estimate(
            theirs.samples.latency_ns, 0.9
        )
        if differences[-1] <= 0.01:
            return
    raise AssertionError(differences)


def _waiting_times_ns(due_ns: Sequence[int], service_ns: int) -> list[int]:
    """Latencies of one server that takes `service_ns` for each, by Lindley's recursion."""
    free, latencies = 0, []
    for due in due_ns:
        free = max(free, due) + service_ns
        latencies.append(free - due)
    return sorted(latencies)


@pytest.mark.slow
@pytest.mark.parametrize(("rate_qps", "holds"), [(50, True), (90, True), (99, False), (101, False)])
def test_both_doors_give_a_server_the_same_verdict(
    tmp_path: Path, rate_qps: float, holds: bool
) -> None:
    """A queue of one server with 10 ms of service, at 0.50, 0.90, 0.99 and 1.01 of its capacity.

    Arrivals are drawn from the seed, so the queue is a matter of arithmetic. For this seed every
    query of the two lower rates waits less than two thirds of the bound even if the service took
    3 % longer, and of the two higher ones more than 3 % wait longer than 1.3 times the bound.
    That is checked below on the schedules that were really run, before the verdicts are compared.
    """
    bound_ms = 300
    server = _scenario(
        "server",
        rate_qps=rate_qps,
        latency_bound_ms=bound_ms,
        min_duration_ms=12_000,
        min_queries=459,
        max_failed_fraction=1.0,
        seeds={"schedule": 31},
    )
    own = drive(server, Fixed(), MonotonicClock())
    theirs = drive_with_mlperf(server, Fixed(), None, tmp_path)
    for samples in (own, theirs.samples):
        due_ns = (samples.scheduled_ns - samples.scheduled_ns[0]).tolist()
        if holds:
            slowest = _waiting_times_ns(due_ns, round(1.03 * SERVICE_NS))[-1]
            assert slowest < bound_ms * 1e6 * 2 / 3
        else:
            late = _waiting_times_ns(due_ns, SERVICE_NS)[int(0.97 * len(due_ns))]
            assert late > bound_ms * 1e6 * 1.3
    verdict = {each.name: each.holds for each in scenario_conditions(own, server)}
    decides = ("p99 within the bound", "early stopping")
    assert [verdict[name] for name in decides] == [holds, holds]
    assert theirs.detail.is_valid is holds
    assert {each.name: each.holds for each in theirs.conditions}[decides[0]] is holds


def _null_stream(queries: int, share: float, folder: Path) -> MlperfOutcome:
    stream = _scenario("single_stream", min_queries=queries, min_duration_ms=0, percentile=share)
    expected = Settings("SingleStream", {"single_stream_expected_latency_ns": 1e6})
    return drive_with_mlperf(stream, Fixed(0), expected, folder)


def _discarded(outcome: MlperfOutcome) -> int | None:
    """t as LoadGen tells it: it would discard t − 1 queries; None when there are too few."""
    match = re.search(r"Would discard (\d+) ", outcome.detail["early_stopping_result"])
    return int(match[1]) + 1 if match else None


def _compare(queries: int, share: float, folder: Path) -> None:
    outcome = _null_stream(queries, share, folder)
    # Single-stream needs at least one query to leave out.
    assert _discarded(outcome) == (most_beyond(queries, share) or None), (queries, share)
    estimate = stream_estimate(outcome.samples.latency_ns, share)
    assert outcome.detail["early_stopping_latency_ss"] == (estimate or 0), (queries, share)


@pytest.mark.parametrize(
    ("queries", "share"), [(63, 0.9), (64, 0.9), (80, 0.9), (81, 0.9), (661, 0.99), (662, 0.99)]
)
def test_early_stopping_is_loadgens_at_its_first_steps(
    tmp_path: Path, queries: int, share: float
) -> None:
    _compare(queries, share, tmp_path)


@pytest.mark.slow
def test_early_stopping_is_loadgens_on_200_random_tests(tmp_path: Path) -> None:
    generator = np.random.default_rng(7)
    for _ in range(200):
        _compare(int(generator.integers(20, 3000)), float(generator.uniform(0.5, 0.995)), tmp_path)


@pytest.mark.parametrize(("queries", "holds"), [(458, False), (459, True)])
def test_a_server_without_late_queries_needs_what_loadgen_needs(
    tmp_path: Path, queries: int, holds: bool
) -> None:
    assert queries_needed(0, 0.99) == 459
    server = _scenario(
        "server",
        rate_qps=20_000,
        latency_bound_ms=10_000,
        min_queries=queries,
        max_queries=queries,
        min_duration_ms=0,
    )
    outcome = drive_with_mlperf(server, Fixed(0), None, tmp_path)
    assert outcome.detail["result_query_count"] == queries
    assert outcome.detail["early_stopping_met"] is holds


def test_early_stopping_is_the_binomial_distributions() -> None:
    """Against SciPy's cumulative distribution: t is allowed, t + 1 is not."""
    generator = np.random.default_rng(8)
    for _ in range(200):
        queries = int(generator.integers(1, 200_000))
        share = float(generator.uniform(0.5, 0.999))
        beyond = most_beyond(queries, share)
        least = -1 if beyond is None else beyond
        assert least < 0 or binom.cdf(least, queries, 1 - share) <= 1 - CONFIDENCE
        assert binom.cdf(least + 1, queries, 1 - share) > 1 - CONFIDENCE, (queries, share)
