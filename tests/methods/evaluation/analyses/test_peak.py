from __future__ import annotations

import dataclasses

import pytest

from dlscope.core.run import Probe
from dlscope.methods.evaluation.analyses.peak import Peak, confirmed_peak
from dlscope.testing.analyses import example_run

MS = 1_000_000
LATE = "p99 latency: 40 ms"
CLIMB = (
    Probe(100.0, 3, 50, 2 * MS, 900, holds=True),
    Probe(200.0, 4, 60, 40 * MS, 900, holds=False, reason=LATE),
    Probe(150.0, 5, 50, 9 * MS, 900, holds=True),
)
CONFIRMED = tuple(
    Probe(150.0, seed, 50, 8 * MS + seed, 900, holds=True, confirms=True) for seed in (6, 7, 8)
)
BROKEN = Probe(150.0, 7, 50, 12 * MS, 900, holds=False, reason="p99 latency: 12 ms", confirms=True)


def searched(*probes: Probe, **changes):
    run = example_run("r-1", mode="find_peak", latency_bound_ms=10.0, **changes)
    return dataclasses.replace(run, probes=probes)


def told(*runs):
    found = Peak().findings(Peak().table(runs))
    return [(each.sign, each.claim, each.detail, each.rows) for each in found]


def test_tells_every_rate_tried_in_the_order_of_the_search(text) -> None:
    table = Peak().table([searched(*CLIMB, *CONFIRMED)])
    columns = ("trial", "rate_qps", "seed", "queries", "latency_ns", "percentile", "bound_ns")
    assert (
        text(table, *columns)
        == """
trial  rate_qps  seed  queries  latency_ns  percentile  bound_ns
1      100       3     50       2000000     0.99        10000000
2      200       4     60       40000000    0.99        10000000
3      150       5     50       9000000     0.99        10000000
4      150       6     50       8000006     0.99        10000000
5      150       7     50       8000007     0.99        10000000
6      150       8     50       8000008     0.99        10000000
"""
    )
    assert (
        text(table, "trial", "lateness_ns", "holds", "confirms", "is_peak", "reason")
        == """
trial  lateness_ns  holds  confirms  is_peak  reason
1      900          True   False     False    –
2      900          False  False     False    p99 latency: 40 ms
3      900          True   False     True     –
4      900          True   True      True     –
5      900          True   True      True     –
6      900          True   True      True     –
"""
    )


def test_states_the_confirmed_peak_and_what_broke_above_it() -> None:
    assert told(searched(*CLIMB, *CONFIRMED)) == [
        (
            "good",
            "tiny on onnxruntime keeps up with 150.0 queries/s",
            "p99 9.00 ms of at most 10.0 ms in the worst of 4 trials; "
            "200.0 queries/s did not hold: p99 latency: 40 ms",
            (2, 3, 4, 5, 1),
        )
    ]


def test_a_peak_above_which_nothing_was_tried_says_so() -> None:
    ((_, _, detail, _),) = told(searched(CLIMB[2], *CONFIRMED))
    assert detail.endswith("; no higher rate was tried")


@pytest.mark.parametrize(
    ("probes", "why", "rows"),
    [
        (
            (*CLIMB, CONFIRMED[0], BROKEN),
            "150.0 queries/s had held, and did not when tried again: p99 latency: 12 ms",
            (4,),
        ),
        (
            (CLIMB[1], dataclasses.replace(CLIMB[1], rate_qps=100.0)),
            "no rate held; the lowest was 100.0 queries/s: p99 latency: 40 ms",
            (1,),
        ),
        (
            (*CLIMB, *CONFIRMED[:2]),
            "the search ended after 5 trials before it could confirm a rate",
            (0, 1, 2, 3, 4),
        ),
        ((), "no rate was tried", (0,)),
    ],
    ids=["lost again", "none held", "ended early", "nothing tried"],
)
def test_says_why_there_is_no_peak(probes, why: str, rows) -> None:
    assert told(searched(*probes)) == [
        ("bad", "tiny on onnxruntime: no peak was confirmed", why, rows)
    ]


def test_a_search_that_failed_is_a_row_with_its_reason(text) -> None:
    table = Peak().table([searched(status="failed", latencies_ns=(), answers=())])
    assert (
        text(table, "run", "trial", "rate_qps", "reason")
        == """
run  trial  rate_qps  reason
r-1  –      –         the graph is cut off
"""
    )


def test_runs_that_searched_nothing_have_no_rows() -> None:
    assert len(Peak().table([example_run("r-1"), example_run("r-2", mode="performance")])) == 0


def test_three_confirmations_of_one_rate_at_the_end_make_a_peak() -> None:
    assert confirmed_peak(CONFIRMED) == 150.0
    assert confirmed_peak(CONFIRMED[:2]) is None
    assert confirmed_peak((*CONFIRMED, BROKEN)) is None
    assert confirmed_peak((*CONFIRMED[:2], dataclasses.replace(CONFIRMED[2], rate_qps=1.0))) is None
    assert confirmed_peak(()) is None
