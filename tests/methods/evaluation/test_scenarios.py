from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dlscope.core.digest import file_digest
from dlscope.core.errors import DlscopeError
from dlscope.core.manifest import ScenarioManifest
from dlscope.loadgen.mlperf.settings import Settings
from dlscope.methods.evaluation.planning import plan_experiment
from dlscope.methods.evaluation.scenarios import resolve_scenario, scenario_for

ASKED = {"online": {}, "server": {"rate_qps": 10, "latency_bound_ms": 50}}


def resolved(kind: str, **fields: Any) -> ScenarioManifest:
    return resolve_scenario({"type": kind, **ASKED.get(kind, {}), **fields})


def problems(kind: str, **fields: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(DlscopeError) as caught:
        resolved(kind, **fields)
    return [(each.what, each.where, each.fix) for each in caught.value.problems]


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("server", "rate_qps"),
        ("server", "latency_bound_ms"),
        ("server_mlperf", "rate_qps"),
        ("uniform", "rate_qps"),
        ("replay", "trace_file"),
    ],
)
def test_what_a_type_needs_must_be_given(kind: str, field: str) -> None:
    with pytest.raises(DlscopeError) as caught:
        resolve_scenario({"type": kind})
    assert (
        f"a scenario of type {kind!r} needs {field!r}",
        f"scenario {kind}, {field}",
        f"set {field}",
    ) in [(each.what, each.where, each.fix) for each in caught.value.problems]


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [
        ("online", "rate_qps", 5.0),
        ("online", "latency_bound_ms", 5),
        ("online", "percentile", 0.5),
        ("online", "samples_per_query", 8),
        ("batched", "users", 3),
        ("server", "burst", {"size": 2, "period_ms": 10}),
        ("server", "think_time_ms", 5),
        ("single_stream", "samples_per_query", 8),
        ("offline", "rate_qps", 5.0),
    ],
)
def test_what_means_nothing_for_a_type_is_refused(kind: str, field: str, value: Any) -> None:
    assert problems(kind, **{field: value}) == [
        (
            f"{field!r} means nothing for a scenario of type {kind!r}",
            f"scenario {kind}, {field}",
            f"leave {field} out",
        )
    ]


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        (
            "online",
            {"mode": "find_peak"},
            (
                "a scenario of type 'online' has no rate whose peak could be found",
                "mode",
                "use server, uniform, server_mlperf",
            ),
        ),
        (
            "multi_stream",
            {"batch_size": 3},
            (
                "a query of 8 samples does not fill batches of 3",
                "batch_size",
                "use a batch size that divides 8",
            ),
        ),
        (
            "server",
            {"mode": "find_peak", "pipeline": "stream"},
            (
                "the peak rate is not searched in mode stream",
                "pipeline",
                "use pipeline: preloaded or sequential",
            ),
        ),
        (
            "interactive",
            {"pipeline": "stream"},
            (
                "users wait for their answers, so that nothing overlaps in mode stream",
                "pipeline",
                "use pipeline: preloaded or sequential",
            ),
        ),
        (
            "multi_stream",
            {"pipeline": "stream"},
            (
                "in mode stream a query is one batch, not 8 samples",
                "samples_per_query",
                "use batch_size: 8",
            ),
        ),
        (
            "online",
            {"audits": ["TEST04"]},
            (
                "'audits' are for the genuine LoadGen",
                "audits",
                "add loadgen: mlperf, or leave audits out",
            ),
        ),
        (
            "online",
            {"loadgen": "mlperf", "settings": {"user_config": "x"}},
            ("unknown setting 'user_config'", "settings.user_config", "did you mean user_conf?"),
        ),
        (
            "online",
            {"loadgen": "mlperf", "pipeline": "stream"},
            (
                "LoadGen drives one query after another, so that nothing overlaps in mode stream",
                "pipeline",
                "use pipeline: preloaded or sequential",
            ),
        ),
    ],
)
def test_what_cannot_be_carried_out_is_refused(kind: str, fields: Any, expected: Any) -> None:
    what, place, fix = expected
    assert problems(kind, **fields) == [(what, f"scenario {kind}, {place}", fix)]


@pytest.mark.parametrize("fields", [{"mode": "find_peak"}, {}])
def test_loadgen_has_not_every_scenario(fields: Any) -> None:
    kind = "server" if fields else "interactive"
    (problem,) = problems(kind, loadgen="mlperf", **fields)
    assert problem[0] in (
        "the search for the peak rate is not driven by LoadGen",
        "LoadGen has no scenario like 'interactive'",
    )


def test_everything_that_is_wrong_is_told_at_once() -> None:
    with pytest.raises(DlscopeError) as caught:
        resolve_scenario({"type": "uniform", "users": 2, "mode": "find_peak", "pipeline": "stream"})
    assert [each.where for each in caught.value.problems] == [
        "scenario uniform, latency_bound_ms",
        "scenario uniform, users",
        "scenario uniform, pipeline",
    ]


def test_a_peak_needs_a_bound_and_no_rate() -> None:
    scenario = resolve_scenario({"type": "server", "mode": "find_peak", "latency_bound_ms": 50})
    assert scenario.rate_qps is None


def test_a_trace_is_named_by_its_digest(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_text("scheduled_ns\n1\n2\n")
    scenario = resolved("replay", trace_file=str(path))
    assert scenario.trace_file == str(path)
    assert scenario.trace_sha256 == file_digest(path)


def test_a_malformed_trace_is_told_at_planning(tmp_path: Path) -> None:
    path = tmp_path / "trace.csv"
    path.write_text("time\n1\n")
    assert problems("replay", trace_file=str(path)) == [
        (
            "trace.csv has no column scheduled_ns",
            "scenario replay, trace_file",
            "write a header line: scheduled_ns",
        )
    ]


@pytest.fixture
def conf(tmp_path: Path) -> Path:
    path = tmp_path / "user.conf"
    path.write_text(
        "*.Server.target_qps = 7\n*.Server.target_latency = 40\ncolors.Server.target_qps = 9\n"
    )
    return path


def test_loadgens_files_are_read_for_each_model(conf: Path) -> None:
    asked = resolve_scenario(
        {"type": "server", "loadgen": "mlperf", "settings": {"user_conf": str(conf)}}
    )
    for model, rate_qps in (("colors", 9), ("another", 7)):
        settings = Settings.from_text(scenario_for(asked, model).settings)
        assert settings.values["server_target_qps"] == rate_qps
        assert settings.values["server_target_latency_ns"] == 40_000_000


def test_a_plan_holds_what_the_files_ask_and_not_where_they_lie(ask, conf: Path) -> None:
    scenario = {"type": "server", "loadgen": "mlperf", "settings": {"user_conf": str(conf)}}
    (plan,) = plan_experiment(ask(scenarios=[scenario])).plans
    assert str(conf) not in json.dumps(plan.to_json())
    conf.write_text(conf.read_text().replace("9", "8"))
    (other,) = plan_experiment(ask(scenarios=[scenario])).plans
    assert plan.digest != other.digest


def test_what_loadgen_would_still_miss_is_told(ask) -> None:
    with pytest.raises(DlscopeError) as caught:
        plan_experiment(ask(scenarios=[{"type": "server", "loadgen": "mlperf"}]))
    assert [each.what for each in caught.value.problems] == [
        "a server test needs a rate above 0",
        "a server test needs a latency bound above 0",
    ]


def test_problems_of_every_scenario_are_told_at_once(ask) -> None:
    with pytest.raises(DlscopeError) as caught:
        plan_experiment(ask(scenarios=[{"type": "uniform"}, {"type": "online", "users": 3}]))
    assert [each.where for each in caught.value.problems] == [
        "scenario uniform, rate_qps",
        "scenario online, users",
    ]
