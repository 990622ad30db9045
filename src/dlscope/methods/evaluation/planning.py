"""From an experiment to closed plans; what cannot be done is told with its reasons."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar, final

from dlscope.backends.isolated.backend import ISOLATED
from dlscope.catalog.assets import fetch
from dlscope.core import registry
from dlscope.core.errors import (
    DlscopeError,
    PlanError,
    Problems,
    StackError,
    Unsatisfiable,
    raise_all,
)
from dlscope.core.hook_permission import HookPermission
from dlscope.core.manifest import (
    DatasetManifest,
    ExperimentManifest,
    FrameworkManifest,
    ModelManifest,
    Reference,
    ScenarioManifest,
    StackLock,
)
from dlscope.core.manifest.experiment import SystemSelector
from dlscope.core.plan import Plan
from dlscope.core.trace import Level
from dlscope.core.units import parse_bytes
from dlscope.methods.evaluation.checking import check_dataset
from dlscope.methods.evaluation.matching import match
from dlscope.methods.evaluation.provisioning import Provision
from dlscope.methods.evaluation.resolving import (
    own_dataset,
    resolve_dataset,
    resolve_model,
)
from dlscope.methods.evaluation.scenarios import resolve_scenario, scenario_for
from dlscope.metrics.measure import choice_problems, chosen

_Named = TypeVar("_Named")
_Found = TypeVar("_Found")
_DEFAULT_FRAMEWORKS = (Reference(name="onnxruntime"),)
_UNTRACED = {
    "accuracy": "it asks no queries",
    "find_peak": "the rate that it finds would be that of a system slowed down",
}
"""Modes in which nothing can be recorded below a prediction, and why not."""


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


@final
@dataclass(frozen=True)
class _Asked:
    """What an experiment names; data and scenarios by the name of the model."""

    models: Sequence[ModelManifest]
    data: Mapping[str, Sequence[_Data]]
    scenarios: Mapping[str, Sequence[ScenarioManifest]]
    level: Level


def plan_experiment(
    experiment: ExperimentManifest,
    permission: HookPermission | None = None,
    *,
    framework_of: Callable[..., FrameworkManifest] = match,
) -> Planned:
    """Every point of the matrix as a closed plan or a refusal.

    `framework_of` tells a framework as it stands where the plans are for, by default here.
    Hooks need `permission`, by default that of the environment. Raises the problems of manifests,
    all at once, and `Unsatisfiable` when every point is refused; where that is for want of stacks
    alone, `StackError`, or `Problems`.
    """
    permission = permission or HookPermission.of()
    frameworks = experiment.frameworks or _DEFAULT_FRAMEWORKS
    asked = _asked(experiment, frameworks)
    plans: list[Plan] = []
    refusals: list[Refusal] = []
    systems = experiment.systems or (SystemSelector(),)
    provision = Provision(experiment.stack, frameworks)
    for model, reference, selected in itertools.product(asked.models, frameworks, systems):
        try:
            stack = provision.lock(reference, model)
            raise_all(list(_unlimited(experiment, stack)))
            framework = framework_of(model, reference, asked.level, selected, permission, stack)
        except DlscopeError as error:
            refusals.extend(Refusal(model.name, str(reference), each) for each in error.problems)
        else:
            points = (asked.data[model.name], asked.scenarios[model.name])
            plans.extend(_plans(experiment, model, framework, *points))
    if not plans:
        raise _nothing_left([refusal.error for refusal in refusals])
    # A B C A B C: a machine that drifts must not favour one variant.
    interleaved = sorted(plans, key=lambda plan: plan.repeat)
    return Planned(tuple(interleaved), tuple(refusals))


def _asked(experiment: ExperimentManifest, frameworks: Sequence[Reference]) -> _Asked:
    """All that `experiment` names, found. Raises everything that is wrong with it at once."""
    problems: list[DlscopeError] = [*_not_yet(experiment)]
    models = list(_each(resolve_model, experiment.models, problems))
    problems += _unknown_backends(frameworks)
    data = _data_by_model(experiment, models, problems)
    scenarios = _scenarios(experiment, models, problems)
    levels = list(_each(Level.named, [experiment.trace_level], problems))
    problems += [
        problem
        for level in levels
        for problem in _trace_problems(level, itertools.chain.from_iterable(scenarios.values()))
    ]
    list(_each(memory_limit_bytes, [experiment], problems))
    if len(models) == len(experiment.models):
        problems += _metric_problems(experiment, models)
    problems += [
        problem
        for model in models
        for each in data.get(model.name, ())
        for problem in check_dataset(model, each.manifest)
    ]
    raise_all(problems)
    return _Asked(models, data, scenarios, levels[0])


def _each(
    find: Callable[[_Named], _Found], asked: Iterable[_Named], problems: list[DlscopeError]
) -> Iterator[_Found]:
    """What `find` gives for each of `asked`; what it raises becomes one of the `problems`."""
    for each in asked:
        try:
            yield find(each)
        except DlscopeError as error:
            problems.extend(error.problems)


def _nothing_left(errors: Sequence[DlscopeError]) -> DlscopeError:
    """What is raised when every point is refused.

    An installer that gives nothing has nothing to do with the models: that is an error of its own.
    """
    kind = Problems if all(isinstance(error, StackError) for error in errors) else Unsatisfiable
    return kind.of(errors) if len(errors) > 1 or kind is Unsatisfiable else errors[0]


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
                options=_chosen_metrics(experiment, model),
                keep_outputs=experiment.keep.outputs,
                memory_limit_bytes=memory_limit_bytes(experiment),
                repeat=repeat,
            )


def _unlimited(experiment: ExperimentManifest, stack: StackLock | None) -> Iterator[PlanError]:
    """The memory of a worker is watched, that of another process which it starts is not."""
    if stack is not None and experiment.memory_limit is not None:
        yield PlanError(
            "the memory of an isolated stack cannot be limited yet",
            where=f"experiment {experiment.name}, memory_limit",
            fix="leave memory_limit out, or use --stack current",
        )


def _trace_problems(level: Level, scenarios: Iterable[ScenarioManifest]) -> Iterator[PlanError]:
    """The inside of a prediction is recorded during queries, and slows them down."""
    modes = dict.fromkeys(scenario.mode for scenario in scenarios if level > Level.MODEL)
    for mode, why in _UNTRACED.items():
        if mode in modes:
            yield PlanError(
                f"level {level.name} cannot be recorded with mode {mode}: {why}",
                where="trace_level",
                fix="choose mode performance or submission, or leave the level out",
            )


def _scenarios(
    experiment: ExperimentManifest, models: Sequence[ModelManifest], problems: list[DlscopeError]
) -> dict[str, list[ScenarioManifest]]:
    """The closed scenarios of each model; LoadGen's files may ask something else of each."""
    names = [model.name for model in models]

    def closed(entry: Mapping[str, Any]) -> dict[str, ScenarioManifest]:
        scenario = resolve_scenario(entry)
        return {name: scenario_for(scenario, name) for name in names}

    found = list(_each(closed, experiment.scenarios, problems))
    return {name: [each[name] for each in found] for name in names}


def _chosen_metrics(experiment: ExperimentManifest, model: ModelManifest) -> dict[str, Any]:
    """The choice of metrics as an option of the plan; none for all of the task."""
    if experiment.metrics == "default":
        return {}
    return {"metrics": list(chosen(model.task, experiment.metrics))}


def _metric_problems(
    experiment: ExperimentManifest, models: Sequence[ModelManifest]
) -> list[PlanError]:
    if experiment.metrics == "default":
        return []
    where = f"experiment {experiment.name}, metrics"
    return choice_problems(experiment.metrics, [model.task for model in models], where)


def _data_by_model(
    experiment: ExperimentManifest, models: Sequence[ModelManifest], problems: list[DlscopeError]
) -> dict[str, list[_Data]]:
    """The data sets asked for, or those that the models name themselves."""
    most = experiment.items
    if experiment.datasets:
        found = list(_each(partial(_data, most=most), experiment.datasets, problems))
        return {model.name: found for model in models}

    def own(model: ModelManifest) -> _Data:
        return _data(Reference(name=own_dataset(model)), most)

    return {model.name: list(_each(own, [model], problems)) for model in models}


def _data(entry: Reference, most: int | None) -> _Data:
    manifest = resolve_dataset(entry)
    items = getattr(entry, "items", None) or most or manifest.items
    return _Data(manifest, min(items, manifest.items))


def memory_limit_bytes(experiment: ExperimentManifest) -> int | None:
    """The memory limit of `experiment` as a number. Raises `PlanError` for a malformed one."""
    if experiment.memory_limit is None:
        return None
    try:
        return parse_bytes(experiment.memory_limit)
    except ValueError as error:
        raise PlanError(
            str(error),
            where=f"experiment {experiment.name}, memory_limit",
            fix="write a size such as 512MiB or 2GiB",
        ) from error


def _unknown_backends(frameworks: Sequence[Reference]) -> Iterator[DlscopeError]:
    """A name that nothing answers to is a slip of the pen, not a point that cannot be measured."""
    known = (*registry.names("backends"), *ISOLATED)
    for reference in frameworks:
        if reference.name not in known:
            yield registry.unknown("backends", reference.name)


def _not_yet(experiment: ExperimentManifest) -> Iterator[PlanError]:
    """Fields that the manifest can say and this version cannot do: refused, never ignored."""
    where = f"experiment {experiment.name}"
    asked = {
        "placement": experiment.placement not in ("any", 1),
        "keep.predictions": experiment.keep.predictions != "all",
        "keep.samples": not experiment.keep.samples,
    }
    for field, is_asked in asked.items():
        if is_asked:
            yield PlanError(
                f"{field!r} can only have its default yet",
                where=f"{where}, {field}",
                fix=f"leave {field} out",
            )
