from __future__ import annotations

import re

import pytest

from dlscope.core.run import Condition
from dlscope.methods.profiling.profile import CONTENTION

BUSY = (Condition(CONTENTION, "5 of 10", "half", holds=False),)
QUIET = (Condition(CONTENTION, "0 of 10", "half", holds=True),)
BEFORE = [1000, 1010, 990, 1005, 1000]


def m_l(deeper, *parts, before=BEFORE):
    return [(before, []), (deeper, parts)]


def added(made, table, deeper, before=BEFORE, **more):
    _, row = table("a16", made("M/L", *m_l(deeper, before=before), **more))
    return row


def test_what_a_level_adds_is_told_with_the_interval_of_its_ratio(made, table) -> None:
    row = added(made, table, [us + 500 for us in BEFORE])
    assert (row["level_set"], row["verdict"], row["clock"]) == ("M/L", "measured", "wall")
    assert row["added_us"] == pytest.approx(500)
    assert row["added_pct"] == pytest.approx(50, abs=0.2)
    assert row["ratio_lo"] <= row["ratio"] <= row["ratio_hi"]
    assert row["ratio"] == pytest.approx(1.5, abs=0.01)


@pytest.mark.parametrize(
    "deeper",
    [[900, 910, 890, 905, 900], [1000, 990, 1010, 1000, 995], BEFORE, [990, 1100, 980, 1010, 1000]],
    ids=["faster", "a little faster", "the same", "hardly slower"],
)
def test_what_cannot_be_told_from_nothing_is_no_number(made, table, deeper: list[int]) -> None:
    row = added(made, table, deeper)
    assert row["added_us"] is row["added_pct"] is None
    found = re.fullmatch(r"not measurable \(< (\d+\.\d) %\)", row["verdict"])
    assert found
    assert float(found[1]) >= 0.1


def test_the_first_run_adds_nothing(made, table) -> None:
    first, _ = table("a16", made("M/L", *m_l(BEFORE)))
    assert (first["level_set"], first["model_latency_us"]) == ("M", pytest.approx(1001.666667))
    assert first["verdict"] is first["ratio"] is first["spans"] is None


def test_a_few_iterations_tell_no_overhead(made, table) -> None:
    row = added(made, table, [2000, 2000], before=[1000, 1000])
    assert (row["verdict"], row["ratio"], row["added_us"]) == ("too few iterations", None, None)
    assert row["model_latency_us"] == 2000.0


def test_on_a_busy_machine_the_time_of_the_processor_counts(made, table) -> None:
    # The wall shows 4000 µs more, the processor 200.
    profile = made("M/L", *m_l([5000] * 5), conditions=BUSY)
    assert profile.model is not None
    profile.model.cpu_ns[1] = profile.model.cpu_ns[0] + 200_000
    _, row = table("a16", profile)
    assert (row["clock"], row["added_us"]) == ("cpu", pytest.approx(200))
    assert row["model_latency_us"] == 5000.0
    assert added(made, table, [5000] * 5, conditions=QUIET)["clock"] == "wall"


def test_tells_how_much_of_the_model_the_level_accounts_for(made, table) -> None:
    parts = [("L", "conv", 100, 600), ("L", "relu", 800, 300), ("L", "_internal", 1200, 50)]
    _, row = table("a16", made("M/L", *m_l([1500] * 5, *parts)))
    assert row["spans"] == 2
    assert row["accounted_pct"] == pytest.approx(100 * 900 / 1001.666667)
    assert row["unattributed_us"] == 600.0


def test_more_than_the_whole_model_may_be_accounted_for(made, table) -> None:
    _, row = table("a16", made("M/L", *m_l([1500] * 5, ("L", "conv", 0, 1400))))
    assert row["accounted_pct"] > 100
    assert row["unattributed_us"] == 100.0


def test_a_level_in_which_nothing_was_seen_accounts_for_nothing(made, table) -> None:
    _, row = table("a16", made("M/L", *m_l([1500] * 5)))
    assert (row["spans"], row["accounted_pct"], row["unattributed_us"]) == (0, None, None)


def test_each_level_is_compared_with_the_run_before(made, table) -> None:
    runs = [([1000] * 5, []), ([1500] * 5, []), ([1800] * 5, [])]
    found = table("a16", made("M/L/K", *runs))
    assert found.column("level_set") == ("M", "M/L", "M/L/K")
    assert found.column("added_us") == (None, 500.0, 300.0)
    assert found.column("ratio") == (None, 1.5, pytest.approx(1.2))


def test_what_some_iteration_lacks_is_no_part_of_what_is_accounted_for(made, table) -> None:
    parts = [("L", "a", 0, 400), ("L", "rare", 500, [None, 300, None, None, None])]
    _, row = table("a16", made("M/L", ([1000] * 5, []), ([1000] * 5, parts)))
    assert (row["spans"], row["accounted_pct"]) == (2, pytest.approx(40))
