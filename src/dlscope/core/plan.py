"""`Plan`: what will be done, closed, so that nothing outside it can change the result."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from dlscope.core.manifest import (
    DatasetManifest,
    Document,
    FrameworkManifest,
    ModelManifest,
    ScenarioManifest,
)


class Plan(Document):
    """One measurement: every manifest in full, every default written out, no ranges.

    `assets` maps a role to the SHA-256 of the file used, generated files included; `items` is
    how many items of the data set are read; `repeat` tells equal measurements apart.
    `keep_outputs` is the number of items whose raw output tensors are stored.
    `memory_limit_bytes` is the most resident memory the worker may use; None is no limit.
    """

    workload: str
    model: ModelManifest
    framework: FrameworkManifest
    dataset: DatasetManifest
    scenario: ScenarioManifest
    assets: dict[str, str] = Field(default_factory=dict)
    batch_size: int = 1
    items: int
    trace_level: int = 30
    options: dict[str, Any] = Field(default_factory=dict)
    keep_outputs: int = 100
    memory_limit_bytes: int | None = None
    seed: int = 0
    repeat: int = 0

    @property
    def label(self) -> str:
        """A short name for progress and logs."""
        batch = f" · batch {self.batch_size}" if self.batch_size > 1 else ""
        again = f" · repeat {self.repeat + 1}" if self.repeat else ""
        return f"{self.model.name} · {self.framework.label} · {self.scenario.name}{batch}{again}"
