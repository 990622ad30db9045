"""The performance pass: the scenario's queries, each timed.

What a query contains is decided by the pipeline mode, which is part of the plan:

    preloaded     the prediction alone; inputs were prepared before the clock started
    sequential    reading, every step before and after, and the prediction
    stream        the same, with steps of neighbouring batches overlapping
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import numpy as np

from dlscope.backends.base import Tensors
from dlscope.core.errors import DataError, DlscopeError, MeasurementError
from dlscope.core.plan import Plan
from dlscope.core.run import Samples
from dlscope.core.workload import Context
from dlscope.data.base import Dataset
from dlscope.loadgen.closed_loop import Watch, closed_loop
from dlscope.loadgen.selection import sample_indices
from dlscope.loadgen.stop_rule import StopRule
from dlscope.methods.evaluation.forward import Forward
from dlscope.tracing.clock import Clock, MonotonicClock

_LOADED_BYTES = 256 << 20
_PROGRESS_NS = 1_000_000_000


def performance_pass(plan: Plan, forward: Forward, dataset: Dataset, context: Context) -> Samples:
    """Samples of the scenario: one per query, and a query is one batch."""
    rule, clock = StopRule.of(plan.scenario), MonotonicClock()
    watch = _watch(rule, context)
    if plan.scenario.pipeline == "stream":
        return _streamed(plan, forward, dataset, rule, clock, watch)
    batches = _query_batches(plan)
    if plan.scenario.pipeline == "preloaded":
        loaded = _preloaded(plan, forward, dataset)
        order = sample_indices(
            len(loaded), plan.scenario.seeds.order, equal_issue=plan.scenario.equal_issue
        )
        predict = forward.predictor.predict

        def answer_loaded(index: int) -> None:
            predict(loaded[index])

        return closed_loop(answer_loaded, order, rule, clock, watch)

    def answer_whole(_: int) -> None:
        forward.answer([dataset[index] for index in next(batches)])

    return closed_loop(answer_whole, itertools.repeat(0), rule, clock, watch)


def _query_batches(plan: Plan) -> Iterator[list[int]]:
    """Item indexes of one query after another."""
    order = sample_indices(
        plan.items, plan.scenario.seeds.order, equal_issue=plan.scenario.equal_issue
    )
    while True:
        yield list(itertools.islice(order, plan.batch_size))


def _preloaded(plan: Plan, forward: Forward, dataset: Dataset) -> list[Tensors]:
    """Prepared batches that fit the memory set aside for them; unreadable items are left out."""
    prepared = []
    for index in range(plan.items):
        try:
            prepared.append(forward.prepare(dataset[index]))
        except DlscopeError:
            # The accuracy pass names it; here it would only be an empty query.
            continue
    if not prepared:
        raise DataError(
            f"none of the {plan.items} items of {plan.dataset.name} can be prepared",
            where=f"data set {plan.dataset.name}",
            fix="look at the first items with mode: accuracy, which names each failure",
        )
    loaded: list[Tensors] = []
    used = 0
    for first in range(0, len(prepared), plan.batch_size):
        chosen = [prepared[(first + i) % len(prepared)] for i in range(plan.batch_size)]
        feeds = forward.feeds(chosen)
        used += sum(array.nbytes for array in feeds.values())
        if loaded and used > _LOADED_BYTES:
            break
        loaded.append(feeds)
    return loaded


def _watch(rule: StopRule, context: Context) -> Watch:
    """Ends on the user's wish and tells progress once a second: telling must not disturb."""
    last = 0

    def watch(queries: int, elapsed_ns: int) -> bool:
        nonlocal last
        if elapsed_ns - last >= _PROGRESS_NS:
            last = elapsed_ns
            share = rule.share_done(queries, elapsed_ns)
            context.progress({"step": "measure", "share": share, "queries": queries})
        return context.should_stop()

    return watch


def _streamed(
    plan: Plan,
    forward: Forward,
    dataset: Dataset,
    rule: StopRule,
    clock: Clock,
    watch: Watch,
) -> Samples:
    """Batches through the overlapping pipeline, timed from entering it to leaving it."""
    entered: list[int] = []

    def source() -> Iterator[list[int]]:
        for batch in _query_batches(plan):
            entered.append(clock.now_ns())
            yield batch

    completed: list[int] = []
    ok: list[bool] = []
    outcomes = forward.stream(dataset, source())
    try:
        for succeeded in outcomes:
            completed.append(clock.now_ns())
            ok.append(succeeded)
            queries, elapsed = len(ok), completed[-1] - entered[0]
            if rule.ends(queries, elapsed) or watch(queries, elapsed):
                break
    finally:
        outcomes.close()
    if not completed:
        raise MeasurementError(
            "no batch left the pipeline", where=plan.label, fix="see the log of the run"
        )
    issued = np.array(entered[: len(completed)], dtype=np.int64)
    return Samples(
        scheduled_ns=issued,
        issued_ns=issued,
        completed_ns=np.array(completed, dtype=np.int64),
        ok=np.array(ok, dtype=np.bool_),
    )
