"""The accuracy pass: each item of the data set exactly once; a failed item counts as wrong."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence

from dlscope.core.errors import DlscopeError
from dlscope.core.plan import Plan
from dlscope.core.run import ItemResult
from dlscope.core.workload import Context
from dlscope.data.base import Dataset
from dlscope.methods.evaluation.forward import Forward, Ready
from dlscope.methods.evaluation.partial import PartialItems

_PROGRESS_S = 0.25


def accuracy_pass(
    plan: Plan, forward: Forward, dataset: Dataset, context: Context
) -> tuple[ItemResult, ...]:
    """Results in the order of the data set; items answered before an interruption are kept."""
    partial = PartialItems(context.partial)
    answered = partial.read()
    pending = [index for index in range(plan.items) if index not in answered]
    overlaps = plan.scenario.pipeline == "stream"
    told = 0.0
    for batch in _batches(forward.ready(dataset, pending, overlaps=overlaps), plan.batch_size):
        fresh = _answered(plan, forward, batch)
        partial.append(fresh)
        answered.update(fresh)
        if time.monotonic() - told > _PROGRESS_S:
            told = time.monotonic()
            context.progress({"step": "accuracy", "share": len(answered) / plan.items})
        if context.should_stop():
            break
    return tuple(answered[index] for index in sorted(answered))


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
        answers = forward.answer_prepared([each.prepared for each in good]) if good else []
    except DlscopeError as error:
        results.update({each.index: each.failed(error) for each in good})
        return results
    for each, answer in zip(good, answers, strict=True):
        keep = each.index < plan.keep_outputs
        results[each.index] = each.answered(answer, keep_outputs=keep)
    return results
