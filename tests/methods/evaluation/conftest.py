"""Small real experiments, and what carries them out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from dlscope.core.hook_permission import VARIABLE
from dlscope.core.manifest import ExperimentManifest, parse_manifest
from dlscope.core.plan import Plan
from dlscope.core.run import Run
from dlscope.core.workload import Context
from dlscope.methods.evaluation.planning import plan_experiment
from dlscope.methods.evaluation.workload import Evaluation
from dlscope.testing.small_experiment import SmallExperiment, write_experiment, write_hooked


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> SmallExperiment:
    """The manifests of a classifier of colours, eight pictures and five queries."""
    return write_experiment(tmp_path_factory.mktemp("experiment"))


@pytest.fixture(scope="session")
def ask(files: SmallExperiment) -> Callable[..., ExperimentManifest]:
    """An experiment over the small files, fields changed."""

    def experiment(**changes: Any) -> ExperimentManifest:
        data = {
            "schema_version": 1,
            "name": "small",
            "models": [str(files.model)],
            "frameworks": ["onnxruntime"],
            "datasets": [str(files.dataset)],
            "scenarios": [{"name": str(files.scenario)}],
        }
        return parse_manifest(
            ExperimentManifest, {**data, **changes}, lambda path: ".".join(map(str, path))
        )

    return experiment


@pytest.fixture(scope="session")
def plan(ask: Callable[..., ExperimentManifest]) -> Plan:
    """One plan on ONNX Runtime."""
    return plan_experiment(ask()).plans[0]


@pytest.fixture
def hooked(
    ask: Callable[..., ExperimentManifest], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Plan]:
    """One plan of the small model with hooks from a file with the given text, all allowed."""
    monkeypatch.setenv(VARIABLE, "all")

    def planned(code: str, changes: Mapping[str, Any] | None = None, **functions: str) -> Plan:
        model = write_hooked(tmp_path, code, **functions)
        return plan_experiment(ask(models=[str(model)], **(changes or {}))).plans[0]

    return planned


@pytest.fixture
def carry_out(tmp_path: Path) -> Callable[..., Run]:
    """Carries a plan out in this process."""

    def execute(plan: Plan, **context: Any) -> Run:
        return Evaluation().execute(plan, Context("r-1", tmp_path / "partial", **context))

    return execute


@pytest.fixture(scope="session")
def changed() -> Callable[..., Plan]:
    """A plan with fields of its scenario changed."""

    def change(plan: Plan, batch_size: int = 1, **scenario: Any) -> Plan:
        fields = {**scenario, "batch_size": (batch_size,)}
        scenario_manifest = plan.scenario.model_copy(update=fields)
        return plan.model_copy(update={"scenario": scenario_manifest, "batch_size": batch_size})

    return change
