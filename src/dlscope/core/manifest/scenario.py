"""`ScenarioManifest`: how queries arrive, what a query contains, when a run ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    model_validator,
)

from dlscope.core.manifest.base import Document, Manifest, Sha256, refuse
from dlscope.core.manifest.scenario_types import OWN_FIELDS, RULES, ScenarioRule

ScenarioType = Literal[
    "online",
    "batched",
    "offline",
    "server",
    "burst",
    "uniform",
    "interactive",
    "replay",
    "single_stream",
    "multi_stream",
    "server_mlperf",
    "offline_mlperf",
]
PipelineMode = Literal["stream", "sequential", "preloaded"]


class Seeds(Document):
    """Four independent seeds, so that one choice never shifts another."""

    subset: int = 1
    order: int = 2
    schedule: int = 3
    accuracy_log: int = 4


class Burst(Document):
    """Groups of queries: `size` every `period_ms`, or Poisson at `rate_qps` while on."""

    size: PositiveInt | None = None
    period_ms: PositiveFloat | None = None
    on_ms: PositiveFloat | None = None
    off_ms: PositiveFloat | None = None
    rate_qps: PositiveFloat | None = None

    @model_validator(mode="after")
    def _is_one_form(self) -> Self:
        given = set(self.model_dump(exclude_none=True))
        if given not in ({"size", "period_ms"}, {"on_ms", "off_ms", "rate_qps"}):
            raise refuse(
                "a burst is either groups, or on and off",
                "use {size: 8, period_ms: 1000} or {on_ms: 200, off_ms: 800, rate_qps: 200}",
            )
        return self


def _batches(value: Any) -> Any:
    return [value] if isinstance(value, int) and not isinstance(value, bool) else value


class ScenarioManifest(Manifest):
    """Arrivals, samples per query, stop rule and validity rule.

    A run ends when both minima are reached, or either maximum (0 is none). What is left out has
    the default of its type. `loadgen` says whose load generator issues the queries; `settings`
    names the configuration files of LoadGen, `mlperf_conf` and `user_conf`, in whose place a plan
    holds what they ask; `audits` are the self-checks to run afterwards, after those of MLPerf.
    """

    kind: Literal["scenario"] = "scenario"
    type: ScenarioType
    loadgen: Literal["native", "mlperf"] = "native"
    settings: dict[str, str] = Field(default_factory=dict)
    audits: tuple[Literal["TEST01", "TEST04"], ...] = ()
    rate_qps: PositiveFloat | None = None
    batch_size: Annotated[
        tuple[PositiveInt, ...], BeforeValidator(_batches), Field(min_length=1)
    ] = (1,)
    samples_per_query: PositiveInt = 1
    users: PositiveInt | None = None
    think_time_ms: NonNegativeFloat | None = None
    burst: Burst | None = None
    trace_file: str | None = None
    trace_sha256: Sha256 | None = None
    latency_bound_ms: PositiveFloat | None = None
    percentile: float = Field(default=0.99, gt=0, lt=1)
    min_duration_ms: NonNegativeFloat = 10_000
    min_queries: NonNegativeInt = 100
    max_duration_ms: NonNegativeFloat = 600_000
    max_queries: NonNegativeInt = 0
    warmup: NonNegativeInt = 5
    pipeline: PipelineMode = "preloaded"
    mode: Literal["performance", "accuracy", "submission", "find_peak"] = "submission"
    equal_issue: bool = False
    timeout_ms: NonNegativeFloat = 30_000
    max_failed_fraction: float = Field(default=0.001, ge=0, le=1)
    seeds: Seeds = Seeds()

    @property
    def rule(self) -> ScenarioRule:
        """What its type needs and takes."""
        return RULES[self.type]

    @property
    def items_per_query(self) -> int:
        """Items that one query asks for; where all are asked at once, that one part answers.

        They are answered `batch_size` at a time, so a query never asks for less than a batch.
        """
        batch = self.batch_size[0]
        return batch if self.rule.arrivals == "at_once" else max(batch, self.samples_per_query)

    @model_validator(mode="before")
    @classmethod
    def _with_defaults(cls, data: Any) -> Any:
        rule = RULES.get(str(data.get("type"))) if isinstance(data, Mapping) else None
        return data if rule is None else {**rule.defaults, **data}

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if 0 < self.max_queries < self.min_queries:
            raise refuse(
                f"max_queries {self.max_queries} is below min_queries {self.min_queries}",
                "raise max_queries, or set it to 0 for no maximum",
            )
        if 0 < self.max_duration_ms < self.min_duration_ms:
            raise refuse(
                f"max_duration_ms {self.max_duration_ms:g} is below "
                f"min_duration_ms {self.min_duration_ms:g}",
                "raise max_duration_ms, or set it to 0 for no maximum",
            )
        if not any((self.min_duration_ms, self.min_queries, self.max_queries)):
            raise refuse(
                "a scenario of zero queries and zero duration measures nothing",
                "set min_queries or min_duration_ms",
            )
        return self

    def missing(self) -> Iterator[str]:
        """Fields that its type needs and that are not given."""
        needs = self.rule.needs
        if self.mode == "find_peak" and "rate_qps" in self.rule.fields:
            needs = needs - {"rate_qps"} | {"latency_bound_ms"}
        return (field for field in OWN_FIELDS if field in needs and getattr(self, field) is None)

    def meaningless(self) -> Iterator[str]:
        """Fields that are given and mean nothing for its type."""
        fields = type(self).model_fields
        return (
            field
            for field in OWN_FIELDS
            if field not in self.rule.fields and getattr(self, field) != fields[field].default
        )
