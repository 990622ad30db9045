"""`Run`: what happened when a Plan was carried out, closed and never changed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dlscope.core.digest import digest
from dlscope.core.plan import Plan
from dlscope.core.stats import trimmed_mean
from dlscope.core.trace import Trace

Status = Literal["finished", "failed", "aborted"]
Prediction = Mapping[str, Any]
"""A prediction as plain data; its fields depend on the output type of the model."""


@dataclass(frozen=True)
class Environment:
    """Everything around a Plan that can change its result.

    `system` is the machine's manifest; `packages` maps distributions to versions; `variables`
    holds the environment variables that steer numerical libraries. `volatile` is what may differ
    between two measurements that still count as the same (load, frequency): it is kept, not hashed.
    `stack` is what the framework ran in where that was no part of this: `python` and `packages`.
    """

    system: Mapping[str, Any]
    python: str
    packages: Mapping[str, str]
    variables: Mapping[str, str]
    volatile: Mapping[str, Any] = field(default_factory=dict)
    stack: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all but `volatile`."""
        return digest({key: value for key, value in self.to_json().items() if key != "volatile"})

    def to_json(self) -> dict[str, Any]:
        """All fields as plain data; `stack` only where there is one."""
        return {
            "system": dict(self.system),
            "python": self.python,
            "packages": dict(self.packages),
            "variables": dict(self.variables),
            "volatile": dict(self.volatile),
            **({"stack": dict(self.stack)} if self.stack else {}),
        }


@dataclass(frozen=True)
class Samples:
    """Queries of the measured part in order of issue; all arrays have one entry per query.

    Times are int64 ns on the monotonic clock; `scheduled_ns` equals `issued_ns` in a closed loop.
    `sample` is the first sample each query asked for, `user` who asked (scenario `interactive`);
    either is empty where there was no such choice.
    """

    scheduled_ns: NDArray[np.int64]
    issued_ns: NDArray[np.int64]
    completed_ns: NDArray[np.int64]
    ok: NDArray[np.bool_]
    sample: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))
    user: NDArray[np.int32] = field(default_factory=lambda: np.empty(0, dtype=np.int32))

    @classmethod
    def empty(cls) -> Samples:
        """No queries."""
        times = np.empty(0, dtype=np.int64)
        return cls(times, times, times, np.empty(0, dtype=np.bool_))

    def __len__(self) -> int:
        return int(self.completed_ns.size)

    @property
    def latency_ns(self) -> NDArray[np.int64]:
        """Completion minus *scheduled* time of the queries that succeeded."""
        return (self.completed_ns - self.scheduled_ns)[self.ok]

    @cached_property
    def ordered_ns(self) -> NDArray[np.int64]:
        """`latency_ns` from the shortest to the longest, sorted once; not to be written to."""
        ordered = np.sort(self.latency_ns)
        ordered.flags.writeable = False
        return ordered

    @cached_property
    def trimmed_mean_ns(self) -> float | None:
        """The trimmed mean of the latencies, None without any."""
        return float(trimmed_mean(self.ordered_ns)) if self.ordered_ns.size else None

    @property
    def lateness_ns(self) -> NDArray[np.int64]:
        """Issue minus scheduled time of every query: how far the load generator fell behind."""
        return self.issued_ns - self.scheduled_ns

    @property
    def duration_ns(self) -> int:
        """From the first issue to the last completion, 0 without queries."""
        return int(self.completed_ns.max() - self.issued_ns.min()) if len(self) else 0


@dataclass(frozen=True)
class ItemResult:
    """One data set item: what was predicted, what is true, or why there is no prediction.

    `outputs` are the raw output tensors, kept for the first `Plan.keep_outputs` items.
    """

    item: str
    prediction: Prediction | None
    target: Any
    error: str | None = None
    outputs: Mapping[str, NDArray[Any]] = field(default_factory=dict)


@dataclass(frozen=True)
class Metric:
    """A measured value with its 95 % interval; `count` of `n` where it is a proportion."""

    name: str
    value: float
    lo: float | None
    hi: float | None
    n: int
    count: int | None = None
    unit: str = ""


@dataclass(frozen=True)
class Condition:
    """One requirement for a valid Run: what was measured, what is required, whether it holds."""

    name: str
    measured: str
    required: str
    holds: bool
    advice: str = ""


@dataclass(frozen=True)
class Stage:
    """One part of a cold start: import, fetch, load, first prediction; wall and CPU time in ns."""

    name: str
    duration_ns: int
    cpu_ns: int


@dataclass(frozen=True)
class Probe:
    """One trial of `find_peak`: a rate that was offered, and whether the system kept up.

    `latency_ns` is the scenario's percentile, `lateness_ns` the 99th percentile of lateness;
    `confirms` marks the further trials, with fresh schedules, at a rate that had held.
    """

    rate_qps: float
    seed: int
    queries: int
    latency_ns: int | None
    lateness_ns: int | None
    holds: bool
    reason: str = ""
    confirms: bool = False


@dataclass(frozen=True)
class Energy:
    """Energy of the measured part above idle, in joules, or the reason why none can be told.

    `source` is the counter that was read (`rapl`, `nvml`), `idle_w` the power drawn just before.
    """

    source: str | None = None
    joules: float | None = None
    idle_w: float | None = None
    per_inference_j: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Run:
    """The record of one Plan: accuracy and speed together, with all that is needed to trust them.

    `memory_bytes` maps `baseline` (before the model is loaded) and `peak` to resident bytes.
    `error` holds the three fields of the error of a failed Run, and as `reason` the word for what
    befell it where there is one: `oom`, `oom_implied`, `timeout`. `artifacts` are texts kept
    beside the figures by name, such as the logs of a load generator. `started_utc` is ISO 8601.
    """

    id: str
    plan: Plan
    environment: Environment
    status: Status
    started_utc: str
    stages: tuple[Stage, ...] = ()
    samples: Samples = field(default_factory=Samples.empty)
    items: tuple[ItemResult, ...] = ()
    metrics: tuple[Metric, ...] = ()
    conditions: tuple[Condition, ...] = ()
    trace: Trace = field(default_factory=Trace)
    memory_bytes: Mapping[str, int] = field(default_factory=dict)
    framework_report: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, str] | None = None
    log_tail: str = ""
    probes: tuple[Probe, ...] = ()
    energy: Energy | None = None
    artifacts: Mapping[str, str] = field(default_factory=dict)

    @property
    def outcome(self) -> str:
        """The word for how it ended: the status, or what befell a failed Run (`oom`, …)."""
        return (self.error or {}).get("reason") or self.status

    @property
    def is_valid(self) -> bool:
        """Whether the Run finished and every condition holds."""
        return self.status == "finished" and all(each.holds for each in self.conditions)

    def metric(self, name: str) -> Metric | None:
        """The metric called `name`, None when the Run has none."""
        return next((metric for metric in self.metrics if metric.name == name), None)

    def stage(self, name: str) -> Stage | None:
        """The cold-start stage called `name`, None when the Run has none."""
        return next((stage for stage in self.stages if stage.name == name), None)
