"""What each type of scenario needs, may have besides, and takes for granted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Arrivals = Literal["closed", "open", "users", "at_once"]

OWN_FIELDS = (
    "rate_qps",
    "samples_per_query",
    "users",
    "think_time_ms",
    "burst",
    "trace_file",
    "trace_sha256",
    "latency_bound_ms",
    "percentile",
)
"""Fields that mean something for some types only."""


@dataclass(frozen=True)
class ScenarioRule:
    """How queries arrive, and the fields of one type.

    `needs` must be given, `takes` may be; `defaults` stand where a field is left out.
    """

    arrivals: Arrivals
    needs: frozenset[str] = frozenset()
    takes: frozenset[str] = frozenset()
    defaults: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fields(self) -> frozenset[str]:
        """Every one of `OWN_FIELDS` that means something for the type."""
        return self.needs | self.takes | (frozenset(self.defaults) & frozenset(OWN_FIELDS))


_BOUND = frozenset({"latency_bound_ms", "percentile", "samples_per_query"})
_TEN_MINUTES = {"min_duration_ms": 600_000, "max_duration_ms": 0}

RULES: Mapping[str, ScenarioRule] = {
    "online": ScenarioRule("closed"),
    "batched": ScenarioRule("closed", defaults={"min_queries": 10, "min_duration_ms": 3000}),
    "offline": ScenarioRule(
        "at_once",
        takes=frozenset({"samples_per_query"}),
        defaults={"min_queries": 1, "min_duration_ms": 60_000},
    ),
    "server": ScenarioRule(
        "open",
        needs=frozenset({"rate_qps", "latency_bound_ms"}),
        takes=_BOUND,
        defaults={"percentile": 0.99},
    ),
    "burst": ScenarioRule("open", takes=_BOUND, defaults={"burst": {"size": 8, "period_ms": 1000}}),
    "uniform": ScenarioRule("open", needs=frozenset({"rate_qps"}), takes=_BOUND),
    "interactive": ScenarioRule(
        "users", takes=_BOUND, defaults={"users": 4, "think_time_ms": 1000, "percentile": 0.9}
    ),
    "replay": ScenarioRule(
        "open",
        needs=frozenset({"trace_file"}),
        takes=_BOUND | {"trace_sha256"},
        defaults={"min_queries": 1, "min_duration_ms": 0},
    ),
    "single_stream": ScenarioRule(
        "closed",
        takes=frozenset({"latency_bound_ms"}),
        defaults={"percentile": 0.9, "min_queries": 64, **_TEN_MINUTES},
    ),
    "multi_stream": ScenarioRule(
        "closed",
        takes=frozenset({"latency_bound_ms"}),
        defaults={
            "percentile": 0.99,
            "min_queries": 662,
            "samples_per_query": 8,
            **_TEN_MINUTES,
        },
    ),
    "server_mlperf": ScenarioRule(
        "open",
        needs=frozenset({"rate_qps", "latency_bound_ms"}),
        takes=_BOUND,
        defaults={"percentile": 0.99, **_TEN_MINUTES},
    ),
    "offline_mlperf": ScenarioRule(
        "at_once",
        defaults={"min_queries": 1, "samples_per_query": 24_576, **_TEN_MINUTES},
    ),
}
