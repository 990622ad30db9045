"""Measure models: `evaluate`, `compare`, `study_preprocessing`; and tell of it: `report`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlscope.api.watcher import QUIET, Watcher

if TYPE_CHECKING:
    from dlscope.core.manifest import ExperimentManifest
    from dlscope.core.plan import Plan
    from dlscope.core.report import Report
    from dlscope.core.run import Run

Names = str | Sequence[str]
Scenario = str | Mapping[str, Any]


def evaluate(
    model: Names,
    *,
    dataset: Names | None = None,
    backend: Names = "onnxruntime",
    scenario: Scenario | Sequence[Scenario] = "online",
    items: int | None = None,
    options: Mapping[str, Any] | None = None,
    repeats: int = 1,
    store: str | None = None,
    rerun: bool = False,
    watcher: Watcher = QUIET,
) -> Report:
    """Accuracy and latency of each model on each backend, measured once and kept in the store.

    `model`, `dataset` and `backend` take `name`, `name@constraint` or a path to a manifest; a
    model that names its data set needs none. `scenario` is a catalog name, or a mapping that
    changes one: `{"name": "online", "min_duration_ms": 2000}`. `options` go to every backend,
    `items` takes the first so many of the data set. Raises `DlscopeError` for what cannot be done.
    """
    asked = experiment(
        model,
        dataset=dataset,
        backend=backend,
        scenario=scenario,
        items=items,
        options=options,
        repeats=repeats,
    )
    return run_experiment(asked, store=store, rerun=rerun, watcher=watcher)


def compare(
    model: str,
    *,
    backends: Sequence[str],
    dataset: str | None = None,
    scenario: Scenario = "online",
    items: int | None = None,
    options: Mapping[str, Any] | None = None,
    repeats: int = 1,
    store: str | None = None,
    rerun: bool = False,
    watcher: Watcher = QUIET,
) -> Report:
    """One model on several backends side by side; differences are told from the first."""
    asked = experiment(
        model,
        dataset=dataset,
        backend=backends,
        scenario=scenario,
        items=items,
        options=options,
        repeats=repeats,
    )
    baseline = asked.frameworks[0].name
    return run_experiment(asked, baseline=baseline, store=store, rerun=rerun, watcher=watcher)


def study_preprocessing(
    model: str,
    *,
    dataset: str | None = None,
    backend: str = "onnxruntime",
    changes: Sequence[str] | None = None,
    store: str | None = None,
    rerun: bool = False,
    watcher: Watcher = QUIET,
) -> Report:
    """What one wrong step before the model costs, one change at a time.

    `changes` chooses among the changes by name; the reference is always included.
    """
    from dlscope.methods.evaluation.study import plan_study, study_report

    asked = experiment(
        model, dataset=dataset, backend=backend, scenario={"name": "online", "mode": "accuracy"}
    )
    planned = plan_study(asked, changes)
    runs = _carried_out(list(planned.values()), store, rerun, watcher)
    return study_report(dict(zip(planned, runs, strict=True)))


def experiment(
    model: Names,
    *,
    dataset: Names | None = None,
    backend: Names = "onnxruntime",
    scenario: Scenario | Sequence[Scenario] = "online",
    items: int | None = None,
    options: Mapping[str, Any] | None = None,
    repeats: int = 1,
) -> ExperimentManifest:
    """What `evaluate` would ask, as a manifest that can be kept and run again."""
    from dlscope.core.manifest import ExperimentManifest, parse_manifest

    models = [model] if isinstance(model, str) else list(model)
    datasets = [dataset] if isinstance(dataset, str) else list(dataset or ())
    backends = [backend] if isinstance(backend, str) else list(backend)
    scenarios = [scenario] if isinstance(scenario, (str, Mapping)) else list(scenario)
    data = {
        "schema_version": 1,
        "name": "evaluation",
        "models": models,
        "frameworks": [_reference(name, options=dict(options or {})) for name in backends],
        "datasets": [_reference(name) for name in datasets],
        "items": items,
        "scenarios": [
            dict(each) if isinstance(each, Mapping) else {"name": each} for each in scenarios
        ],
        "repeats": repeats,
    }
    return parse_manifest(ExperimentManifest, data, lambda path: ".".join(map(str, path)))


def run_experiment(
    asked: ExperimentManifest,
    *,
    baseline: str | None = None,
    store: str | None = None,
    rerun: bool = False,
    watcher: Watcher = QUIET,
) -> Report:
    """Carry out every point of a matrix; those that cannot be done are told with their reasons."""
    from dlscope.methods.evaluation.planning import plan_experiment
    from dlscope.methods.evaluation.report import evaluation_report

    planned = plan_experiment(asked)
    runs = _carried_out(planned.plans, store, rerun, watcher, refused=len(planned.refusals))
    return evaluation_report(runs, planned.refusals, baseline=baseline)


def report(runs: Sequence[str], *, store: str | None = None) -> Report:
    """The report of stored runs, by id or a unique beginning of one; nothing is measured."""
    from dlscope.methods.evaluation.report import evaluation_report
    from dlscope.store import Store

    with Store.open(store) as opened:
        return evaluation_report([opened.run(run) for run in runs])


def _carried_out(
    plans: Sequence[Plan],
    store: str | None,
    rerun: bool,
    watcher: Watcher,
    refused: int = 0,
) -> tuple[Run, ...]:
    from dlscope.agents.campaign import Campaign
    from dlscope.agents.local import LocalScheduler
    from dlscope.store import Store

    with Store.open(store) as opened:
        watcher.planned(plans, refused)
        campaign = Campaign(opened, LocalScheduler())
        return campaign.runs(
            plans, observer=watcher.progress, finished=watcher.finished, rerun=rerun
        )


def _reference(text: str, **more: Any) -> dict[str, Any]:
    from dlscope.core.manifest.experiment import parse_reference

    return {**parse_reference(text), **{key: value for key, value in more.items() if value}}
