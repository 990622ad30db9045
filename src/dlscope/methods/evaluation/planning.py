"""From an experiment to closed plans; what cannot be done is told with its reasons."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dlscope.catalog.assets import fetch
from dlscope.core import registry
from dlscope.core.errors import DlscopeError, PlanError, Unsatisfiable, raise_all
from dlscope.core.manifest import (
    DatasetManifest,
    ExperimentManifest,
    FrameworkManifest,
    ModelManifest,
    Reference,
    ScenarioManifest,
)
from dlscope.core.plan import Plan
from dlscope.core.trace import Level
from dlscope.methods.evaluation.checking import check_dataset
from dlscope.methods.evaluation.matching import match
from dlscope.methods.evaluation.resolving import (
    own_dataset,
    resolve_dataset,
    resolve_model,
    resolve_scenario,
)

_DEFAULT_FRAMEWORKS = (Reference(name="onnxruntime"),)


@dataclass(frozen=True)
class Refusal:
    """A pair of the matrix that cannot be measured here, and why."""

    model: str
    framework: str
    error: DlscopeError


@dataclass(frozen=True)
class Planned:
    """The closed plans of an experiment, interleaved by repeat, and its refusals."""

    plans: tuple[Plan, ...]
    refusals: tuple[Refusal, ...]


@dataclass(frozen=True)
class _Data:
    """A data set and how many of its items are asked for."""

    manifest: DatasetManifest
    items: int


def plan_experiment(experiment: ExperimentManifest) -> Planned:
    """Every point of the matrix as a closed plan or a refusal.

    Raises the problems of manifests, all at once, and `Unsatisfiable` when every point is
    refused.
    """
    frameworks = experiment.frameworks or _DEFAULT_FRAMEWORKS
    raise_all([*_not_yet(experiment), *_unknown_backends(frameworks)])
    models = [resolve_model(reference) for reference in experiment.models]
    data = {model.name: _data_of(model, experiment) for model in models}
    scenarios = [resolve_scenario(entry) for entry in experiment.scenarios]
    level = Level.named(experiment.trace_level)
    raise_all(
        [
            problem
            for model in models
            for each in data[model.name]
            for problem in check_dataset(model, each.manifest)
        ]
    )
    plans: list[Plan] = []
    refusals: list[Refusal] = []
    for model, reference in itertools.product(models, frameworks):
        try:
            framework = match(model, reference, level)
        except DlscopeError as error:
            refusals.extend(Refusal(model.name, str(reference), each) for each in error.problems)
        else:
            plans.extend(_plans(experiment, model, framework, data[model.name], scenarios))
    if not plans:
        raise Unsatisfiable.of(refusal.error for refusal in refusals)
    # A B C A B C: a machine that drifts must not favour one variant.
    interleaved = sorted(plans, key=lambda plan: plan.repeat)
    return Planned(tuple(interleaved), tuple(refusals))


def _plans(
    experiment: ExperimentManifest,
    model: ModelManifest,
    framework: FrameworkManifest,
    data: Sequence[_Data],
    scenarios: Sequence[ScenarioManifest],
) -> Iterator[Plan]:
    """The points of one model on one framework."""
    assets = dict(fetch(model).digests)
    for each, scenario in itertools.product(data, scenarios):
        for batch, repeat in itertools.product(scenario.batch_size, range(experiment.repeats)):
            yield Plan(
                workload="evaluation",
                model=model,
                framework=framework,
                dataset=each.manifest,
                scenario=scenario.model_copy(update={"batch_size": (batch,)}),
                assets=assets,
                batch_size=batch,
                items=each.items,
                trace_level=int(Level.named(experiment.trace_level)),
                keep_outputs=experiment.keep.outputs,
                repeat=repeat,
            )


def _data_of(model: ModelManifest, experiment: ExperimentManifest) -> list[_Data]:
    """The data sets asked for, or the model's own."""
    entries = experiment.datasets or (Reference(name=own_dataset(model)),)
    return [_data(entry, experiment.items) for entry in entries]


def _data(entry: Reference, most: int | None) -> _Data:
    manifest = resolve_dataset(entry)
    items = getattr(entry, "items", None) or most or manifest.items
    return _Data(manifest, min(items, manifest.items))


def _unknown_backends(frameworks: Sequence[Reference]) -> Iterator[DlscopeError]:
    """A name that nothing answers to is a slip of the pen, not a point that cannot be measured."""
    known = registry.names("backends")
    for reference in frameworks:
        if reference.name not in known:
            yield registry.unknown("backends", reference.name)


def _not_yet(experiment: ExperimentManifest) -> Iterator[PlanError]:
    """Fields that the manifest can say and this version cannot do: refused, never ignored."""
    where = f"experiment {experiment.name}"
    asked = {
        "systems": any(
            system.labels or system.device not in ("any", "cpu") for system in experiment.systems
        ),
        "placement": experiment.placement not in ("any", 1),
        "metrics": experiment.metrics != "default",
        "keep.predictions": experiment.keep.predictions != "all",
        "keep.samples": not experiment.keep.samples,
        "on_failure": experiment.on_failure != "continue",
    }
    for field, is_asked in asked.items():
        if is_asked:
            yield PlanError(
                f"{field!r} can only have its default yet",
                where=f"{where}, {field}",
                fix=f"leave {field} out",
            )
