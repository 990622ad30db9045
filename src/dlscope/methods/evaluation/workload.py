"""`Evaluation`: accuracy and speed of one model on one framework, in one Run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import ClassVar, final

from dlscope.backends.base import Backend, Predictor
from dlscope.catalog.assets import Fetched, fetch, open_dataset
from dlscope.core import registry
from dlscope.core.errors import DataError
from dlscope.core.plan import Plan
from dlscope.core.run import Condition, ItemResult, Run, Samples
from dlscope.core.trace import Level
from dlscope.core.workload import Context, Workload
from dlscope.data.base import Dataset
from dlscope.loadgen.validity import (
    failed_items_condition,
    interference_condition,
    scenario_conditions,
)
from dlscope.methods.evaluation.accuracy_pass import accuracy_pass
from dlscope.methods.evaluation.cold_start import ColdStart
from dlscope.methods.evaluation.forward import Forward
from dlscope.methods.evaluation.performance_pass import performance_pass
from dlscope.metrics import measure
from dlscope.pipelines.preparation import Preparation
from dlscope.stacks.fingerprint import environment
from dlscope.stacks.interference import Interference, InterferenceMeter
from dlscope.stacks.memory import MemoryMeter
from dlscope.stacks.system import system
from dlscope.tracing.clock import MonotonicClock
from dlscope.tracing.recorder import SpanRecorder


@dataclass(frozen=True)
class _Opened:
    """A model that is ready to answer, and what it was opened from."""

    key: tuple[str, str]
    fetched: Fetched
    predictor: Predictor


@final
class Evaluation(Workload):
    """Opens the model cold, answers every item once, then the scenario's queries."""

    name: ClassVar[str] = "evaluation"

    def __init__(self) -> None:
        self._opened: _Opened | None = None

    def _execute(self, plan: Plan, context: Context) -> Run:
        started = datetime.now(UTC).isoformat(timespec="milliseconds")
        clock = MonotonicClock()
        cold = ColdStart(clock)
        recorder = SpanRecorder(clock, Level(plan.trace_level))
        context.progress({"step": "load", "share": 0.0})
        backend = self._import_backend(plan, cold)
        dataset = open_dataset(plan.dataset)
        with MemoryMeter() as memory:
            opened = self._open(plan, backend, cold)
            preparation = Preparation(plan.model, opened.fetched.paths)
            forward = Forward(
                plan.model, opened.predictor, preparation, recorder, preparers=_preparers(plan)
            )
            _first_answers(plan, forward, dataset, cold)
            items = _answer_items(plan, forward, dataset, context)
        # The meter's thread must not run beside timed queries; warm-up has shown it the peak.
        samples, interference = _answer_queries(plan, forward, dataset, context)
        is_aborted = context.should_stop()
        return Run(
            id=context.run_id,
            plan=plan,
            environment=environment(),
            status="aborted" if is_aborted else "finished",
            started_utc=started,
            stages=cold.stages,
            samples=samples,
            items=items,
            metrics=() if is_aborted else measure(plan.model.task, items),
            conditions=_conditions(plan, samples, items, interference),
            trace=recorder.trace(),
            memory_bytes=memory.to_json(),
            framework_report={
                **opened.predictor.report(),
                "graph_bytes": opened.fetched.paths["graph"].stat().st_size,
            },
        )

    def _import_backend(self, plan: Plan, cold: ColdStart) -> Backend:
        with cold.stage("import"):
            backend: Backend = registry.load("backends", plan.framework.backend)()
            backend.version()
        return backend

    def _open(self, plan: Plan, backend: Backend, cold: ColdStart) -> _Opened:
        """The model of `plan`; kept for the next plan, which may only change its steps."""
        key = (plan.assets["graph"], plan.framework.digest)
        if self._opened is not None and self._opened.key == key:
            return self._opened
        if self._opened is not None:
            self._opened.predictor.close()
        with cold.stage("fetch"):
            fetched = fetch(plan.model)
            _check_same_files(plan, fetched)
        with cold.stage("load"):
            predictor = backend.open(fetched.paths["graph"], plan.framework.options)
        self._opened = _Opened(key, fetched, predictor)
        return self._opened


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
    plan: Plan, forward: Forward, dataset: Dataset, context: Context
) -> tuple[Samples, Interference | None]:
    if plan.scenario.mode == "accuracy" or context.should_stop():
        return Samples.empty(), None
    meter = InterferenceMeter()
    meter.start()
    samples = performance_pass(plan, forward, dataset, context)
    return samples, meter.stop()


def _conditions(
    plan: Plan,
    samples: Samples,
    items: tuple[ItemResult, ...],
    interference: Interference | None,
) -> tuple[Condition, ...]:
    conditions: list[Condition] = []
    if interference is not None:
        conditions.extend(scenario_conditions(samples, plan.scenario))
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
