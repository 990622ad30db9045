from __future__ import annotations

from collections.abc import Sequence

from dlscope.core.errors import DataError
from dlscope.loadgen.mlperf.calibration import expectation
from dlscope.loadgen.mlperf.requested import requested
from dlscope.loadgen.mlperf.settings import Settings
from dlscope.tracing.clock import VirtualClock


def _system(fixed_latency, clock: VirtualClock, latencies_ns: Sequence[int]):
    durations = iter(latencies_ns)
    return fixed_latency(samples=3, also=lambda _: clock.advance(next(durations)))


def test_a_stream_is_expected_to_be_twice_as_fast_as_its_fastest_query(
    scenario, fixed_latency
) -> None:
    clock = VirtualClock()
    system = _system(fixed_latency, clock, [900, 500, 400, 600, 700])
    asked = requested(scenario("online"), None)
    assert expectation(asked, system, clock) == {"single_stream_expected_latency_ns": 200.0}


def test_a_query_of_many_samples_is_tried_whole(scenario, fixed_latency) -> None:
    clock = VirtualClock()
    system = _system(fixed_latency, clock, [1000] * 5)
    asked = requested(scenario("multi_stream", samples_per_query=4), None)
    assert expectation(asked, system, clock) == {"multi_stream_expected_latency_ns": 500.0}
    assert system.asked == [[0, 1, 2, 0]] * 5
    assert system.loaded == system.unloaded == [[0, 1, 2]]


def test_offline_is_a_rate(scenario, fixed_latency) -> None:
    clock = VirtualClock()
    system = _system(fixed_latency, clock, [1_000_000] * 5)
    asked = requested(scenario("offline"), None)
    assert expectation(asked, system, clock) == {"offline_expected_qps": 2000.0}


def test_no_more_than_five_million_queries_are_prepared(scenario, fixed_latency) -> None:
    clock = VirtualClock()
    asked = requested(scenario("online", min_duration_ms=10_000), None)
    system = _system(fixed_latency, clock, [1] * 5)
    expected = expectation(asked, system, clock)["single_stream_expected_latency_ns"]
    assert 2 * 10e9 / expected == 5_000_000
    asked = requested(scenario("offline", min_duration_ms=10_000), None)
    system = _system(fixed_latency, clock, [1] * 5)
    assert expectation(asked, system, clock)["offline_expected_qps"] * 10 == 5_000_000


def test_what_is_given_is_not_tried(scenario, fixed_latency) -> None:
    given = Settings("SingleStream", {"single_stream_expected_latency_ns": 5})
    system = fixed_latency()
    assert expectation(requested(scenario("online"), given), system, VirtualClock()) == {}
    server = scenario("server", rate_qps=5, latency_bound_ms=5)
    assert expectation(requested(server, None), system, VirtualClock()) == {}
    assert system.asked == []


def test_a_query_that_fails_is_timed_all_the_same(scenario, fixed_latency) -> None:
    clock = VirtualClock()

    def fail(samples) -> None:
        clock.advance(80)
        raise DataError("spoiled", where="0", fix="replace it")

    asked = requested(scenario("online"), None)
    expected = expectation(asked, fixed_latency(also=fail), clock)
    assert expected == {"single_stream_expected_latency_ns": 40.0}
