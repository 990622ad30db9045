from __future__ import annotations

import dataclasses

import pytest

from dlscope.core import registry
from dlscope.methods.profiling.analyses.base import (
    accumulated,
    is_of,
    microseconds,
    percent,
    subject,
)
from dlscope.methods.profiling.report import ANALYSES
from dlscope.testing.analyses import example_run

M = ([100, 110, 120], [])
M_L = ([130, 130, 130], [("L", "conv", 10, 50)])


@pytest.mark.parametrize("name", ANALYSES)
def test_a_missing_level_gives_no_row_and_a_note_that_says_why(made, table, name: str) -> None:
    found = table(name, made("M", M))
    needs = [level.name for level in registry.load("analyses", name).needs if level.name != "MODEL"]
    if not needs:
        assert len(found) == 1
        return
    assert found.rows == ()
    assert found.note.endswith(f"; level {', '.join(needs)} was not profiled")


@pytest.mark.parametrize("name", ANALYSES)
def test_no_iteration_gives_no_row_and_a_note_that_says_why(made, table, name: str) -> None:
    found = table(name, made("M/L/B/K", *4 * [([], [])]))
    assert found.rows == ()
    assert found.note.endswith("; no iteration was measured")


@pytest.mark.parametrize("name", ANALYSES)
def test_levels_in_which_nothing_was_seen_are_no_error(made, table, name: str) -> None:
    found = table(name, made("M/L/B/K", *4 * [([100], [])]))
    assert len(found) == {"a1": 1, "a15": 1, "a16": 4, "a22": 1}.get(name, 0)


def test_what_can_be_told_of_some_profiles_is_told_with_why_of_the_others(made, table) -> None:
    shallow, deep = made("M", M, model="a"), made("M/L", M, M_L, model="b")
    found = table("a3", shallow, deep, shallow)
    assert found.column("model") == ("b",)
    assert found.note.count("level LAYER was not profiled") == 1


def test_profiles_stay_in_their_order(made, table) -> None:
    profiles = [made("M", M, model=name) for name in ("b", "a")]
    assert table("a1", *profiles).column("model") == ("b", "a")


def test_runs_of_another_workload_are_passed_over(made) -> None:
    profile = made("M", M)
    runs = [example_run("r-1"), profile.run]
    assert registry.load("analyses", "a1")().table(runs).column("model") == ("resnet18",)


def test_a_row_knows_its_profile(made, table) -> None:
    one = made("M", M)
    two = made("M", M, threads=2)
    large = made("M", M, plan={"batch_size": 8})
    rows = list(table("a1", one, two, large))
    assert [[is_of(row, each) for row in rows] for each in (one, two, large)] == [
        [True, False, False],
        [False, True, False],
        [False, False, True],
    ]
    assert subject(two) == {"model": "resnet18", "backend": "torch", "threads": 2}


def test_times_and_shares() -> None:
    assert microseconds(1500) == 1.5
    assert microseconds(None) is None
    assert percent(1, 4) == 25
    assert percent(None, 4) is percent(1, None) is percent(1, 0) is None
    assert list(accumulated([1, None, 2])) == [1, 1, 3]


def test_the_formula_is_in_the_note(made, table) -> None:
    found = table("a1", made("M", M))
    assert found.note == "throughput = batch / latency; latency of the run that sees only M"
    assert found.title == "A1 Model information"
    assert dataclasses.astuple(found)[0] == "a1"
