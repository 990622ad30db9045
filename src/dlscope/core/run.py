"""`Run`: what happened when a Plan was carried out, closed and never changed again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from dlscope.core.digest import digest
from dlscope.core.plan import Plan
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
    """

    system: Mapping[str, Any]
    python: str
    packages: Mapping[str, str]
    variables: Mapping[str, str]
    volatile: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of all but `volatile`."""
        return digest({key: value for key, value in self.to_json().items() if key != "volatile"})

    def to_json(self) -> dict[str, Any]:
        """All fields as plain data."""
        return {
            "system": dict(self.system),
            "python": self.python,
            "packages": dict(self.packages),
            "variables": dict(self.variables),
            "volatile": dict(self.volatile),
        }


@dataclass(frozen=True)
class Samples:
    """Queries of the measured part in order of issue; all arrays have one entry per query.

    Times are int64 ns on the monotonic clock; `scheduled_ns` equals `issued_ns` in a closed loop.
    """

    scheduled_ns: NDArray[np.int64]
    issued_ns: NDArray[np.int64]
    completed_ns: NDArray[np.int64]
    ok: NDArray[np.bool_]

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
class Run:
    """The record of one Plan: accuracy and speed together, with all that is needed to trust them.

    `memory_bytes` maps `baseline` (before the model is loaded) and `peak` to resident bytes.
    `error` holds the three fields of the error of a failed Run. `started_utc` is ISO 8601.
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
