"""`ScenarioManifest`: how queries arrive, what a query contains, when a run ends."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Field,
    NonNegativeFloat,
    NonNegativeInt,
    PositiveInt,
    model_validator,
)

from dlscope.core.manifest.base import Document, Manifest, refuse

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
    period_ms: float | None = None
    on_ms: float | None = None
    off_ms: float | None = None
    rate_qps: float | None = None


def _batches(value: Any) -> Any:
    return [value] if isinstance(value, int) and not isinstance(value, bool) else value


class ScenarioManifest(Manifest):
    """Arrivals, samples per query, stop rule and validity rule.

    A run ends when both minima are reached, or either maximum (0 is none).
    """

    kind: Literal["scenario"] = "scenario"
    type: ScenarioType
    rate_qps: float | None = None
    batch_size: Annotated[
        tuple[PositiveInt, ...], BeforeValidator(_batches), Field(min_length=1)
    ] = (1,)
    samples_per_query: PositiveInt = 1
    users: PositiveInt | None = None
    think_time_ms: float | None = None
    burst: Burst | None = None
    trace_file: str | None = None
    latency_bound_ms: float | None = None
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
