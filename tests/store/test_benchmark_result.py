from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlscope.core.errors import MeasurementError, StoreError
from dlscope.store.benchmark_key import BenchmarkKey
from dlscope.store.benchmark_result import Benchmark, BenchmarkResult

_SAMPLES = st.lists(st.integers(0, 2**53), min_size=1, max_size=400)


def _of(samples: list[int]) -> BenchmarkResult:
    key = BenchmarkKey(
        brick_id="b1",
        fingerprint="f",
        implementation="ort",
        implementation_version="1",
        dtype="float32",
        batch=1,
        threads=1,
        state="hot",
        tool_version="1",
    )
    return BenchmarkResult(key, "ok", "", samples, None, "2026-03-01T12:00:00Z")


def test_statistics_of_ten_samples(result: Callable[..., BenchmarkResult]) -> None:
    some = result(samples_ns=[100, 20, 30, 40, 50, 60, 70, 80, 90, 10_000])
    assert (some.n, some.min_ns, some.p20_ns, some.median_ns) == (10, 20, 40, 65.0)
    assert some.trimmed_mean_ns == (40 + 50 + 60 + 70 + 80 + 90) / 6


def test_an_even_number_of_samples_has_its_median_in_the_middle(
    result: Callable[..., BenchmarkResult],
) -> None:
    one = result(samples_ns=[10, 20])
    assert one.median_ns == 15.0
    assert one.interval_ns == (15.0, 15.0)


@given(_SAMPLES)
def test_statistics_lie_within_the_samples(samples: list[int]) -> None:
    some = _of(samples)
    assert some.median_ns == statistics.median(samples)
    lo, hi = some.interval_ns
    for value in (some.p20_ns, some.trimmed_mean_ns, lo, hi):
        assert some.min_ns <= value <= max(samples)
    assert lo <= hi


@given(_SAMPLES, st.randoms(use_true_random=False))
def test_statistics_but_the_interval_do_not_depend_on_the_order(
    samples: list[int], random: Any
) -> None:
    shuffled = list(samples)
    random.shuffle(shuffled)
    one, other = _of(samples), _of(shuffled)
    names = ("median_ns", "p20_ns", "min_ns", "trimmed_mean_ns")
    assert [getattr(one, name) for name in names] == [getattr(other, name) for name in names]


def test_the_two_ways_to_an_interval_agree_where_they_meet() -> None:
    samples = np.random.default_rng(3).lognormal(10, 0.1, 301).round().astype(np.int64).tolist()
    few, many = _of(samples[:-1]), _of(samples)
    assert few.interval_ns == pytest.approx(many.interval_ns, rel=0.02)
    assert many.interval_ns.lo < many.median_ns < many.interval_ns.hi


def test_a_result_without_samples_has_no_statistics(
    result: Callable[..., BenchmarkResult],
) -> None:
    failed = result(status="failed", reason="out of memory", samples_ns=())
    assert failed.n == 0
    with pytest.raises(MeasurementError) as caught:
        _ = failed.median_ns
    assert str(caught.value) == (
        "MeasurementError: a result that is failed has no samples\n"
        "  where  benchmark 'b1', ort\n"
        "  fix    read only results whose status is ok"
    )
    with pytest.raises(MeasurementError):
        _ = failed.interval_ns


def test_takes_arrays_and_tuples_as_they_will_be_read_back(
    result: Callable[..., BenchmarkResult],
) -> None:
    made = result(samples_ns=np.array([5, 6], dtype=np.int32), extra={"clocks": (1, np.int64(2))})
    assert made == result(samples_ns=(5, 6), extra={"clocks": [1, 2]})
    assert hash(made) == hash(result(samples_ns=(5, 6)))


@pytest.mark.parametrize(
    "started",
    ["2026-03-01T12:00:00Z", "2026-03-01T13:00:00+01:00", "2026-03-01T12:00:00.000+00:00"],
)
def test_one_moment_is_one_start(started: str, result: Callable[..., BenchmarkResult]) -> None:
    made = result(started_utc=started)
    assert made.started_utc == "2026-03-01T12:00:00.000000Z"
    assert made.id == result().id


def test_the_id_tells_keys_and_starts_apart(result: Callable[..., BenchmarkResult]) -> None:
    ids = {
        result().id,
        result(process=1).id,
        result(started_utc="2026-03-01T12:00:00.000001Z").id,
    }
    assert len(ids) == 3
    assert result(samples_ns=[1], extra={"other": True}).id == result().id


def test_a_reason_is_made_storable(result: Callable[..., BenchmarkResult]) -> None:
    made = result(status="failed", reason="bad \0 byte \udcff\nline two")
    assert made.reason == "bad \\x00 byte \\udcff\nline two"


_CONTRADICTS = "ok has samples and no reason, anything else a reason; bytes are whole or None"
_ROW = ("samples are not a row of times in whole ns", "use integers from 0 on, in ns")
_PLAIN = "use finite numbers, text, booleans, None, lists and mappings with text as keys"


@pytest.mark.parametrize(
    ("given", "what", "fix"),
    [
        (
            {"status": "good"},
            "'good' is not a status",
            "use one of ok, failed, unsupported, wrong",
        ),
        ({"samples_ns": [1.5]}, *_ROW),
        ({"samples_ns": [-1]}, *_ROW),
        ({"samples_ns": [2**63]}, *_ROW),
        ({"samples_ns": [2**64]}, *_ROW),
        ({"samples_ns": [True]}, *_ROW),
        ({"samples_ns": 5}, *_ROW),
        ({"samples_ns": [[1], [2, 3]]}, *_ROW),
        (
            {"started_utc": "2026-03-01T12:00:00"},
            "started_utc is '2026-03-01T12:00:00', not a moment in UTC",
            "use ISO 8601 with a time zone, such as 2026-03-01T12:00:00Z",
        ),
        (
            {"started_utc": None},
            "started_utc is None, not a moment in UTC",
            "use ISO 8601 with a time zone, such as 2026-03-01T12:00:00Z",
        ),
        ({"reason": 3}, "reason is 3, not text", "use text"),
        (
            {"extra": {"a": float("nan")}},
            "extra is not plain data: Out of range float values are not JSON compliant",
            _PLAIN,
        ),
        (
            {"extra": {"a": np.zeros(2)}},
            "extra is not plain data: it holds a ndarray",
            _PLAIN,
        ),
        (
            {"samples_ns": []},
            "a result contradicts itself: it is ok and has no samples",
            _CONTRADICTS,
        ),
        (
            {"reason": "slow"},
            "a result contradicts itself: it is ok and has a reason why it is not",
            _CONTRADICTS,
        ),
        (
            {"status": "wrong"},
            "a result contradicts itself: it is wrong and does not say why",
            _CONTRADICTS,
        ),
        (
            {"status": "unsupported", "reason": "no bf16"},
            "a result contradicts itself: it is unsupported and has samples",
            _CONTRADICTS,
        ),
        ({"extra": [1]}, "a result contradicts itself: its extra is no mapping", _CONTRADICTS),
        (
            {"workspace_bytes": -1},
            "a result contradicts itself: its workspace_bytes is -1",
            _CONTRADICTS,
        ),
    ],
)
def test_refuses_a_malformed_result(
    given: dict[str, Any], what: str, fix: str, result: Callable[..., BenchmarkResult]
) -> None:
    with pytest.raises(StoreError) as caught:
        result(**given)
    assert str(caught.value) == (
        f"StoreError: {what}\n  where  result of benchmark 'b1'\n  fix    {fix}"
    )


def test_refuses_a_malformed_benchmark() -> None:
    with pytest.raises(StoreError) as kind:
        Benchmark("b1", "layers", {}, {})
    assert str(kind.value) == (
        "StoreError: 'layers' is not a kind\n"
        "  where  benchmark 'b1'\n"
        "  fix    use one of layer, fused, brick, calibration"
    )
    with pytest.raises(StoreError) as work:
        Benchmark("b1", "layer", {}, {"flop": {1}})
    assert work.value.what == "work is not plain data: it holds a set"
