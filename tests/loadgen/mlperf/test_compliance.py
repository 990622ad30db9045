from __future__ import annotations

import numpy as np
import pytest

from dlscope.core.errors import MeasurementError
from dlscope.core.run import Condition, Samples
from dlscope.loadgen.mlperf.compliance import (
    Speed,
    check_test01,
    check_test04,
    not_cached,
    same_answers,
    same_speed,
)

LOOK = "look for work that depends on whether answers are looked at"
KEPT = "the system keeps answers or intermediate results by sample"


def _samples(latencies_ns: list[int], ok: bool = True) -> Samples:
    starts = np.arange(len(latencies_ns), dtype=np.int64) * 1_000_000_000
    ends = starts + np.array(latencies_ns)
    return Samples(starts, starts, ends, np.full(len(latencies_ns), ok))


def test_speed_is_of_the_median_query_and_offline_of_all_samples() -> None:
    samples = _samples([1_000_000, 2_000_000, 9_000_000])
    assert Speed.of(samples, "SingleStream") == Speed("SingleStream", 500.0)
    assert Speed.of(samples, "Offline").per_s == pytest.approx(3 / 2.009)


def test_refuses_the_speed_of_nothing() -> None:
    with pytest.raises(MeasurementError) as caught:
        Speed.of(_samples([5, 5], ok=False), "Server")
    assert str(caught.value) == (
        "MeasurementError: no query was answered, so there is no speed to compare\n"
        "  where  LoadGen, Server\n"
        "  fix    see the log of the run for why every query failed"
    )


@pytest.mark.parametrize(
    ("scenario", "per_s", "tolerance"),
    [
        ("SingleStream", 5001, 0.20),
        ("SingleStream", 4999, 0.10),
        ("MultiStream", 626, 0.20),
        ("MultiStream", 624, 0.10),
        ("Server", 1e6, 0.10),
        ("Offline", 1e6, 0.10),
    ],
)
def test_short_queries_have_more_tolerance(scenario, per_s, tolerance) -> None:
    assert Speed(scenario, per_s).tolerance == tolerance


@pytest.mark.parametrize(
    ("measured", "holds"), [(89, False), (91, True), (109, True), (111, False)]
)
def test_speed_may_differ_by_a_tenth_either_way(measured: float, holds: bool) -> None:
    condition = same_speed(Speed("Server", 100), Speed("Server", measured))
    assert condition.holds is holds
    assert condition.advice == ("" if holds else LOOK)
    assert condition.required == "within 10 %"


@pytest.mark.parametrize(("repeated", "holds"), [(50, True), (109, True), (111, False)])
def test_repeating_a_sample_may_be_slower_but_hardly_faster(repeated: float, holds: bool) -> None:
    assert not_cached(Speed("Server", 100), Speed("Server", repeated)) == Condition(
        "TEST04 caching",
        {50: "−50.0 %", 109: "9.0 %", 111: "11.0 %"}[int(repeated)] + " faster",
        "< 10 % faster",
        holds,
        "" if holds else KEPT,
    )


def test_answers_are_compared_byte_by_byte() -> None:
    expected = {1: [b"a"], 2: [b"b"], 3: [b"c"]}
    assert same_answers(expected, {1: [b"a", b"a"], 3: [b"c"]}) == Condition(
        "TEST01 answers", "0 of 3 answers differ", "0 differ", holds=True
    )
    advice = "the system answers differently when its answers are not checked"
    assert same_answers(expected, {1: [b"a", b"x"], 2: [b"b"], 9: [b"z"]}) == Condition(
        "TEST01 answers", "2 of 4 answers differ: sample 1, 9", "0 differ", False, advice
    )
    assert same_answers(expected, {}) == Condition(
        "TEST01 answers", "no answer was logged", "0 differ", False, advice
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        ("online", {}),
        ("multi_stream", {"samples_per_query": 4}),
        ("offline", {}),
        ("server", {"rate_qps": 100, "latency_bound_ms": 100}),
    ],
)
def test_an_honest_system_passes_both_checks(
    scenario, responding, tmp_path, kind: str, fields
) -> None:
    asked = scenario(kind, min_queries=300, **fields)
    honest = responding(latency_of=lambda _: 0.004)
    assert [each for each in check_test01(asked, honest, None, tmp_path) if not each.holds] == []
    assert [each for each in check_test04(asked, honest, None, tmp_path) if not each.holds] == []


def test_a_system_that_answers_anything_while_measured_is_found(
    scenario, responding, tmp_path
) -> None:
    asked_before: set[int] = set()

    def careless(sample: int) -> bytes:
        # Honest the first time, in the accuracy run; afterwards it no longer looks.
        if sample in asked_before:
            return b"whatever"
        asked_before.add(sample)
        return b"honest"

    system = responding(respond_to=careless, latency_of=lambda _: 0.001)
    fixed = scenario("online", min_queries=300)
    answers, _ = check_test01(fixed, system, None, tmp_path)
    assert not answers.holds
    assert answers.measured.split(" of ")[0] != "0"


def test_a_system_that_keeps_answers_is_found(scenario, responding, tmp_path) -> None:
    kept: set[int] = set()

    def latency(sample: int) -> float:
        is_kept = sample in kept
        kept.add(sample)
        return 0.001 if is_kept else 0.004

    system = responding(latency_of=latency)
    (condition,) = check_test04(scenario("online"), system, None, tmp_path)
    assert not condition.holds
    assert condition.advice == KEPT
