from __future__ import annotations

import pytest

from dlscope.loadgen.mlperf.keys import KEYS, REFUSED, freedom
from dlscope.loadgen.mlperf.running import import_loadgen


def test_every_field_is_one_of_loadgens() -> None:
    settings = import_loadgen().TestSettings()
    named = {field for key in KEYS.values() for field in key.fields.values()}
    assert {name for name in named if not hasattr(settings, name)} == set()


def test_loadgens_own_values_are_the_defaults() -> None:
    settings = import_loadgen().TestSettings()
    lowerable = [key for key in KEYS.values() if key.freedom == "not_lower"]
    for key in lowerable:
        assert getattr(settings, key.fields["Server"]) == key.default, key.name


@pytest.mark.parametrize(
    ("key", "written", "taken"),
    [
        ("target_latency", 15, 15_000_000),
        ("target_latency", 0.25, 250_000),
        ("target_latency_percentile", 90, 0.9),
        ("min_duration", 600_000, 600_000),
        ("performance_issue_same", 1, True),
        ("target_qps", 2.5, 2.5),
    ],
)
def test_values_are_taken_in_loadgens_units(key: str, written: float, taken: float) -> None:
    assert KEYS[key].to_field(written) == taken
    assert type(KEYS[key].to_field(written)) is type(taken)


def test_zero_samples_are_all_samples() -> None:
    key = KEYS["performance_sample_count_override"]
    assert key.falls_short(64, 1024)
    assert key.falls_short(64, 0)
    assert not key.falls_short(0, 1024)
    assert not key.falls_short(2048, 1024)


def test_a_servers_latency_is_a_rule_and_a_streams_is_a_guess() -> None:
    assert freedom(KEYS["target_latency"], "Server") == "open"
    assert freedom(KEYS["target_latency"], "SingleStream") == "free"


def test_no_key_is_both_taken_and_refused() -> None:
    assert not set(KEYS) & set(REFUSED)
