"""From an experiment to closed plans; what cannot be done is told with its reasons."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from dlscope.backends.base import Backend
from dlscope.catalog.assets import fetch
from dlscope.catalog.finder import find
from dlscope.core import registry
from dlscope.core.errors import DlscopeError, PlanError, Unsatisfiable, raise_all
from dlscope.core.manifest import (
    DatasetManifest,
    ExperimentManifest,
    FrameworkManifest,
    InputSpec,
    ModelManifest,
    OutputSpec,
    Reference,
    ScenarioManifest,
    parse_manifest,
)
from dlscope.core.plan import Plan
from dlscope.core.trace import Level
from dlscope.core.version import Constraint, Version
from dlscope.methods.evaluation.checking import check_dataset, check_model
from dlscope.pipelines.chain import build_chain
from dlscope.stacks.system import system

ISSUED = ("online", "batched")


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


def plan_experiment(experiment: ExperimentManifest) -> Planned:
    """Every point of the matrix as a closed plan or a refusal.

    Raises the problems of manifests, all at once, and `Unsatisfiable` when every point is
    refused.
    """
    raise_all(list(_unknown_backends(experiment)))
    models = [_closed_model(reference) for reference in experiment.models]
    datasets = [(_find_dataset(entry), entry.items) for entry in experiment.datasets]
    scenarios = [_scenario(entry) for entry in experiment.scenarios]
    level = Level.named(experiment.trace_level)
    raise_all(
        [
            problem
            for model, (dataset, _) in itertools.product(models, datasets)
            for problem in check_dataset(model, dataset)
        ]
    )
    plans: list[Plan] = []
    refusals: list[Refusal] = []
    for model, reference in itertools.product(models, _frameworks(experiment)):
        try:
            framework = _framework(model, reference)
            _check_level(framework, level)
        except DlscopeError as error:
            refusals.append(Refusal(model.name, str(reference), error))
            continue
        assets = fetch(model).digests
        for (dataset, items), scenario in itertools.product(datasets, scenarios):
            plans.extend(
                Plan(
                    workload="evaluation",
                    model=model,
                    framework=framework,
                    dataset=dataset,
                    scenario=scenario.model_copy(update={"batch_size": (batch,)}),
                    assets=dict(assets),
                    batch_size=batch,
                    items=min(items or dataset.items, dataset.items),
                    trace_level=int(level),
                    keep_outputs=experiment.keep.outputs,
                    repeat=repeat,
                )
                for batch in scenario.batch_size
                for repeat in range(experiment.repeats)
            )
    if not plans:
        raise Unsatisfiable.of(refusal.error for refusal in refusals)
    # A B C A B C: a machine that drifts must not favour one variant.
    interleaved = sorted(plans, key=lambda plan: plan.repeat)
    return Planned(tuple(interleaved), tuple(refusals))


def _unknown_backends(experiment: ExperimentManifest) -> Iterator[DlscopeError]:
    """A name that nothing answers to is a slip of the pen, not a point that cannot be measured."""
    known = registry.names("backends")
    for name in (reference.name for reference in _frameworks(experiment)):
        if name not in known:
            yield registry.unknown("backends", name)


def dataset_of(model: str) -> str:
    """The data set that the model's manifest names in `attributes.dataset`."""
    manifest = find("models", model)
    assert isinstance(manifest, ModelManifest)
    dataset = manifest.attributes.get("dataset")
    if not isinstance(dataset, str):
        raise PlanError(
            f"{manifest.name} names no data set to be evaluated on",
            where=f"model {manifest.name}, attributes",
            fix="give one with --dataset, or add attributes: {dataset: NAME}",
        )
    return dataset


def close_model(model: ModelManifest) -> ModelManifest:
    """`model` with every default of every step written out.

    Raises all problems of its steps at once.
    """
    problems: list[DlscopeError] = []

    def written_out(spec: InputSpec | OutputSpec, field: str, place: str) -> Any:
        try:
            chain = build_chain(getattr(spec, field), f"{place}.{field}")
        except DlscopeError as error:
            problems.extend(error.problems)
            return spec
        return spec.model_copy(update={field: chain.specs})

    inputs = [written_out(s, "preprocess", f"inputs[{i}]") for i, s in enumerate(model.inputs)]
    outputs = [written_out(s, "postprocess", f"outputs[{i}]") for i, s in enumerate(model.outputs)]
    raise_all(problems)
    return model.model_copy(update={"inputs": tuple(inputs), "outputs": tuple(outputs)})


def _closed_model(reference: Reference) -> ModelManifest:
    model = find("models", reference)
    assert isinstance(model, ModelManifest)
    closed = close_model(model)
    raise_all(check_model(closed))
    return closed


def _find_dataset(reference: Reference) -> DatasetManifest:
    dataset = find("datasets", reference)
    assert isinstance(dataset, DatasetManifest)
    return dataset


def _scenario(entry: Mapping[str, Any]) -> ScenarioManifest:
    """A scenario by name with changes, or written out in the experiment."""
    if "name" in entry and "type" not in entry:
        named = find("scenarios", entry["name"])
        changes = {key: value for key, value in entry.items() if key != "name"}
        data = {**named.to_json(), **changes}
    else:
        data = {"schema_version": 1, "name": entry.get("type", "scenario"), **entry}
    name = data.get("name", "scenario")
    scenario = parse_manifest(ScenarioManifest, data, lambda path: _place(name, path))
    if scenario.type not in ISSUED:
        raise PlanError(
            f"scenario type {scenario.type!r} cannot be issued yet",
            where=f"scenario {name}, type",
            fix=f"use {' or '.join(ISSUED)}",
        )
    return scenario


def _place(name: str, path: Sequence[int | str]) -> str:
    return f"scenario {name}, {'.'.join(map(str, path))}"


def _frameworks(experiment: ExperimentManifest) -> Sequence[Reference]:
    return experiment.frameworks or (Reference(name="onnxruntime"),)


def _framework(model: ModelManifest, reference: Reference) -> FrameworkManifest:
    backend = _backend(reference.name)
    version = Version.parse(backend.version())
    for constraint, who in _constraints(model, reference):
        # What is installed is asked for by "*", a pre-release included.
        if constraint != "*" and not Constraint.parse(constraint).allows(version):
            raise PlanError(
                f"{reference.name} {version} does not satisfy {constraint} ({who})",
                where=f"framework {reference.name}",
                fix=f"pip install '{reference.name}{_pip_constraint(constraint)}'",
            )
    options = {"threads": system().cpu.effective_cores, **_model_options(model, reference)}
    return FrameworkManifest(
        schema_version=1,
        name=reference.name,
        version=str(version),
        backend=reference.name,
        formats=tuple(sorted(backend.formats)),
        devices=backend.devices,
        levels=backend.levels,
        options=backend.check({**options, **reference.options}).to_json(),
    )


@cache
def _backend(name: str) -> Backend:
    backend: Backend = registry.load("backends", name)()
    return backend


def _constraints(model: ModelManifest, reference: Reference) -> Iterator[tuple[str, str]]:
    yield reference.version, "as asked"
    if not model.framework:
        return
    accepted = [each for each in model.framework if each.name == reference.name]
    if not accepted:
        names = " or ".join(each.name for each in model.framework)
        raise PlanError(
            f"{model.name} runs on {names}, not on {reference.name}",
            where=f"model {model.name}, framework",
            fix=f"choose {names}",
        )
    yield accepted[0].version, f"model {model.name}"


def _model_options(model: ModelManifest, reference: Reference) -> Mapping[str, Any]:
    return next((each.options for each in model.framework if each.name == reference.name), {})


def _pip_constraint(constraint: str) -> str:
    return constraint if constraint[:1] in "=<>!" else f"=={constraint.lstrip('^~')}"


def _check_level(framework: FrameworkManifest, level: Level) -> None:
    deepest = max(Level.named(name) for name in framework.levels)
    if level > deepest:
        raise PlanError(
            f"{framework.name} records no deeper level than {deepest.name}",
            where="trace_level",
            fix=f"ask for {deepest.name}",
        )
