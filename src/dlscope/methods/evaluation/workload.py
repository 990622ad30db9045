"""`Evaluation`: accuracy and speed of one model on one framework, in one Run."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar, final

from dlscope.backends.base import Backend, Predictor
from dlscope.backends.renamed import renamed
from dlscope.catalog.assets import Fetched, fetch, fetch_source, open_dataset
from dlscope.core import registry
from dlscope.core.errors import DataError, raise_all
from dlscope.core.hook_permission import HookPermission
from dlscope.core.plan import Plan
from dlscope.core.run import Condition, Energy, ItemResult, Run
from dlscope.core.trace import Level
from dlscope.core.workload import Context, Workload
from dlscope.data.base import Dataset
from dlscope.loadgen.validity import failed_items_condition, interference_condition
from dlscope.methods.evaluation.accuracy_pass import accuracy_pass
from dlscope.methods.evaluation.cold_start import ColdStart
from dlscope.methods.evaluation.forward import Forward
from dlscope.methods.evaluation.performance_pass import Performance, performance_pass
from dlscope.methods.evaluation.permitting import hook_problems
from dlscope.methods.evaluation.traced_queries import (
    TracedModel,
    inside_of,
    prepare_environment,
    traced_levels,
)
from dlscope.metrics import measure
from dlscope.pipelines.hook_module import LoadedHooks, load_hooks
from dlscope.pipelines.preparation import Preparation
from dlscope.stacks.energy import EnergyMeter
from dlscope.stacks.fingerprint import environment
from dlscope.stacks.interference import Interference, InterferenceMeter
from dlscope.stacks.memory import MemoryMeter
from dlscope.stacks.system import system
from dlscope.tracing.capture import SpanBuffer
from dlscope.tracing.clock import Clock, MonotonicClock

if TYPE_CHECKING:
    from dlscope.methods.evaluation.isolated_framework import IsolatedFramework

_NO_LIMIT = sys.maxsize
"""Spans of a Run are kept like its samples: all of them, until it is over."""


@dataclass(frozen=True)
class _Opened:
    """A model that is ready to answer, and what it was opened from."""

    key: tuple[str, str, dict[str, str]]
    fetched: Fetched
    predictor: Predictor


@dataclass(frozen=True)
class _Measured:
    """What the scenario's queries showed, and what else went on meanwhile."""

    performance: Performance = field(default_factory=Performance)
    interference: Interference | None = None
    energy: Energy | None = None


@final
class Evaluation(Workload):
    """Opens the model cold, answers every item once, then the scenario's queries."""

    name: ClassVar[str] = "evaluation"

    def __init__(self) -> None:
        self._opened: _Opened | None = None
        self._isolated: IsolatedFramework | None = None

    def _execute(self, plan: Plan, context: Context) -> Run:
        started = datetime.now(UTC).isoformat(timespec="milliseconds")
        clock = MonotonicClock()
        cold = ColdStart(clock)
        deepest = Level(plan.trace_level)
        spans = SpanBuffer(deepest, limit_bytes=_NO_LIMIT, now_ns=clock.now_ns)
        context.progress({"step": "load", "share": 0.0})
        prepare_environment(deepest)
        backend, pids = self._import_backend(plan, cold, context)
        levels = traced_levels(type(backend), deepest)
        hooks = _loaded_hooks(plan, cold)
        dataset = open_dataset(plan.dataset)
        with MemoryMeter(pids[-1]) as memory:
            opened = self._open(plan, backend, cold)
            if context.pulse is not None:
                opened.predictor.pulse = context.pulse
            preparation = Preparation(plan.model, opened.fetched.paths, hooks, plan.seed)
            forward = Forward(
                plan.model, opened.predictor, preparation, spans, preparers=_preparers(plan)
            )
            _first_answers(plan, forward, dataset, cold)
            items = _answer_items(plan, forward, dataset, context)
        traced = None
        if levels and not context.should_stop():
            traced = self._reopen(plan, backend, levels, spans)
            forward = forward.of(traced.predictor)
            traced.start(forward.first_feeds(dataset, plan.batch_size), plan.scenario.warmup)
        # The meter's thread must not run beside timed queries; warm-up has shown it the peak.
        measured = _answer_queries(plan, forward, dataset, context, clock, pids)
        report = forward.predictor.report()
        is_aborted = context.should_stop()
        inside = inside_of(spans.take_trace(), traced)
        return Run(
            id=context.run_id,
            plan=plan,
            environment=environment(plan.framework.stack),
            status="aborted" if is_aborted else "finished",
            started_utc=started,
            stages=cold.stages,
            samples=measured.performance.samples,
            probes=measured.performance.probes,
            energy=measured.energy,
            artifacts={**measured.performance.artifacts, **inside.artifacts},
            items=items,
            metrics=()
            if is_aborted
            else measure(plan.model.task, items, plan.options.get("metrics")),
            conditions=(*_conditions(plan, measured, items), *inside.conditions),
            trace=inside.trace,
            memory_bytes=memory.to_json(),
            framework_report={
                **report,
                "graph_bytes": opened.fetched.paths[_graph_role(plan)].stat().st_size,
            },
        )

    def _import_backend(
        self, plan: Plan, cold: ColdStart, context: Context
    ) -> tuple[Backend, tuple[int, ...]]:
        """The framework of `plan`, and the processes that work for it, the model's own last."""
        if plan.framework.stack is None:
            with cold.stage("import"):
                backend: Backend = registry.load("backends", plan.framework.backend)()
                backend.version()
            return backend, (os.getpid(),)
        if self._isolated is None or self._isolated.framework != plan.framework:
            # Few plans need a stack, and it takes a fifth of the time that a worker takes to start.
            from dlscope.methods.evaluation.isolated_framework import IsolatedFramework

            self._leave()
            self._isolated = IsolatedFramework.started(plan.framework, cold, context.progress)
        return self._isolated.backend, (os.getpid(), self._isolated.backend.process.pid)

    def _leave(self) -> None:
        """End the worker in the isolated stack of an earlier plan, and its model with it."""
        if self._isolated is not None:
            self._isolated.backend.close()
            self._isolated = self._opened = None

    def _open(self, plan: Plan, backend: Backend, cold: ColdStart) -> _Opened:
        """The model of `plan`; kept for the next plan, which may only change its steps."""
        role = _graph_role(plan)
        tensors = plan.model.assets[role].tensors
        key = (plan.assets[role], plan.framework.digest, tensors)
        if self._opened is not None and self._opened.key == key:
            return self._opened
        if self._opened is not None:
            self._opened.predictor.close()
        with cold.stage("fetch"):
            fetched = fetch(plan.model)
            _check_same_files(plan, fetched)
        graph = fetched.paths[role]
        if backend.converts:
            with cold.stage("convert"):
                backend.convert(graph, plan.framework.options)
        with cold.stage("load"):
            predictor = renamed(backend.open(graph, plan.framework.options), tensors)
        self._opened = _Opened(key, fetched, predictor)
        return self._opened

    def _reopen(
        self, plan: Plan, backend: Backend, levels: Sequence[Level], spans: SpanBuffer
    ) -> TracedModel:
        """The opened model once more, with tracers; there is room for one of them at a time."""
        assert self._opened is not None
        opened, self._opened = self._opened, None
        opened.predictor.close()
        role = _graph_role(plan)
        traced = TracedModel(
            *(backend, opened.fetched.paths[role], plan.framework.options),
            *(plan.model.assets[role].tensors, levels, spans),
        )
        traced.predictor.pulse = opened.predictor.pulse
        return traced


def _loaded_hooks(plan: Plan, cold: ColdStart) -> LoadedHooks:
    """The hooks of the model, its file executed anew for each plan.

    Asked once more whether they may: a plan may come from where they were allowed.
    """
    declared = plan.model.hooks
    if declared is None:
        return LoadedHooks()
    raise_all(list(hook_problems(plan.model, HookPermission.of())))
    where = f"{plan.model.identity}, hooks.module"
    with cold.stage("hooks"):
        return load_hooks(fetch_source(declared.module, declared.sha256, None, where), declared)


def _graph_role(plan: Plan) -> str:
    """The asset that the framework of `plan` opens; planning has made sure that there is one."""
    role = plan.model.graph_role(plan.framework.formats)
    assert role is not None
    return role


def _preparers(plan: Plan) -> int:
    """Threads that prepare items beside the prediction: the cores it leaves, at least one."""
    return max(1, system().cpu.effective_cores - int(plan.framework.options.get("threads", 1)))


def _check_same_files(plan: Plan, fetched: Fetched) -> None:
    for role, planned in plan.assets.items():
        actual = fetched.digests.get(role)
        if actual != planned:
            raise DataError(
                f"asset {role!r} is {actual}, the plan was made with {planned}",
                where=f"{plan.model.name}, assets.{role}",
                fix="run the command again: it plans with the files as they are now",
            )


def _first_answers(plan: Plan, forward: Forward, dataset: Dataset, cold: ColdStart) -> None:
    """The first prediction, timed on its own, then the warm-up, both at the batch size."""
    feeds = forward.first_feeds(dataset, plan.batch_size)
    with cold.stage("first prediction"):
        forward.predictor.predict(feeds)
    if plan.scenario.mode != "accuracy":
        for _ in range(plan.scenario.warmup):
            forward.predictor.predict(feeds)


def _answer_items(
    plan: Plan, forward: Forward, dataset: Dataset, context: Context
) -> tuple[ItemResult, ...]:
    if plan.scenario.mode == "performance":
        return ()
    return accuracy_pass(plan, forward, dataset, context)


def _answer_queries(
    plan: Plan,
    forward: Forward,
    dataset: Dataset,
    context: Context,
    clock: Clock,
    pids: Sequence[int],
) -> _Measured:
    if plan.scenario.mode == "accuracy" or context.should_stop():
        return _Measured()
    energy = EnergyMeter("gpu" if plan.framework.options.get("device") == "gpu" else "cpu")
    energy.start()
    meter = InterferenceMeter(pids)
    meter.start()
    performance = performance_pass(plan, forward, dataset, context, clock)
    interference = meter.stop()
    inferences = int(performance.samples.ok.sum()) * plan.scenario.items_per_query
    return _Measured(performance, interference, energy.stop(inferences))


def _conditions(
    plan: Plan, measured: _Measured, items: tuple[ItemResult, ...]
) -> tuple[Condition, ...]:
    conditions = list(measured.performance.conditions)
    interference = measured.interference
    if interference is not None:
        conditions.append(
            interference_condition(
                interference.share,
                is_disturbed=interference.disturbed,
                reason=interference.reason,
            )
        )
    if items:
        failed = sum(item.error is not None for item in items)
        conditions.append(failed_items_condition(failed, len(items), plan.scenario))
    return tuple(conditions)
