from __future__ import annotations

import pytest

from dlscope.core.manifest import ScenarioManifest


@pytest.mark.parametrize(
    ("changes", "what", "fix"),
    [
        (
            {"max_queries": 50},
            "max_queries 50 is below min_queries 100",
            "raise max_queries, or set it to 0 for no maximum",
        ),
        (
            {"max_duration_ms": 9_999.5},
            "max_duration_ms 9999.5 is below min_duration_ms 10000",
            "raise max_duration_ms, or set it to 0 for no maximum",
        ),
        (
            {"min_duration_ms": 0, "min_queries": 0},
            "a scenario of zero queries and zero duration measures nothing",
            "set min_queries or min_duration_ms",
        ),
    ],
)
def test_refuses_a_scenario_that_cannot_end_well(
    scenario_data, problems_of, changes, what: str, fix: str
) -> None:
    assert problems_of(ScenarioManifest, {**scenario_data, **changes}) == [(what, "", fix)]


@pytest.mark.parametrize(
    "changes",
    [
        {"max_queries": 100},
        {"max_queries": 0},
        {"max_duration_ms": 0},
        {"min_duration_ms": 0},
        {"min_queries": 0, "min_duration_ms": 0, "max_queries": 5},
    ],
)
def test_takes_a_scenario_that_ends(scenario_data, changes) -> None:
    scenario = ScenarioManifest.model_validate({**scenario_data, **changes})
    assert ScenarioManifest.model_validate(scenario.to_json()).digest == scenario.digest


@pytest.mark.parametrize(("written", "kept"), [(4, (4,)), ([1, 2, 4], (1, 2, 4))])
def test_batch_sizes_are_one_or_several(scenario_data, written, kept: tuple[int, ...]) -> None:
    scenario_data["batch_size"] = written
    assert ScenarioManifest.model_validate(scenario_data).batch_size == kept


@pytest.mark.parametrize(
    ("changes", "what", "where", "fix"),
    [
        ({"batch_size": []}, "'batch_size' is empty", "batch_size", "list at least 1"),
        (
            {"batch_size": [1, 0]},
            "0 is not a value of 'batch_size[1]'",
            "batch_size[1]",
            "use a number greater than 0",
        ),
        ({"batch_size": True}, "True is not a value of 'batch_size'", "batch_size", "use a list"),
        (
            {"percentile": 99},
            "99 is not a value of 'percentile'",
            "percentile",
            "use a number less than 1",
        ),
        (
            {"type": "sever"},
            "'sever' is not a value of 'type'",
            "type",
            "did you mean server?",
        ),
        (
            {"seeds": {"ordr": 1}},
            "unknown field 'ordr'",
            "seeds.ordr",
            "did you mean order?",
        ),
    ],
)
def test_refuses_what_no_scenario_has(
    scenario_data, problems_of, changes, what: str, where: str, fix: str
) -> None:
    assert problems_of(ScenarioManifest, {**scenario_data, **changes}) == [(what, where, fix)]


def test_the_four_seeds_differ_by_default(scenario_data) -> None:
    seeds = ScenarioManifest.model_validate(scenario_data).seeds.to_json()
    assert len(set(seeds.values())) == 4
