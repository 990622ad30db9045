from __future__ import annotations

from typing import Any

import numpy as np

from dlscope.core.run import Condition, Samples
from dlscope.loadgen.mlperf.logs import Detail
from dlscope.loadgen.mlperf.requested import Requested
from dlscope.loadgen.mlperf.verdict import conditions, ended

MET = {
    "result_min_duration_met": True,
    "result_min_queries_met": True,
    "result_perf_constraints_met": True,
    "early_stopping_met": True,
    "early_stopping_result": " * Run successful.",
    "result_query_count": 4,
    "result_overlatency_query_count": 0,
    "effective_min_duration_ms": 2000,
    "effective_min_query_count": 4,
    "effective_min_sample_count": 4,
}
SERVER = Requested(
    "Server", {"server_target_latency_percentile": 0.99, "server_target_latency_ns": 25_000_000}
)


def _samples(ok: list[bool]) -> Samples:
    times = np.arange(len(ok), dtype=np.int64) * 500_000_000
    return Samples(times, times + 1, times + 999_999_999, np.array(ok))


def _conditions(asked: Requested, ok: list[bool], *errors: str, **changes: Any):
    detail = Detail({**MET, **changes}, errors, ())
    return conditions(detail, asked, _samples(ok), 0.25)


def test_a_server_that_keeps_its_bound() -> None:
    assert _conditions(SERVER, [True] * 4) == (
        Condition("p99 within the bound", "0 of 4 beyond 25 ms", "≤ 1.0 %", holds=True),
        Condition("minimum duration", "1.50 s", "≥ 2 s", holds=True),
        Condition("minimum queries", "4", "≥ 4", holds=True),
        Condition("early stopping", "Run successful.", "99 % confidence", holds=True),
        Condition("every query answered", "0 of 4 failed", "≤ 25.0 %", holds=True),
        Condition("LoadGen errors", "0", "0", holds=True),
    )


def test_everything_missed_says_how_to_mend_it() -> None:
    missed = {name: False for name, value in MET.items() if value is True}
    told = _conditions(
        SERVER,
        [True, False, False],
        "Ending early",
        result_overlatency_query_count=3,
        result_invalid_reason="Reduce target QPS. ",
        early_stopping_result=" * Run unsuccessful.\n * Processed 3 queries.",
        **missed,
    )
    assert told == (
        Condition(
            "p99 within the bound", "3 of 4 beyond 25 ms", "≤ 1.0 %", False, "lower rate_qps"
        ),
        Condition("minimum duration", "1.00 s", "≥ 2 s", False, "Reduce target QPS."),
        Condition("minimum queries", "4", "≥ 4", False, "raise max_duration_ms"),
        Condition(
            "early stopping",
            "Run unsuccessful. Processed 3 queries.",
            "99 % confidence",
            False,
            "raise min_queries",
        ),
        Condition(
            "every query answered", "2 of 3 failed", "≤ 25.0 %", False, "see the log of the run"
        ),
        Condition("LoadGen errors", "1: Ending early", "0", False, "see mlperf_log_detail.txt"),
    )


def test_offline_counts_samples_and_lasts_to_the_last_answer() -> None:
    told = _conditions(Requested("Offline", {}), [True] * 4, effective_min_sample_count=3)
    assert told[:2] == (
        Condition("minimum duration", "2.49 s", "≥ 2 s", holds=True),
        Condition("minimum queries", "4 samples", "≥ 3", holds=True),
    )
    assert "early stopping" not in [each.name for each in told]


def test_a_test_that_was_ended_has_no_verdict() -> None:
    assert ended(3) == (
        Condition(
            "LoadGen verdict", "ended after 3", "a whole test", False, "let it run to its end"
        ),
    )
