"""The keys of `mlperf.conf` and `user.conf`: what each sets, and what a user may do to it.

The freedoms follow the three groups in which LoadGen 6.0 reads them (`TestSettings::FromConfig`)
and what the submission checker then requires of the values.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

LoadGenScenario = Literal["SingleStream", "MultiStream", "Server", "Offline"]
SCENARIOS: tuple[LoadGenScenario, ...] = ("SingleStream", "MultiStream", "Server", "Offline")
Number = int | float | bool
Kind = Literal["count", "flag", "milliseconds", "percent", "rate"]
Freedom = Literal["free", "not_lower", "open", "audit", "official", "unused"]
"""What a user's own value does.

`free`       nothing: it is the user's to set
`not_lower`  below the official value the run no longer complies
`open`       a value of one's own is for the open division only
`audit`      belongs to audit runs, so that a measured run with it does not comply
`official`   LoadGen reads it from `mlperf.conf` alone
`unused`     known to the official file, read by nothing
"""

_FACTORS: Mapping[Kind, float] = {"milliseconds": 1e6, "percent": 0.01}


@dataclass(frozen=True)
class Key:
    """One key: the field of LoadGen's TestSettings it sets in each scenario, and its freedom.

    Without a field for a scenario the key has no effect there, as in LoadGen. `default` is
    LoadGen's own value where the official file gives none.
    """

    name: str
    kind: Kind
    freedom: Freedom
    fields: Mapping[LoadGenScenario, str]
    default: float = 0
    zero_is_all: bool = False

    def to_field(self, value: float) -> Number:
        """`value` of a file as LoadGen takes it: ns, a share of 1, a count or a truth."""
        if self.kind == "flag":
            return bool(value)
        if self.kind == "count":
            return int(value)
        scaled = value * _FACTORS.get(self.kind, 1.0)
        return round(scaled) if self.kind == "milliseconds" else scaled

    def falls_short(self, value: float, official: float) -> bool:
        """Whether `value` asks for less than the `official` one."""
        if self.zero_is_all and 0 in (value, official):
            return value != official and official == 0
        return value < official


def _same(name: str) -> Mapping[LoadGenScenario, str]:
    return dict.fromkeys(SCENARIOS, name)


_COUNT: Kind = "count"
_KEYS = (
    Key("qsl_rng_seed", _COUNT, "official", _same("qsl_rng_seed")),
    Key("sample_index_rng_seed", _COUNT, "official", _same("sample_index_rng_seed")),
    Key("schedule_rng_seed", _COUNT, "official", _same("schedule_rng_seed")),
    Key("accuracy_log_probability", "percent", "official", _same("accuracy_log_probability")),
    Key("test05", "flag", "official", _same("test05")),
    Key("test05_qsl_rng_seed", _COUNT, "official", _same("test05_qsl_rng_seed")),
    Key("test05_sample_index_rng_seed", _COUNT, "official", _same("test05_sample_index_rng_seed")),
    Key("test05_schedule_rng_seed", _COUNT, "official", _same("test05_schedule_rng_seed")),
    Key(
        "target_latency_percentile",
        "percent",
        "open",
        {
            "SingleStream": "single_stream_target_latency_percentile",
            "MultiStream": "multi_stream_target_latency_percentile",
            "Server": "server_target_latency_percentile",
        },
    ),
    Key("samples_per_query", _COUNT, "open", {"MultiStream": "multi_stream_samples_per_query"}),
    Key("use_token_latencies", "flag", "open", {}),
    Key("ttft_latency", "milliseconds", "open", {}),
    Key("tpot_latency", "milliseconds", "open", {}),
    Key("infer_token_latencies", "flag", "open", _same("infer_token_latencies")),
    Key("token_latency_scaling_factor", _COUNT, "open", _same("token_latency_scaling_factor")),
    # Of streams the expected latency only decides how many queries LoadGen prepares.
    Key(
        "target_latency",
        "milliseconds",
        "free",
        {
            "SingleStream": "single_stream_expected_latency_ns",
            "MultiStream": "multi_stream_expected_latency_ns",
            "Server": "server_target_latency_ns",
        },
    ),
    Key(
        "target_qps",
        "rate",
        "free",
        {"Server": "server_target_qps", "Offline": "offline_expected_qps"},
    ),
    Key("min_duration", _COUNT, "not_lower", _same("min_duration_ms"), default=10_000),
    Key("max_duration", _COUNT, "free", _same("max_duration_ms")),
    Key("min_query_count", _COUNT, "not_lower", _same("min_query_count"), default=100),
    Key("max_query_count", _COUNT, "free", _same("max_query_count")),
    Key(
        "performance_sample_count_override",
        _COUNT,
        "not_lower",
        _same("performance_sample_count_override"),
        zero_is_all=True,
    ),
    Key(
        "accuracy_sample_count_override",
        _COUNT,
        "not_lower",
        _same("accuracy_sample_count_override"),
        zero_is_all=True,
    ),
    Key(
        "sample_concatenate_permutation",
        "flag",
        "not_lower",
        _same("sample_concatenate_permutation"),
    ),
    Key("coalesce_queries", "flag", "free", {"Server": "server_coalesce_queries"}),
    Key("max_async_queries", _COUNT, "free", {"Server": "server_max_async_queries"}),
    Key("performance_issue_unique", "flag", "audit", _same("performance_issue_unique")),
    Key("performance_issue_same", "flag", "audit", _same("performance_issue_same")),
    Key("performance_issue_same_index", _COUNT, "audit", _same("performance_issue_same_index")),
    Key("accuracy_log_rng_seed", _COUNT, "audit", _same("accuracy_log_rng_seed")),
    Key("accuracy_log_sampling_target", _COUNT, "audit", _same("accuracy_log_sampling_target")),
    Key("target_duration", "milliseconds", "unused", {}),
)
KEYS: Mapping[str, Key] = MappingProxyType({key.name: key for key in _KEYS})

REFUSED: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "mode": (
            "the mode is the scenario's, not a configuration file's",
            "remove the line, and set mode in the scenario",
        ),
        "print_timestamps": (
            "LoadGen would print into the output of dlscope",
            "remove the line; the detail log holds the times",
        ),
    }
)
"""Keys that LoadGen knows and dlscope does not take: why, and what to do."""


def freedom(key: Key, scenario: LoadGenScenario) -> Freedom:
    """What a user's value of `key` does in `scenario`: a server's latency bound is a rule."""
    if key.name == "target_latency" and scenario == "Server":
        return "open"
    return key.freedom
