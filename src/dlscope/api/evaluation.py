"""Measure models: `evaluate`, `compare`, `study_preprocessing`; and tell of it: `report`."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dlscope.api.carrying_out import Names, carried_out, permission_of, scheduler_named
from dlscope.api.watcher import QUIET, Watcher

if TYPE_CHECKING:
    from dlscope.agents.scheduler import Scheduler
    from dlscope.core.errors import DlscopeError
    from dlscope.core.hook_permission import HookPermission
    from dlscope.core.manifest import ExperimentManifest
    from dlscope.core.report import Report
    from dlscope.core.run import Run
    from dlscope.methods.evaluation.planning import Planned

Scenario = str | Mapping[str, Any]
_FEWEST = 2
"""Backends that can be compared."""


def evaluate(
    model: Names,
    *,
    dataset: Names | None = None,
    backend: Names = "onnxruntime",
    scenario: Scenario | Sequence[Scenario] = "online",
    items: int | None = None,
    options: Mapping[str, Any] | None = None,
    repeats: int = 1,
    memory_limit: str | None = None,
    trace_level: str = "MODEL",
    stack: str = "auto",
    allow_hooks: Names = (),
    store: str | None = None,
    rerun: bool = False,
    scheduler: str = "local",
    address: str | None = None,
    watcher: Watcher = QUIET,
) -> Report:
    """Accuracy and latency of each model on each backend, measured once and kept in the store.

    `model`, `dataset` and `backend` take `name`, `name@constraint` or a path to a manifest; a
    model that names its data set needs none. `scenario` is a catalog name, or a mapping that
    changes one: `{"name": "online", "min_duration_ms": 2000}`. `options` go to every backend,
    `items` takes the first so many of the data set, `memory_limit` (`1GiB`) is the most resident
    memory of a worker. A `trace_level` below MODEL records the inside of the queries, whose
    latencies then include what that costs, so that such a Run does not count. `stack` is `current`
    for frameworks as installed here, `isolated` for stacks of their own, `auto` for those only
    where what is asked for is not installed. `allow_hooks` are the SHA-256 of hooks that may run,
    or `all`, beside those that DLSCOPE_ALLOW_HOOKS allows. `scheduler` is `local`, or `ray` for the
    agents of the Ray cluster at `address`, by default the one on this machine.
    Raises `DlscopeError` for what cannot be done.
    """
    asked = experiment(
        model,
        dataset=dataset,
        backend=backend,
        scenario=scenario,
        items=items,
        options=options,
        repeats=repeats,
        memory_limit=memory_limit,
        trace_level=trace_level,
        stack=stack,
    )
    return run_experiment(
        asked,
        allow_hooks=allow_hooks,
        store=store,
        rerun=rerun,
        scheduler=scheduler,
        address=address,
        watcher=watcher,
    )


def compare(
    model: str,
    *,
    backends: Sequence[str],
    dataset: str | None = None,
    scenario: Scenario = "online",
    items: int | None = None,
    options: Mapping[str, Any] | None = None,
    repeats: int = 1,
    memory_limit: str | None = None,
    stack: str = "auto",
    allow_hooks: Names = (),
    store: str | None = None,
    rerun: bool = False,
    scheduler: str = "local",
    address: str | None = None,
    watcher: Watcher = QUIET,
) -> Report:
    """One model on several backends side by side; differences are told from the first.

    Raises `PlanError` for less than two backends, naming those here that could be compared.
    """
    asked = experiment(
        model,
        dataset=dataset,
        backend=backends,
        scenario=scenario,
        items=items,
        options=options,
        repeats=repeats,
        memory_limit=memory_limit,
        stack=stack,
    )
    if len({str(each) for each in asked.frameworks}) < _FEWEST:
        raise _nothing_to_compare(asked, permission_of(allow_hooks))
    first = asked.frameworks[0]
    baseline = f"{first.name}{first.version}" if first.version[:2] == "==" else first.name
    return run_experiment(
        asked,
        baseline=baseline,
        allow_hooks=allow_hooks,
        store=store,
        rerun=rerun,
        scheduler=scheduler,
        address=address,
        watcher=watcher,
    )


def _nothing_to_compare(asked: ExperimentManifest, permission: HookPermission) -> DlscopeError:
    """What to say of one backend, or none, unless something else is wrong with what is asked."""
    from dlscope.agents.capabilities import available_backends
    from dlscope.api.command_line import command_of
    from dlscope.core.errors import PlanError
    from dlscope.methods.evaluation.matching import opens
    from dlscope.methods.evaluation.planning import plan_experiment

    model = plan_experiment(asked, permission).plans[0].model
    here = [name for name, is_here in available_backends().items() if is_here and name != "mock"]
    able = [name for name in here if opens(model, name, permission)]
    command = command_of(f"compare {shlex.quote(asked.models[0].name)}", {"backend": able})
    return PlanError(
        "a comparison needs two backends or more",
        where="--backend",
        fix=f"all that open it here: {command}"
        if len(able) >= _FEWEST
        else "install another that opens it: dlscope doctor says how",
    )


def study_preprocessing(
    model: str,
    *,
    dataset: str | None = None,
    backend: str = "onnxruntime",
    changes: Sequence[str] | None = None,
    allow_hooks: Names = (),
    store: str | None = None,
    rerun: bool = False,
    scheduler: str = "local",
    address: str | None = None,
    watcher: Watcher = QUIET,
) -> Report:
    """What one wrong step before the model costs, one change at a time.

    `changes` chooses among the changes by name; the reference is always included.
    """
    from dlscope.methods.evaluation.study import plan_study, study_report

    asked = experiment(
        model, dataset=dataset, backend=backend, scenario={"name": "online", "mode": "accuracy"}
    )
    permission = permission_of(allow_hooks)
    place = scheduler_named(scheduler, address, permission)
    planned = plan_study(asked, changes, permission)
    plans = list(planned.values())
    runs = carried_out(plans, permission, store, rerun, watcher, scheduler=place)
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
    memory_limit: str | None = None,
    trace_level: str = "MODEL",
    stack: str = "auto",
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
        "memory_limit": memory_limit,
        "trace_level": trace_level,
        "stack": stack,
    }
    return parse_manifest(ExperimentManifest, data, lambda path: ".".join(map(str, path)))


def run_experiment(
    asked: ExperimentManifest,
    *,
    baseline: str | None = None,
    allow_hooks: Names = (),
    store: str | None = None,
    rerun: bool = False,
    scheduler: str = "local",
    address: str | None = None,
    watcher: Watcher = QUIET,
) -> Report:
    """Carry out every point of a matrix; those that cannot be done are told with their reasons."""
    from dlscope.methods.evaluation.report import evaluation_report

    permission = permission_of(allow_hooks)
    place = scheduler_named(scheduler, address, permission)
    planned = _planned(asked, permission, place)
    runs = carried_out(
        planned.plans,
        permission,
        store,
        rerun,
        watcher,
        refused=len(planned.refusals),
        stops_at_failure=asked.on_failure == "stop",
        scheduler=place,
    )
    runs += _other_readings(asked, runs, permission, store, rerun, watcher, place)
    return evaluation_report(runs, planned.refusals, baseline=baseline)


def _planned(asked: ExperimentManifest, permission: HookPermission, place: Scheduler) -> Planned:
    """The plans for this machine, or for the agents of a fleet where there is one."""
    from dlscope.api.placing import plan_on_agents
    from dlscope.methods.evaluation.planning import plan_experiment

    agents = place.agents()
    if agents is None:
        return plan_experiment(asked, permission)
    return plan_on_agents(asked, permission, agents)


def _other_readings(
    asked: ExperimentManifest,
    runs: Sequence[Run],
    permission: HookPermission,
    store: str | None,
    rerun: bool,
    watcher: Watcher,
    place: Scheduler,
) -> tuple[Run, ...]:
    """The Runs that tell whether a new or a suspect manifest declares its input wrongly."""
    from dlscope.methods.evaluation.declaration_study import plan_declarations

    plans = plan_declarations(asked, runs)
    if not plans:
        return ()
    return carried_out(plans, permission, store, rerun, watcher, scheduler=place)


def report(runs: Sequence[str], *, store: str | None = None) -> Report:
    """The report of stored runs, by id or a unique beginning of one; nothing is measured.

    Runs of one workload are told by its entry among the plugins `reports`, others by evaluation.
    """
    from dlscope.core import registry
    from dlscope.store import Store

    with Store.open(store) as opened:
        found = [opened.run(run) for run in runs]
    workloads = {run.plan.workload for run in found}
    told = [name for name in workloads if name in registry.names("reports")]
    name = told[0] if len(workloads) == len(told) == 1 else "evaluation"
    made: Report = registry.load("reports", name)(found)
    return made


def _reference(text: str, **more: Any) -> dict[str, Any]:
    from dlscope.core.manifest.experiment import parse_reference

    return {**parse_reference(text), **{key: value for key, value in more.items() if value}}
