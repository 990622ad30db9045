from __future__ import annotations

import pytest

from dlscope.core.errors import DlscopeError, PlanError
from dlscope.core.manifest.scenario import Seeds
from dlscope.loadgen.mlperf.requested import loadgen_scenario, requested
from dlscope.loadgen.mlperf.settings import Settings

SERVER = {"rate_qps": 40, "latency_bound_ms": 25}


@pytest.mark.parametrize(
    ("kind", "name", "fields"),
    [
        ("online", "SingleStream", {}),
        ("single_stream", "SingleStream", {}),
        ("multi_stream", "MultiStream", {}),
        ("server", "Server", SERVER),
        ("server_mlperf", "Server", SERVER),
        ("offline", "Offline", {}),
        ("offline_mlperf", "Offline", {}),
    ],
)
def test_scenarios_of_loadgen(scenario, kind, name, fields) -> None:
    assert loadgen_scenario(scenario(kind, **fields)) == name


@pytest.mark.parametrize("kind", ["batched", "burst", "uniform", "interactive", "replay"])
def test_refuses_what_loadgen_does_not_have(scenario, kind: str) -> None:
    fields = {"rate_qps": 5} if kind == "uniform" else {}
    with pytest.raises(PlanError) as caught:
        loadgen_scenario(scenario(kind, **fields))
    assert str(caught.value) == (
        f"PlanError: LoadGen has no scenario like '{kind}'\n"
        "  where  scenario tiny\n"
        "  fix    use the native load generator, or one of online, single_stream, multi_stream, "
        "server, server_mlperf, offline, offline_mlperf"
    )


def test_refuses_the_search_for_the_peak(scenario) -> None:
    with pytest.raises(PlanError) as caught:
        loadgen_scenario(scenario("server", mode="find_peak", **SERVER))
    assert str(caught.value) == (
        "PlanError: the search for the peak rate is not driven by LoadGen\n"
        "  where  scenario tiny\n"
        "  fix    use the native load generator for mode find_peak"
    )


def test_a_server_is_asked_as_the_scenario_says(scenario) -> None:
    seeds = Seeds(subset=11, order=12, schedule=13, accuracy_log=-1)
    asked = requested(scenario("server", max_queries=900, seeds=seeds, **SERVER), None)
    assert asked.fields == {
        "min_duration_ms": 0,
        "max_duration_ms": 600_000,
        "min_query_count": 64,
        "max_query_count": 900,
        "sample_concatenate_permutation": False,
        "qsl_rng_seed": 11,
        "sample_index_rng_seed": 12,
        "schedule_rng_seed": 13,
        "accuracy_log_rng_seed": 2**64 - 1,
        "server_target_latency_percentile": 0.99,
        "server_target_qps": 40.0,
        "server_target_latency_ns": 25_000_000,
    }
    assert asked.percentile == 0.99


def test_multi_stream_asks_for_eight_samples_by_default(scenario) -> None:
    assert requested(scenario("multi_stream"), None).samples_per_query == 8


def test_a_percentile_that_is_not_given_is_loadgens(scenario) -> None:
    assert requested(scenario("online"), None).percentile == 0.90
    assert requested(scenario("online", percentile=0.95), None).percentile == 0.95
    assert requested(scenario("offline"), None).percentile is None


def test_offline_asks_for_the_samples_of_the_scenario(scenario) -> None:
    asked = requested(scenario("offline_mlperf", min_queries=1), None)
    assert asked.fields["min_query_count"] == 24_576


def test_settings_win_over_the_scenario(scenario) -> None:
    settings = Settings("Server", {"server_target_qps": 7.5})
    asked = requested(scenario("server", **SERVER), settings)
    assert asked.fields["server_target_qps"] == 7.5


def test_a_server_may_take_rate_and_bound_from_the_settings(scenario) -> None:
    given = {"server_target_qps": 7.5, "server_target_latency_ns": 1_000_000}
    assert requested(scenario("server"), Settings("Server", given)).fields.items() >= given.items()


def test_refuses_a_server_without_rate_and_bound(scenario) -> None:
    with pytest.raises(DlscopeError) as caught:
        requested(scenario("server"), None)
    assert [(e.what, e.where, e.fix) for e in caught.value.problems] == [
        (
            "a server test needs a rate above 0",
            "scenario tiny",
            "set rate_qps in the scenario, or target_qps in user.conf",
        ),
        (
            "a server test needs a latency bound above 0",
            "scenario tiny",
            "set latency_bound_ms in the scenario, or target_latency in mlperf.conf",
        ),
    ]


def test_refuses_settings_of_another_scenario(scenario) -> None:
    with pytest.raises(PlanError) as caught:
        requested(scenario("online"), Settings("Server"))
    assert str(caught.value) == (
        "PlanError: the settings are for Server, the scenario is SingleStream\n"
        "  where  scenario tiny\n"
        "  fix    read the settings for SingleStream"
    )
