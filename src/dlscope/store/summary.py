"""What listings show of stored Runs, and what they can be chosen by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

from dlscope.core.run import Metric, Status

Acceptance = Literal["accepted", "superseded", "none"]
"""`accepted`: the one finished Run of its Plan and environment; `superseded`: a later one;
`none`: failed or aborted."""


@final
@dataclass(frozen=True)
class RunFilter:
    """Which Runs to list; a field left out accepts anything.

    `model`, `framework` and `dataset` are names or `name@version`. `since` (included) and `before`
    (excluded) are ISO 8601 stamps in UTC. `limit` keeps the newest, 0 is all. `text` is a part of
    the name of a model, framework or data set, or the beginning of an id.
    """

    model: str | None = None
    framework: str | None = None
    dataset: str | None = None
    task: str | None = None
    scenario: str | None = None
    workload: str | None = None
    status: Status | None = None
    acceptance: Acceptance | None = None
    plan_digest: str | None = None
    fingerprint: str | None = None
    batch_size: int | None = None
    since: str | None = None
    before: str | None = None
    limit: int = 0
    is_valid: bool | None = None
    text: str | None = None


@final
@dataclass(frozen=True)
class RunSummary:
    """The small values of a stored Run: all but its samples, items, trace and reports.

    `error` is what went wrong in a failed Run, else None. `samples` and `items` are counts. The
    median `p50_ns` has a 95 % interval; Runs without answers, and those stored before dlscope kept
    latencies beside the samples, have none.
    """

    id: str
    plan_digest: str
    fingerprint: str
    status: Status
    acceptance: Acceptance
    started_utc: str
    workload: str
    model: str
    model_version: str
    framework: str
    framework_version: str
    dataset: str
    dataset_version: str
    task: str
    scenario: str
    batch_size: int
    samples: int
    items: int
    is_valid: bool
    error: str | None
    metrics: tuple[Metric, ...] = ()
    p50_ns: int | None = None
    p50_lo_ns: float | None = None
    p50_hi_ns: float | None = None
    p90_ns: int | None = None
    queries_per_s: float | None = None

    def metric(self, name: str) -> Metric | None:
        """The metric called `name`, None when the Run has none."""
        return next((metric for metric in self.metrics if metric.name == name), None)


@final
@dataclass(frozen=True)
class StoreSize:
    """What a store holds; `leftovers` are folders of writes never finished.

    `database_bytes` includes the samples of `benchmark_results`, `files_bytes` those of Runs.
    """

    runs: int
    plans: int
    environments: int
    benchmarks: int
    benchmark_results: int
    database_bytes: int
    files_bytes: int
    partial_bytes: int
    leftovers: int
