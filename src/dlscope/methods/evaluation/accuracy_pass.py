"""The accuracy pass: each item of the data set exactly once; a failed item counts as wrong."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

from dlscope.core.errors import DataError, DlscopeError, MeasurementError, OutOfMemory
from dlscope.core.plan import Plan
from dlscope.core.run import ItemResult
from dlscope.core.workload import Context
from dlscope.data.base import Dataset
from dlscope.methods.evaluation.forward import Forward, Ready
from dlscope.methods.evaluation.partial import PartialItems, Timeouts
from dlscope.metrics import measure
from dlscope.metrics.classification import ranking

_PROGRESS_S = 0.25


def accuracy_pass(
    plan: Plan, forward: Forward, dataset: Dataset, context: Context
) -> tuple[ItemResult, ...]:
    """Results in the order of the data set; items answered before an interruption are kept."""
    partial = PartialItems(context.partial)
    if (hung := partial.begun()) and Timeouts(context.partial).account_for_one():
        partial.append(_hung(plan, dataset, hung))
    answered = partial.read()
    pending = [index for index in range(plan.items) if index not in answered]
    overlaps = plan.scenario.pipeline == "stream"
    told = 0.0
    for batch in _batches(forward.ready(dataset, pending, overlaps=overlaps), plan.batch_size):
        partial.begin([each.index for each in batch])
        fresh = _answered(plan, forward, batch)
        partial.append(fresh)
        answered.update(fresh)
        if time.monotonic() - told > _PROGRESS_S:
            told = time.monotonic()
            context.progress({"step": "accuracy", "share": len(answered) / plan.items})
        if context.should_stop():
            break
    return tuple(answered[index] for index in sorted(answered))


def _hung(plan: Plan, dataset: Dataset, indices: Sequence[int]) -> dict[int, ItemResult]:
    """Failed results for items whose prediction never came back."""
    error = MeasurementError(
        f"no answer within {plan.scenario.timeout_ms / 1e3:g} s",
        where="predict",
        fix="raise timeout_ms of the scenario, or look for what the model waits for",
    )
    results = {}
    for index in indices:
        ready = Ready(index, dataset.item_id(index), dataset[index].target)
        results[index] = ready.failed(error)
    return results


def _batches(ready: Iterable[Ready], size: int) -> Iterator[list[Ready]]:
    """Groups with `size` items that can be predicted; spoiled items ride along."""
    batch: list[Ready] = []
    good = 0
    for each in ready:
        batch.append(each)
        good += each.error is None
        if good == size:
            yield batch
            batch, good = [], 0
    if batch:
        yield batch


def _answered(plan: Plan, forward: Forward, batch: Sequence[Ready]) -> dict[int, ItemResult]:
    good = [each for each in batch if each.error is None]
    results = {each.index: each.failed(each.error) for each in batch if each.error is not None}
    try:
        named = [(each.id, each.prepared) for each in good]
        answers = forward.answer_prepared(named) if named else []
    except OutOfMemory:
        # Every further batch of this size would fare the same.
        raise
    except DlscopeError as error:
        results.update({each.index: each.failed(error) for each in good})
        return results
    for each, answer in zip(good, answers, strict=True):
        keep = each.index < plan.keep_outputs
        result = each.answered(answer, keep_outputs=keep)
        results[each.index] = _readable(plan, each, result)
    return results


def _readable(plan: Plan, ready: Ready, result: ItemResult) -> ItemResult:
    """`result`, failed where a hook gave a record that the metrics of the task cannot read."""
    if result.prediction is None or not plan.model.has_hook("postprocess", "after_postprocess"):
        return result
    try:
        measure(plan.model.task, [result])
        if "classes" in result.prediction:
            ranking(result)
    except (DataError, LookupError, TypeError, ValueError) as error:
        what = error.what if isinstance(error, DataError) else str(error)
        return ready.failed(
            DataError(
                f"the record does not suit {plan.model.task}: {what}",
                where="hooks, postprocess",
                fix="give what the task's metrics read",
            )
        )
    return result
