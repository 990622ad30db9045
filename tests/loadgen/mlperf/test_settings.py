from __future__ import annotations

import json
from pathlib import Path

import pytest

from dlscope.core.errors import DlscopeError, PlanError
from dlscope.loadgen.mlperf.settings import Override, Settings, read_settings

OFFICIAL = """
*.*.qsl_rng_seed = 2085463073848966840
*.Server.min_duration = 600000
*.Server.target_latency = 10
resnet50.Server.target_latency = 15
*.Server.target_latency_percentile = 99
*.Server.target_duration = 0
*.MultiStream.min_query_count = 662
*.MultiStream.samples_per_query = 8
llama.*.use_token_latencies = 1
resnet50.*.performance_sample_count_override = 1024
*.SingleStream.target_latency = 10
"""


@pytest.fixture
def read(tmp_path: Path):
    def settings(
        user: str, scenario: str, model: str = "resnet50", official: str | None = OFFICIAL
    ):
        paths = []
        for name, text in (("mlperf.conf", official), ("user.conf", user)):
            path = tmp_path / name
            path.write_text(text or "")
            paths.append(path if text is not None else None)
        return read_settings(paths[0], paths[1], model, scenario)

    return settings


def test_each_file_is_resolved_by_itself_and_the_user_wins(read) -> None:
    settings = read("*.*.min_duration = 700000\n*.Server.target_qps = 40", "Server")
    assert settings == Settings(
        "Server",
        {
            "qsl_rng_seed": 2085463073848966840,
            "server_target_latency_percentile": 0.99,
            "server_target_latency_ns": 15_000_000,
            "server_target_qps": 40.0,
            "min_duration_ms": 700_000,
            "performance_sample_count_override": 1024,
        },
    )
    assert settings.is_compliant


def test_keys_of_another_scenario_have_no_effect(read) -> None:
    settings = read("*.Server.target_latency = 50", "SingleStream")
    assert settings.values["single_stream_expected_latency_ns"] == 10_000_000
    assert "server_target_latency_ns" not in settings.values
    assert settings.is_compliant


@pytest.mark.parametrize(
    ("line", "scenario", "override"),
    [
        (
            "*.Server.target_latency = 50",
            "Server",
            Override(
                "target_latency",
                50,
                15,
                1,
                "a value of one's own is eligible for the open division only",
            ),
        ),
        (
            "*.MultiStream.samples_per_query = 4",
            "MultiStream",
            Override(
                "samples_per_query",
                4,
                8,
                1,
                "a value of one's own is eligible for the open division only",
            ),
        ),
        (
            "*.*.min_duration = 1000",
            "Server",
            Override("min_duration", 1000, 600_000, 1, "it asks for less than mlperf.conf"),
        ),
        (
            "*.*.min_query_count = 50",
            "SingleStream",
            Override("min_query_count", 50, 100, 1, "it asks for less than mlperf.conf"),
        ),
        (
            "*.*.performance_sample_count_override = 64",
            "Offline",
            Override(
                "performance_sample_count_override",
                64,
                1024,
                1,
                "it asks for less than mlperf.conf",
            ),
        ),
        (
            "*.*.performance_issue_same = 1",
            "Server",
            Override("performance_issue_same", 1, 0, 1, "it belongs to audit runs"),
        ),
    ],
)
def test_a_users_value_that_leaves_the_rules_is_marked(read, line, scenario, override) -> None:
    settings = read(line, scenario)
    assert settings.overrides == (override,)
    assert not settings.is_compliant


@pytest.mark.parametrize(
    "line",
    [
        "*.Server.target_latency = 15",
        "*.Server.target_qps = 1000",
        "*.Server.min_duration = 600001",
        "*.*.max_duration = 700000",
        "*.*.performance_sample_count_override = 2048",
        "*.*.performance_issue_same = 0",
        "*.Server.coalesce_queries = 1",
        "*.*.sample_concatenate_permutation = 1",
    ],
)
def test_what_is_the_users_to_set_is_not_marked(read, line: str) -> None:
    assert read(line, "Server").is_compliant


def test_without_an_official_file_nothing_is_known_to_comply(read) -> None:
    settings = read("*.*.min_duration = 600000", "Server", official=None)
    assert settings.values == {"min_duration_ms": 600_000}
    assert settings.overrides == (
        Override("min_duration", 600_000, None, 1, "there is no mlperf.conf to compare it with"),
    )


def test_no_files_are_no_settings() -> None:
    assert read_settings(None, None, "resnet50", "Offline") == Settings("Offline")


def test_refuses_seeds_of_a_user_and_broken_lines_of_both_files_together(read, tmp_path) -> None:
    with pytest.raises(DlscopeError) as caught:
        read("*.*.qsl_rng_seed = 1", "Server", official="nonsense")
    assert [(e.where, e.what, e.fix) for e in caught.value.problems] == [
        (
            f"{tmp_path / 'mlperf.conf'}, line 1",
            "'nonsense' is not 'model.scenario.key = number'",
            "write one key, ' = ' between spaces and one number; comments take a whole line",
        ),
        (
            f"{tmp_path / 'user.conf'}, line 1",
            "qsl_rng_seed is set by mlperf.conf alone: LoadGen passes over it in user.conf",
            "remove the line; without mlperf.conf the seeds of the scenario are used",
        ),
    ]


def test_refuses_latencies_of_tokens(read, tmp_path: Path) -> None:
    with pytest.raises(PlanError) as caught:
        read("", "Server", model="llama")
    assert str(caught.value) == (
        "PlanError: latencies of single tokens cannot be measured: a system under test answers "
        "whole\n"
        f"  where  {tmp_path / 'mlperf.conf'}, line 10\n"
        "  fix    set use_token_latencies to 0 in user.conf, which measures whole answers"
    )
    whole = read("llama.*.use_token_latencies = 0", "Server", model="llama")
    assert [override.key for override in whole.overrides] == ["use_token_latencies"]


def test_refuses_an_unknown_scenario() -> None:
    with pytest.raises(PlanError) as caught:
        read_settings(None, None, "resnet50", "server")
    assert str(caught.value) == (
        "PlanError: LoadGen has no scenario 'server'\n"
        "  where  settings\n"
        "  fix    did you mean Server?"
    )


def test_settings_survive_json_and_text(read) -> None:
    settings = read("*.Server.target_latency = 50", "Server")
    assert Settings.from_json(json.loads(json.dumps(settings.to_json()))) == settings
    texts = settings.to_text()
    assert set(map(type, texts.values())) == {str}
    assert Settings.from_text(texts) == settings
