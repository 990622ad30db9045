from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from dlscope.core.manifest.scenario import Burst
from dlscope.core.run import Run, Samples
from dlscope.methods.evaluation.analyses.load import Load
from dlscope.testing.analyses import example_run

MS = 1_000_000


def loaded(
    kind: str,
    due_ms: list[float],
    latency_ms: list[float],
    *,
    late_ms: float = 0,
    ok: list[bool] | None = None,
    user: list[int] | None = None,
    **fields: Any,
) -> Run:
    due = np.array([each * MS for each in due_ms], dtype=np.int64) + 5_000
    answered = due + np.array([each * MS for each in latency_ms], dtype=np.int64)
    samples = Samples(
        scheduled_ns=due,
        issued_ns=due + round(late_ms * MS),
        completed_ns=answered,
        ok=np.array(ok or [True] * len(due_ms)),
        user=np.array(user or [], dtype=np.int32),
    )
    run = example_run("r-1", type=kind, **fields)
    return dataclasses.replace(run, samples=samples)


def row(run: Run) -> dict[str, Any]:
    (only,) = Load().table([run])
    return only


def test_tells_rates_and_the_bounded_percentile_of_a_server(text) -> None:
    run = loaded("server", [0, 10, 20, 40], [2, 3, 4, 10], latency_bound_ms=20.0, percentile=0.5)
    columns = (
        "arrivals",
        "queries",
        "offered_per_s",
        "answered_per_s",
        "percentile_ns",
        "bound_ns",
    )
    # Four arrivals over 40 ms are three gaps; the last answer comes at 50 ms.
    assert (
        text(Load().table([run]), *columns)
        == """
arrivals  queries  offered_per_s  answered_per_s  percentile_ns  bound_ns
server    4        75             60              4000000        20000000
"""
    )


def test_a_failed_query_is_counted_and_in_no_latency() -> None:
    told = row(loaded("uniform", [0, 10, 20], [1, 1, 90], ok=[True, True, False], percentile=0.99))
    assert (told["failed"], told["percentile_ns"]) == (1, 1 * MS)


def test_a_stream_has_the_estimate_of_early_stopping() -> None:
    due = [float(n) for n in range(64)]
    told = row(loaded("single_stream", due, due, percentile=0.9))
    # At 64 queries one may be left out of p90: the estimate is the largest.
    assert told["estimate_ns"] == 63 * MS
    assert told["percentile_ns"] == 57 * MS


def test_offline_is_judged_by_no_percentile() -> None:
    told = row(loaded("offline", [0, 0, 0], [10, 20, 30]))
    assert told["percentile_ns"] is None
    assert told["answered_per_s"] == pytest.approx(100)
    assert told["offered_per_s"] is None


@pytest.mark.parametrize(
    "burst", [Burst(size=2, period_ms=100), Burst(on_ms=20, off_ms=80, rate_qps=100)]
)
def test_a_burst_drains_with_its_last_answer(burst: Burst) -> None:
    told = row(loaded("burst", [0, 1, 100, 101], [5, 9, 5, 11], burst=burst))
    # 10 ms after the first arrival of the first burst, 12 ms of the second.
    assert told["drain_ns"] == 11 * MS


def test_users_have_a_fairness() -> None:
    told = row(loaded("interactive", [0, 10, 20], [1, 2, 4], user=[0, 1, 1]))
    assert told["fairness"] == pytest.approx(0.8)


def test_a_generator_that_is_late_is_told() -> None:
    table = Load().table([loaded("uniform", [0, 10, 20], [8, 8, 8], late_ms=2)])
    (finding,) = Load().findings(table)
    assert (finding.sign, finding.claim, finding.rows) == (
        "warn",
        "Queries to tiny on onnxruntime left up to 2.00 ms late",
        (0,),
    )
    punctual = Load().table([loaded("uniform", [0, 10, 20], [8, 8, 8], late_ms=0.5)])
    assert Load().findings(punctual) == ()


def test_queries_one_after_another_are_no_load() -> None:
    runs = [example_run("r-1"), example_run("r-2", type="server", latencies_ns=())]
    assert len(Load().table(runs)) == 0
