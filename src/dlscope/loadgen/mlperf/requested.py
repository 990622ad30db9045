"""What a scenario asks of LoadGen, as fields of its TestSettings with plain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dlscope.core.errors import DlscopeError, PlanError, raise_all
from dlscope.core.manifest import ScenarioManifest
from dlscope.loadgen.mlperf.keys import LoadGenScenario, Number
from dlscope.loadgen.mlperf.settings import Settings
from dlscope.loadgen.stop_rule import StopRule

_SCENARIOS: Mapping[str, LoadGenScenario] = {
    "online": "SingleStream",
    "single_stream": "SingleStream",
    "multi_stream": "MultiStream",
    "server": "Server",
    "server_mlperf": "Server",
    "offline": "Offline",
    "offline_mlperf": "Offline",
}
_PERCENTILES: Mapping[LoadGenScenario, tuple[str, float]] = {
    "SingleStream": ("single_stream_target_latency_percentile", 0.90),
    "MultiStream": ("multi_stream_target_latency_percentile", 0.99),
    "Server": ("server_target_latency_percentile", 0.99),
}
EXPECTED: Mapping[LoadGenScenario, str] = {
    "SingleStream": "single_stream_expected_latency_ns",
    "MultiStream": "multi_stream_expected_latency_ns",
    "Offline": "offline_expected_qps",
}
"""The field that decides how many queries LoadGen prepares, where that is a guess."""


@dataclass(frozen=True)
class Requested:
    """One test: LoadGen's scenario and the fields to set, all of them plain values."""

    scenario: LoadGenScenario
    fields: Mapping[str, Number]

    @property
    def samples_per_query(self) -> int:
        """Samples of one query; LoadGen's own for multi-stream, else 1 (offline asks for all)."""
        return int(self.fields.get("multi_stream_samples_per_query", 1))

    @property
    def percentile(self) -> float | None:
        """The percentile that is the headline, None for offline."""
        name, _ = _PERCENTILES.get(self.scenario, (None, 0.0))
        return None if name is None else float(self.fields[name])


def loadgen_scenario(scenario: ScenarioManifest) -> LoadGenScenario:
    """LoadGen's name for `scenario`. Raises `PlanError` for one that LoadGen does not have."""
    known = _SCENARIOS.get(scenario.type)
    if known is None:
        raise PlanError(
            f"LoadGen has no scenario like {scenario.type!r}",
            where=f"scenario {scenario.name}",
            fix=f"use the native load generator, or one of {', '.join(_SCENARIOS)}",
        )
    if scenario.mode == "find_peak":
        raise PlanError(
            "the search for the peak rate is not driven by LoadGen",
            where=f"scenario {scenario.name}",
            fix="use the native load generator for mode find_peak",
        )
    return known


def requested(scenario: ScenarioManifest, settings: Settings | None) -> Requested:
    """The test that `scenario` describes; values of `settings` win over the scenario's own.

    A percentile that the scenario does not set is LoadGen's (0.90 for a single stream, else 0.99).
    Offline the least number of parts is LoadGen's least number of samples. Raises `PlanError`s.
    """
    kind = loadgen_scenario(scenario)
    if settings is not None and settings.scenario != kind:
        raise PlanError(
            f"the settings are for {settings.scenario}, the scenario is {kind}",
            where=f"scenario {scenario.name}",
            fix=f"read the settings for {kind}",
        )
    fields: dict[str, Number] = {**_common(scenario), **_of_kind(scenario, kind)}
    fields.update(settings.values if settings else {})
    if kind == "Server":
        _require_rate_and_bound(fields, scenario)
    return Requested(kind, fields)


def _common(scenario: ScenarioManifest) -> dict[str, Number]:
    seeds, rule = scenario.seeds, StopRule.of(scenario)
    return {
        "min_duration_ms": round(scenario.min_duration_ms),
        "max_duration_ms": round(scenario.max_duration_ms),
        "min_query_count": rule.min_queries,
        "max_query_count": rule.max_queries,
        "sample_concatenate_permutation": scenario.equal_issue,
        # LoadGen holds seeds in 64 bits without a sign.
        "qsl_rng_seed": seeds.subset % 2**64,
        "sample_index_rng_seed": seeds.order % 2**64,
        "schedule_rng_seed": seeds.schedule % 2**64,
        "accuracy_log_rng_seed": seeds.accuracy_log % 2**64,
    }


def _of_kind(scenario: ScenarioManifest, kind: LoadGenScenario) -> dict[str, Number]:
    fields: dict[str, Number] = {}
    if kind in _PERCENTILES:
        name, usual = _PERCENTILES[kind]
        is_set = "percentile" in scenario.model_fields_set
        fields[name] = scenario.percentile if is_set else usual
    if kind == "MultiStream":
        fields["multi_stream_samples_per_query"] = scenario.samples_per_query
    if kind == "Server" and scenario.rate_qps is not None:
        fields["server_target_qps"] = float(scenario.rate_qps)
    if kind == "Server" and scenario.latency_bound_ms is not None:
        fields["server_target_latency_ns"] = round(scenario.latency_bound_ms * 1e6)
    return fields


def _require_rate_and_bound(fields: Mapping[str, Number], scenario: ScenarioManifest) -> None:
    needed = {
        "server_target_qps": ("rate", "rate_qps in the scenario, or target_qps in user.conf"),
        "server_target_latency_ns": (
            "latency bound",
            "latency_bound_ms in the scenario, or target_latency in mlperf.conf",
        ),
    }
    problems: list[DlscopeError] = [
        PlanError(
            f"a server test needs a {what} above 0",
            where=f"scenario {scenario.name}",
            fix=f"set {fix}",
        )
        for name, (what, fix) in needed.items()
        if not fields.get(name)
    ]
    raise_all(problems)
