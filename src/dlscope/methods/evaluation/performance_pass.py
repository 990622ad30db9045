"""The performance pass: the scenario's queries, each timed.

The pipeline mode, which is part of the plan, decides what a query contains: see
`systems_under_test`; in mode `stream` the steps of neighbouring batches overlap.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from dlscope.core.errors import MeasurementError
from dlscope.core.plan import Plan
from dlscope.core.run import Condition, Probe, Samples
from dlscope.core.stats import percentile
from dlscope.core.workload import Context
from dlscope.data.base import Dataset
from dlscope.loadgen.arrivals import schedule
from dlscope.loadgen.closed_loop import Watch
from dlscope.loadgen.drive import drive
from dlscope.loadgen.find_peak import PeakSearch
from dlscope.loadgen.mlperf.compliance import check_test01, check_test04
from dlscope.loadgen.mlperf.door import drive_with_mlperf
from dlscope.loadgen.mlperf.settings import Settings
from dlscope.loadgen.recording import Recording
from dlscope.loadgen.selection import sample_indices
from dlscope.loadgen.stop_rule import StopRule
from dlscope.loadgen.system_under_test import SystemUnderTest
from dlscope.loadgen.validity import scenario_conditions
from dlscope.methods.evaluation.forward import Forward
from dlscope.methods.evaluation.isolated_queries import (
    crossing_condition,
    is_timed_there,
    timed_there,
)
from dlscope.methods.evaluation.partial import Timeouts
from dlscope.methods.evaluation.systems_under_test import (
    PreloadedSystem,
    RespondingPlan,
    WholeSystem,
)
from dlscope.tracing.clock import Clock

_PROGRESS_NS = 1_000_000_000
_FIRST_QUERIES = 20
_LATENESS_PERCENTILE = 0.99


@dataclass(frozen=True)
class Performance:
    """What the queries showed: their samples, the trials of a search, and what must hold."""

    samples: Samples = field(default_factory=Samples.empty)
    probes: tuple[Probe, ...] = ()
    conditions: tuple[Condition, ...] = ()
    artifacts: Mapping[str, str] = field(default_factory=dict)


def performance_pass(
    plan: Plan, forward: Forward, dataset: Dataset, context: Context, clock: Clock
) -> Performance:
    """The queries of the plan's scenario; in mode `find_peak` those of the highest rate."""
    loop = forward.predictor.loop
    if loop is None:
        return _timed_here(plan, forward, dataset, context, clock)
    if is_timed_there(plan.scenario):
        system = PreloadedSystem(plan, forward, dataset)
        samples = timed_there(plan.scenario, system, loop, _watch(plan, context))
        return _judged(plan, samples, Timeouts(context.partial).count)
    loop.crossing.clear()
    performance = _timed_here(plan, forward, dataset, context, clock)
    conditions = (*performance.conditions, crossing_condition(loop.crossing))
    return replace(performance, conditions=conditions)


def _timed_here(
    plan: Plan, forward: Forward, dataset: Dataset, context: Context, clock: Clock
) -> Performance:
    hung = Timeouts(context.partial).count
    if plan.scenario.pipeline == "stream":
        samples = _streamed(plan, forward, dataset, clock, _watch(plan, context))
        return _judged(plan, samples, hung)
    system = _system(plan, forward, dataset)
    if plan.scenario.loadgen == "mlperf":
        performance = _by_loadgen(plan, system, context)
        return _audited(plan, performance, system, RespondingPlan(plan, forward, dataset))
    if plan.scenario.mode == "find_peak":
        return _peak(plan, system, clock, context)
    return _judged(plan, drive(plan.scenario, system, clock, _watch(plan, context)), hung)


def _judged(plan: Plan, samples: Samples, hung: int) -> Performance:
    counted = _with_hung(samples, hung)
    return Performance(counted, conditions=scenario_conditions(counted, plan.scenario))


def _with_hung(samples: Samples, hung: int) -> Samples:
    """`samples` and a failed query for each that hung in a worker that had to be ended."""
    if not hung or not len(samples):
        return samples
    # Nobody knows when they began: all that counts of them is that there was no answer.
    began = np.full(hung, samples.issued_ns.min(), dtype=np.int64)
    nobody = np.full(hung, -1, dtype=np.int32)
    return Samples(
        scheduled_ns=np.concatenate([began, samples.scheduled_ns]),
        issued_ns=np.concatenate([began, samples.issued_ns]),
        completed_ns=np.concatenate([began, samples.completed_ns]),
        ok=np.concatenate([np.zeros(hung, dtype=np.bool_), samples.ok]),
        sample=np.concatenate([nobody, samples.sample]),
        user=np.concatenate([nobody, samples.user]) if samples.user.size else samples.user,
    )


def _system(plan: Plan, forward: Forward, dataset: Dataset) -> SystemUnderTest:
    kind = PreloadedSystem if plan.scenario.pipeline == "preloaded" else WholeSystem
    return kind(plan, forward, dataset)


def _by_loadgen(plan: Plan, system: SystemUnderTest, context: Context) -> Performance:
    """What the genuine LoadGen measured and judged, with the texts it wrote."""
    with tempfile.TemporaryDirectory(prefix="dlscope-loadgen-") as folder:
        outcome = drive_with_mlperf(
            plan.scenario, system, _settings(plan), Path(folder), _watch(plan, context)
        )
    return Performance(
        outcome.samples, conditions=outcome.conditions, artifacts=dict(outcome.artifacts)
    )


def _audited(
    plan: Plan, performance: Performance, system: SystemUnderTest, responding: RespondingPlan
) -> Performance:
    """`performance` with a condition for each self-check that the scenario asks for."""
    found = list(performance.conditions)
    with tempfile.TemporaryDirectory(prefix="dlscope-audit-") as folder:
        for audit in plan.scenario.audits:
            place, settings = Path(folder) / audit, _settings(plan)
            if audit == "TEST01":
                found.extend(check_test01(plan.scenario, responding, settings, place))
            else:
                found.extend(check_test04(plan.scenario, system, settings, place))
    return replace(performance, conditions=tuple(found))


def _settings(plan: Plan) -> Settings | None:
    texts = plan.scenario.settings
    return Settings.from_text(texts) if texts else None


def _peak(plan: Plan, system: SystemUnderTest, clock: Clock, context: Context) -> Performance:
    """The search of `find_peak`, with the samples of its last trial that held."""
    best = Performance()

    def trial(rate_qps: float, seed: int) -> Probe:
        nonlocal best
        seeds = plan.scenario.seeds.model_copy(update={"schedule": seed})
        scenario = plan.scenario.model_copy(update={"rate_qps": rate_qps, "seeds": seeds})
        said = {"trial": len(search.probes) + 1, "rate_qps": rate_qps}
        samples = drive(scenario, system, clock, _watch(plan, context, said))
        conditions = scenario_conditions(samples, scenario)
        broken = [each for each in conditions if not each.holds]
        if not broken:
            best = Performance(samples, conditions=conditions)
        return _probe(rate_qps, seed, samples, scenario.percentile, broken)

    search = PeakSearch(trial, plan.scenario.seeds.schedule)
    peak_qps = search.run(plan.scenario.rate_qps or _half_of_capacity(system, clock))
    found = Condition(
        "peak confirmed",
        "none" if peak_qps is None else f"{peak_qps:.4g} queries/s",
        "three further trials with fresh schedules hold",
        peak_qps is not None,
        advice="" if peak_qps is not None else "raise latency_bound_ms, or measure longer",
    )
    return Performance(best.samples, tuple(search.probes), (*best.conditions, found))


def _probe(
    rate_qps: float, seed: int, samples: Samples, share: float, broken: list[Condition]
) -> Probe:
    latencies, lateness = np.sort(samples.latency_ns), np.sort(samples.lateness_ns)
    return Probe(
        rate_qps=rate_qps,
        seed=seed,
        queries=len(samples),
        latency_ns=int(percentile(latencies, share)) if latencies.size else None,
        lateness_ns=int(percentile(lateness, _LATENESS_PERCENTILE)) if lateness.size else None,
        holds=not broken,
        reason="; ".join(f"{each.name}: {each.measured}" for each in broken),
    )


def _half_of_capacity(system: SystemUnderTest, clock: Clock) -> float:
    """Half the rate, in queries/s, at which the system answers one query after another."""
    began = clock.now_ns()
    for query in range(_FIRST_QUERIES):
        system.answer((query % system.samples,))
    return 0.5 * _FIRST_QUERIES / max(clock.now_ns() - began, 1) * 1e9


def _watch(plan: Plan, context: Context, said: Mapping[str, Any] | None = None) -> Watch:
    """Ends on the user's wish and tells progress once a second: telling must not disturb.

    `said` is told with it: which trial of a search this is.
    """
    rule, last = StopRule.of(plan.scenario), 0

    def watch(queries: int, elapsed_ns: int) -> bool:
        nonlocal last
        if elapsed_ns - last >= _PROGRESS_NS:
            last = elapsed_ns
            share = rule.share_done(queries, elapsed_ns)
            event = {"step": "measure", "share": share, "queries": queries}
            context.progress({**event, **(said or {})})
        return context.should_stop()

    return watch


def _streamed(
    plan: Plan, forward: Forward, dataset: Dataset, clock: Clock, watch: Watch
) -> Samples:
    """Batches through the overlapping pipeline, timed from entering it to leaving it.

    In an open loop a batch enters when it is due, or when there is room, whichever is later; its
    time counts from when it was due.
    """
    rule, record, started = StopRule.of(plan.scenario), Recording(), clock.now_ns()

    def source() -> Iterator[list[int]]:
        for due, batch in zip(_due_times(plan, started), _query_batches(plan), strict=False):
            if due is not None:
                clock.sleep_until(due)
            entered = clock.now_ns()
            record.scheduled.append(entered if due is None else due)
            record.issued.append(entered)
            record.sample.append(batch[0])
            yield batch

    outcomes = forward.stream(dataset, source())
    try:
        for succeeded in outcomes:
            record.completed.append(clock.now_ns())
            record.ok.append(succeeded)
            queries, elapsed = len(record.ok), record.completed[-1] - record.issued[0]
            ends = plan.scenario.rule.arrivals != "open" and rule.ends(queries, elapsed)
            if ends or watch(queries, elapsed):
                break
    finally:
        outcomes.close()
    answered = len(record.completed)
    if not answered:
        raise MeasurementError(
            "no batch left the pipeline", where=plan.label, fix="see the log of the run"
        )
    # What was still under way when the run ended is no query of it.
    for column in (record.scheduled, record.issued, record.sample):
        del column[answered:]
    return record.samples()


def _due_times(plan: Plan, started_ns: int) -> Iterator[int | None]:
    """When each batch is due; None in a closed loop, where it is due when there is room."""
    arrivals = plan.scenario.rule.arrivals
    if arrivals == "open":
        return iter((schedule(plan.scenario) + started_ns).tolist())
    return itertools.repeat(started_ns if arrivals == "at_once" else None)


def _query_batches(plan: Plan) -> Iterator[list[int]]:
    """Item indexes of one query after another."""
    order = sample_indices(
        plan.items, plan.scenario.seeds.order, equal_issue=plan.scenario.equal_issue
    )
    while True:
        yield list(itertools.islice(order, plan.batch_size))
